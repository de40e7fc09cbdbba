"""What tokens cost."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.messages import Usage
from gateway.domain.money import Price, Tier, cost_microusd

PRICE = Price(
    "p",
    input=3_000_000,
    output=15_000_000,
    input_cached=300_000,
    input_cache_write_5m=3_750_000,
    input_cache_write_1h=6_000_000,
    output_reasoning=20_000_000,
)
counts = st.integers(0, 1_000_000)


@pytest.mark.parametrize(
    ("usage", "microusd"),
    [
        (Usage(), 0),
        (Usage(input_total=1000, output_total=200), 3000 + 3000),
        (Usage(input_total=1000, input_cached=400), 600 * 3 + 120),
        (Usage(input_total=1000, input_cache_write_5m=200, input_cache_write_1h=100), 3450),
        (Usage(output_total=100, output_reasoning=40), 60 * 15 + 40 * 20),
    ],
)
def test_each_kind_of_token_has_its_own_figure(usage, microusd):
    assert cost_microusd(usage, PRICE) == microusd


def test_a_missing_figure_falls_back_to_the_plain_one():
    usage = Usage(
        *(1000, 100),
        input_cached=400,
        input_cache_write_5m=100,
        input_cache_write_1h=100,
        output_reasoning=50,
    )

    assert cost_microusd(usage, Price("p", 1_000_000, 2_000_000)) == 1000 + 200


def test_the_smallest_call_is_not_free():
    assert cost_microusd(Usage(input_total=1), Price("p", input=1, output=1)) == 1


def test_without_a_price_nothing_is_charged():
    assert cost_microusd(Usage(1000, 1000), None) == 0


def test_a_request_over_a_threshold_is_charged_by_its_tier_from_the_first_token():
    price = Price("p", 1_000_000, 0, tiers=(Tier(100, 2_000_000, 0), Tier(200, 3_000_000, 0)))
    costs = [cost_microusd(Usage(input_total=n), price) for n in (100, 101, 200, 201)]

    assert costs == [100, 202, 400, 603]


@given(counts, counts, st.data())
def test_no_share_of_the_prompt_is_charged_twice(input_total, output_total, data):
    cached = data.draw(st.integers(0, input_total))
    usage = Usage(input_total, output_total, input_cached=cached)
    same = replace(PRICE, input_cached=None, output_reasoning=None)

    assert cost_microusd(usage, same) == 3 * input_total + 15 * output_total
    assert cost_microusd(usage, PRICE) <= cost_microusd(usage, same)
