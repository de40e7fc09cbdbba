"""The price a target is charged by."""

from datetime import date

import pytest

from gateway.domain.audit import Actor
from gateway.domain.money import Tier
from gateway.models import Price, Provider
from gateway.services import configuration
from gateway.snapshot import reading
from gateway.snapshot.pricing import price_list

DAY = date(2027, 1, 31)


def row(vendor: str, model: str, day: str = "2027-01-01", **figures: object) -> Price:
    return Price(
        vendor=vendor,
        model=model,
        valid_from=date.fromisoformat(day),
        as_of=DAY,
        **{"input": 1, "output": 2, **figures},
    )


@pytest.mark.parametrize(
    ("rows", "chosen"),
    [
        ([row("deepseek", "chat")], "deepseek/chat@2027-01-01"),
        ([row("deepseek", "chat"), row("mine", "*")], "mine/*@2027-01-01"),
        ([row("deepseek", "ch*"), row("deepseek", "*")], "deepseek/ch*@2027-01-01"),
        ([row("deepseek", "chat"), row("deepseek", "cha?")], "deepseek/chat@2027-01-01"),
        (
            [row("deepseek", "chat"), row("deepseek", "chat", "2027-01-15")],
            "deepseek/chat@2027-01-15",
        ),
        (
            [row("deepseek", "chat"), row("deepseek", "chat", "2027-02-01")],
            "deepseek/chat@2027-01-01",
        ),
        ([row("deepseek", "reasoner"), row("other", "chat")], None),
    ],
)
def test_the_row_that_says_most_of_today_s_holds(rows: list[Price], chosen: str | None):
    found = price_list(rows, day=DAY).of(provider="mine", vendor="deepseek", model="chat")

    assert (found.id if found else None) == chosen


@pytest.mark.django_db
def test_a_target_carries_its_price(provider: Provider, ada: Actor):
    tiers = [
        {"over_input_tokens": 200, "input": 4, "output": 5},
        {"over_input_tokens": 100, "input": 2, "output": 3},
    ]
    with configuration.change(actor=ada) as making:
        making.save(row("local", "qwen*", "2020-01-01", tiers=tiers, source="a page"))
    configuration.put_route(
        model="fast", fields={}, targets=[{"provider": "local", "model": "qwen3"}], actor=ada
    )

    (target,) = reading.read().catalog.routes["fast"].targets
    assert target.price is not None
    assert (target.price.source, target.price.as_of) == ("a page", "2027-01-31")
    assert target.price.tiers == (
        Tier(over_input_tokens=100, input=2, output=3),
        Tier(over_input_tokens=200, input=4, output=5),
    )
