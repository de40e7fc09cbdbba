"""An attempt is paid for at the price of the model that answered; the lack of one is counted."""

from dataclasses import replace

import pytest
from prometheus_client import REGISTRY

from gateway.domain.catalog import Catalog, Target
from gateway.domain.messages import (
    Finish,
    FinishReason,
    Start,
    TextDelta,
    Usage,
    UsageSource,
    UsageUpdate,
)
from gateway.domain.money import Price
from gateway.domain.pricing import Listed, PriceList
from tests.factories.stage import DONE, PRICE, Stage
from tests.fakes.gateway import FakeProvider, make_catalog, make_target

DEAR = Price("dear", input=10_000_000, output=20_000_000)
FAIR = Price("fair", input=1_000_000, output=2_000_000)
SOME = Usage(2, 1, UsageSource.PROVIDER)
PRICES = PriceList(
    [Listed("v", "dear", "2027-01-01", DEAR), Listed("v", "fair", "2027-01-01", FAIR)]
)


def target(model: str = "dear", price: Price | None = DEAR, *, is_local: bool = False) -> Target:
    found = make_target("a", model, price=price)
    return replace(found, provider=replace(found.provider, vendor="v", is_local=is_local))


def stage(*steps: object, asked: Target) -> Stage:
    provider = FakeProvider(*steps)  # type: ignore[arg-type]
    found = make_catalog(asked)
    catalog = Catalog(providers=found.providers, routes=found.routes, prices=PRICES)
    return Stage(provider, catalog)


def unpriced(model: str) -> float:
    labels = {"provider": "a", "model": model}
    return REGISTRY.get_sample_value("gw_unpriced_attempts_total", labels) or 0.0


@pytest.mark.parametrize(
    ("answered", "paid", "cost"),
    [("dear", "dear", 210), ("dear-2027-01-01", "dear", 210), ("fair-2027-01-01", "fair", 21)],
)
async def test_an_answer_costs_what_the_model_costs_that_gave_it(
    answered: str, paid: str, cost: int
) -> None:
    on = stage(Start("q", "a", answered), TextDelta("x"), DONE, asked=target())

    await on.run()

    (entry,) = on.entries
    assert (entry.model, entry.price_id, entry.cost_microusd) == ("dear", paid, cost)


async def test_a_model_that_steps_in_midway_is_the_one_that_is_paid() -> None:
    on = stage(
        Start("q", "a", "dear"),
        UsageUpdate(SOME),
        TextDelta("Well, "),
        UsageUpdate(SOME, "fair"),
        TextDelta("no."),
        UsageUpdate(Usage(3, 9, UsageSource.PROVIDER)),
        DONE,
        asked=target(),
    )

    await on.run()

    assert [(entry.price_id, entry.cost_microusd) for entry in on.entries] == [("fair", 21)]


async def test_an_answer_without_any_price_is_counted_as_one() -> None:
    before = unpriced("nameless")
    on = stage(
        Start("q", "a", "nameless"), TextDelta("x"), DONE, asked=target("nameless", price=None)
    )

    await on.run()

    (entry,) = on.entries
    assert (entry.price_id, entry.cost_microusd, entry.usage.output_total) == ("", 0, 9)
    assert unpriced("nameless") - before == 1


async def test_a_server_of_ones_own_needs_no_price() -> None:
    before = unpriced("homemade")
    on = stage(
        Start("q", "a", "homemade"),
        TextDelta("x"),
        DONE,
        asked=target("homemade", price=None, is_local=True),
    )

    await on.run()

    assert unpriced("homemade") == before


async def test_an_attempt_that_used_nothing_lacks_no_price() -> None:
    before = unpriced("silent")
    nothing = Finish(FinishReason.STOP, Usage(source=UsageSource.PROVIDER))
    on = stage(Start("q", "a", "silent"), nothing, asked=target("silent", price=None))

    await on.run()

    assert unpriced("silent") == before


async def test_a_catalog_without_a_list_pays_what_was_agreed() -> None:
    provider = FakeProvider(Start("q", "a", "fair"), TextDelta("x"), DONE)
    on = Stage(provider, make_catalog(target(price=PRICE)))

    await on.run()

    assert [entry.price_id for entry in on.entries] == ["p"]


async def test_a_vendor_by_another_of_its_names_has_the_same_prices() -> None:
    asked = target("unlisted", price=None)
    asked = replace(asked, provider=replace(asked.provider, vendor="doubao"))
    found = make_catalog(asked)
    prices = PriceList([Listed("ark", "fair", "2027-01-01", FAIR)])
    on = Stage(
        FakeProvider(Start("q", "a", "fair"), TextDelta("x"), DONE),
        Catalog(providers=found.providers, routes=found.routes, prices=prices),
    )

    await on.run()

    assert [(entry.price_id, entry.cost_microusd) for entry in on.entries] == [("fair", 21)]
