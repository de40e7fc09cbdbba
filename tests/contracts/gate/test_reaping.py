"""What every gate promises of the dead and of those taken for dead (the port is `Gate`)."""

from dataclasses import replace

from gateway.domain.budget import Spending
from gateway.domain.gate import (
    Orphan,
    Place,
    Progress,
)
from tests.contracts.gate.entrances import (
    DAILY,
    DAY_START,
    SEATS,
    TOKENS,
    claim,
    entered,
    entrance,
    gone,
    left,
    reserving,
)
from tests.contracts.gates import GateTwin

# --- The dead, and the forgotten ------------------------------------------------------------


async def test_an_orphan_is_known_with_its_progress_until_it_leaves(gate: GateTwin) -> None:
    wanted = replace(reserving("a", 300, DAILY), record=b"\xff\x00first")
    await gate.port.enter(wanted)
    await gate.age(1.0)
    await gate.port.enter(entrance("b", record=b"untouched"))
    await gate.port.renew([Progress("a", 17, b"\xffsecond")])
    await gate.age(0.5)
    await gate.port.renew([Progress("a", 25)])
    assert await gate.port.orphans() == []
    await gate.age(5.0)

    found = [Orphan("b", 0, b"untouched"), Orphan("a", 25, b"\xffsecond")]
    assert await gate.port.orphans() == found
    assert await gate.port.orphans() == found
    await left(gate, gone("a", tokens=25, cost=20))
    assert await gate.port.orphans() == found[:1]
    assert await gate.port.spendings([DAILY]) == [Spending(20, 0)]


async def test_a_request_the_store_lost_is_put_back_by_the_next_beat(gate: GateTwin) -> None:
    gate.spent["key:k", DAY_START] = 40
    wanted = replace(
        reserving("a", 300, DAILY),
        claims=(claim(SEATS), claim(TOKENS, 1000)),
        places=(Place("full", 0), Place("one", 1)),
    )
    await gate.port.enter(wanted)
    await gate.forget()
    await gate.port.renew([Progress("a", 5, b"five")])

    assert await gate.port.in_flight("one") == 1
    assert await gate.port.spendings([DAILY]) == [Spending(40, 300)]
    answers = [await entered(gate, entrance(name, claim(SEATS))) for name in "bc"]
    assert answers == [True, False]
    assert await entered(gate, entrance("d", claim(TOKENS, 1000)))
    await left(gate, gone("a", tokens=0, cost=10))
    assert await gate.port.in_flight("one") == 0
    assert await gate.port.spendings([DAILY]) == [Spending(50, 0)]


async def test_a_request_the_store_lost_can_still_move(gate: GateTwin) -> None:
    one, two = Place("one", 1), Place("two", 1)
    await gate.port.enter(entrance("a", places=(one,)))
    await gate.forget()

    assert await gate.port.move("a", (two,)) == 0
    assert [await gate.port.in_flight(name) for name in ("one", "two")] == [0, 1]


async def test_who_has_left_is_not_put_back(gate: GateTwin) -> None:
    await gate.port.enter(entrance("a", places=(Place("one", 1),)))
    await left(gate, gone("a"))
    await gate.port.renew([Progress("a", 5)])

    assert await gate.port.in_flight("one") == 0


# --- Taken for dead -------------------------------------------------------------------------


async def reaped(gate: GateTwin, *, cost: int) -> None:
    """Let a request miss its beats, and somebody else let it go."""
    wanted = replace(reserving("a", 300, DAILY), claims=(claim(SEATS),), places=(Place("one", 1),))
    await gate.port.enter(wanted)
    await gate.age(5.0)
    await left(gate, gone("a", tokens=9, cost=cost, is_reaped=True))


async def test_who_was_reaped_holds_nothing_any_more(gate: GateTwin) -> None:
    await reaped(gate, cost=140)

    assert await gate.port.spendings([DAILY]) == [Spending(140, 0)]
    assert await gate.port.in_flight("one") == 0
    assert await gate.port.orphans() == []


async def test_who_beats_again_is_not_let_go_by_a_reaper_that_comes_late(gate: GateTwin) -> None:
    await gate.port.enter(replace(reserving("a", 300, DAILY), places=(Place("one", 1),)))
    await gate.age(5.0)
    assert [orphan.holder for orphan in await gate.port.orphans()] == ["a"]
    await gate.port.renew([Progress("a", 9)])
    await left(gate, gone("a", cost=140, is_reaped=True))

    assert await gate.port.in_flight("one") == 1
    assert await gate.port.spendings([DAILY]) == [Spending(0, 300)]
    await left(gate, gone("a", cost=200))
    assert await gate.port.spendings([DAILY]) == [Spending(200, 0)]


async def test_who_was_reaped_alive_comes_back_and_pays_only_the_rest(gate: GateTwin) -> None:
    await reaped(gate, cost=140)
    await gate.port.renew([Progress("a", 9)])

    assert await gate.port.in_flight("one") == 1
    assert await gate.port.spendings([DAILY]) == [Spending(140, 300)]
    for _ in range(2):
        await left(gate, gone("a", cost=200))
        assert await gate.port.spendings([DAILY]) == [Spending(200, 0)]
    assert await gate.port.in_flight("one") == 0


async def test_who_was_reaped_alive_and_leaves_before_a_beat_pays_the_rest_too(
    gate: GateTwin,
) -> None:
    await reaped(gate, cost=140)

    for _ in range(2):
        await left(gate, gone("a", cost=200))
        assert await gate.port.spendings([DAILY]) == [Spending(200, 0)]


async def test_who_was_reaped_twice_has_paid_what_the_last_one_found(gate: GateTwin) -> None:
    await reaped(gate, cost=140)
    await gate.port.renew([Progress("a", 9)])
    await gate.age(5.0)
    for _ in range(2):
        await left(gate, gone("a", cost=170, is_reaped=True))
    assert await gate.port.spendings([DAILY]) == [Spending(170, 0)]

    await left(gate, gone("a", cost=200))
    assert await gate.port.spendings([DAILY]) == [Spending(200, 0)]


async def test_nothing_comes_back_to_who_was_reaped_for_more_than_it_used(gate: GateTwin) -> None:
    await reaped(gate, cost=140)
    await left(gate, gone("a", cost=100))

    assert await gate.port.spendings([DAILY]) == [Spending(140, 0)]


async def test_a_reaper_of_who_has_left_changes_nothing(gate: GateTwin) -> None:
    await gate.port.enter(reserving("a", 300, DAILY))
    await left(gate, gone("a", cost=200))
    await left(gate, gone("a", cost=140, is_reaped=True))

    assert await gate.port.spendings([DAILY]) == [Spending(200, 0)]
