"""What goes wrong for a while: whoever is down is left alone, looked after, and taken back.

The numbers are those of the table in docs/faults.md.
"""

from gateway.domain.breaker import BreakerState
from tests.fakes.upstream import Reply
from tests.integration.gateway.faults.house import SIXTY, WAYS, House, Way


async def state(house: House) -> BreakerState:
    """Return what the breaker of ``one`` lets through."""
    return (await house.ports.breakers.standings(["acme/one"]))["acme/one"].state


@WAYS
async def test_15_an_outage_costs_few_attempts_and_the_first_choice_comes_back(
    house: House, way: Way
) -> None:
    house.upstream.always(Reply(status=503), model="one")
    house.upstream.always(Reply(text=SIXTY), model="two")

    for _ in range(20):  # an outage of a minute
        assert (await house.ask(way)).is_good
        house.clock.advance(3.0)

    assert house.asked.count("two") == 20
    assert house.asked.count("one") < 15  # of sixty, without a breaker
    assert await state(house) is not BreakerState.CLOSED
    opened = house.details("breaker")
    assert {one["gw.breaker.state"] for one in opened} == {"open"}
    assert {one["target"] for one in opened} == {"acme/one"}

    house.forget()
    house.upstream.always(Reply(text=SIXTY))
    house.clock.advance(200.0)
    for _ in range(3):
        assert (await house.ask(way)).is_good

    assert house.asked == ["one", "one", "one"]
    assert await state(house) is BreakerState.CLOSED
    assert house.rows == [("one", "done", "")] * 3
    assert house.events == ["first_token"] * 3


@WAYS
async def test_15_a_probe_that_fails_is_seen_by_nobody(house: House, way: Way) -> None:
    house.upstream.always(Reply(status=503), model="one")
    house.upstream.always(Reply(text=SIXTY), model="two")
    for _ in range(4):
        assert (await house.ask(way)).is_good
    assert await state(house) is BreakerState.OPEN
    house.forget()
    house.upstream.always(Reply(status=503), model="one")
    house.upstream.always(Reply(text=SIXTY), model="two")
    house.clock.advance(10.0)

    answer = await house.ask(way)

    assert (answer.is_good, answer.text) == (True, SIXTY)
    assert house.asked == ["one", "two"]  # one probe, no retry of it
    assert await state(house) is BreakerState.OPEN
    assert house.attempts[0] == ("one", "first", "error", "provider_5xx")


@WAYS
async def test_15_everybody_resting_is_told_with_when_to_come_back(house: House, way: Way) -> None:
    house.upstream.always(Reply(status=429, headers={"Retry-After": "60"}))
    await house.ask(way)
    house.forget()

    answer = await house.ask(way)

    assert (house.asked, house.rows) == ([], [])
    assert answer.status in {503, 529}
    assert answer.headers["retry-after"] == "60"
    assert answer.error in {"breaker_open", "overloaded_error"}
    assert house.call["gw.outcome"] == "rejected_capacity"
