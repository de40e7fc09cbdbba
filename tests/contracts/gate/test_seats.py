"""What every gate promises of what is held: places, and who holds them (the port is `Gate`)."""

import asyncio
from dataclasses import replace

from gateway.domain.gate import (
    Barred,
    Entered,
    Place,
    Progress,
)
from gateway.domain.rate_limit import Dimension, Level, Limit, Unit
from tests.contracts.gate.entrances import SEATS, claim, entered, entrance, gone, left
from tests.contracts.gates import GateTwin


async def test_no_more_are_inside_than_may_be_at_once(gate: GateTwin) -> None:
    answers = [await gate.port.enter(entrance(name, claim(SEATS))) for name in "abc"]

    assert answers == [
        Entered(None, (Level("concurrent:key", 2, 1, 0.0),)),
        Entered(None, (Level("concurrent:key", 2, 0, 0.0),)),
        Barred(1.0, limit="concurrent:key", levels=(Level("concurrent:key", 2, 0, 0.0),)),
    ]


async def test_leaving_twice_frees_one_seat(gate: GateTwin) -> None:
    for name in "ab":
        await gate.port.enter(entrance(name, claim(SEATS)))
    await left(gate, gone("a"))
    await left(gate, gone("a"))

    assert [await entered(gate, entrance(name, claim(SEATS))) for name in "cd"] == [True, False]


async def test_a_limit_of_none_at_once_never_lets_in(gate: GateTwin) -> None:
    closed = Limit(Dimension.KEY, Unit.CONCURRENT, 0)
    answer = await gate.port.enter(entrance("a", claim(closed)))

    assert isinstance(answer, Barred)
    assert answer.retry_after_seconds is None


async def test_the_first_candidate_with_a_free_place_is_taken(gate: GateTwin) -> None:
    places = (Place("one", 1), Place("two", 2))
    answers = [await gate.port.enter(entrance(name, places=places)) for name in "abcd"]

    assert [answer.place for answer in answers if isinstance(answer, Entered)] == [0, 1, 1, None]
    assert [await gate.port.in_flight(name) for name in ("one", "two", "three")] == [1, 2, 0]


async def test_nobody_who_has_left_is_counted_among_those_in_flight(gate: GateTwin) -> None:
    await gate.port.enter(entrance("a", places=(Place("large", 4096),)))
    await gate.port.leave(gone("a"))

    assert await gate.port.in_flight("large") == 0


async def test_who_moves_finds_the_place_that_was_given_back_before(gate: GateTwin) -> None:
    one = Place("one", 1)
    for name in "ab":
        await gate.port.enter(entrance(name, places=(one,)))
    others = [asyncio.create_task(gate.port.enter(entrance(name))) for name in "cdef"]
    for _ in range(3):
        await asyncio.sleep(0)  # a call of the others is under way
    await gate.port.leave(gone("a"))

    assert await gate.port.move("b", (one,)) == 0
    await asyncio.gather(*others)
    for name in "bcdef":
        await left(gate, gone(name))


async def test_a_request_moves_on_and_gives_its_place_back(gate: GateTwin) -> None:
    one, two = Place("one", 1), Place("two", 1)
    await gate.port.enter(entrance("a", places=(one,)))

    assert await gate.port.move("a", (two,)) == 0
    assert [await gate.port.in_flight(name) for name in ("one", "two")] == [0, 1]
    await gate.port.enter(entrance("b", places=(one,)))
    assert await gate.port.move("a", (one,)) is None
    assert await gate.port.in_flight("two") == 0
    await left(gate, gone("b"))
    assert await gate.port.move("a", (two, one)) == 0


async def test_a_stranger_moves_nowhere(gate: GateTwin) -> None:
    assert await gate.port.move("nobody", (Place("one", 1),)) is None
    assert await gate.port.in_flight("one") == 0


async def test_a_dead_processes_seats_come_free_by_age(gate: GateTwin) -> None:
    wanted = entrance(
        "dead", claim(Limit(Dimension.KEY, Unit.CONCURRENT, 1)), places=(Place("one", 1),)
    )
    await gate.port.enter(wanted)
    await gate.age(3.999_999)
    assert not await entered(gate, replace(wanted, holder="early"))
    await gate.age(0.000_001)

    answer = await gate.port.enter(replace(wanted, holder="next"))
    assert isinstance(answer, Entered)
    assert answer.place == 0


async def test_a_renewed_request_keeps_its_seats(gate: GateTwin) -> None:
    one = claim(Limit(Dimension.KEY, Unit.CONCURRENT, 1))
    await gate.port.enter(entrance("a", one, places=(Place("one", 1),)))
    for _ in range(3):
        await gate.age(3.0)
        await gate.port.renew([Progress("a", 1), Progress("stranger", 1)])

    assert not await entered(gate, entrance("b", one))
    assert await gate.port.in_flight("one") == 1
    assert await gate.port.orphans() == []


async def test_new_traffic_does_not_keep_the_dead_alive(gate: GateTwin) -> None:
    await gate.port.enter(entrance("dead", claim(SEATS), places=(Place("one", 5),)))
    await gate.age(3.0)
    await gate.port.enter(entrance("living", claim(SEATS), places=(Place("one", 5),)))
    await gate.age(2.0)

    assert await gate.port.in_flight("one") == 1
