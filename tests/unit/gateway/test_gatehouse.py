"""The gate's book in one process; what all gates promise is in the contract suite."""

import pytest

from gateway.domain.gate import Barred, Departure, Entered, Entrance, Place, Progress, Reservation
from gateway.domain.gatehouse import Gatehouse, Unread, of_the_held, surplus
from gateway.domain.money import Budget, BudgetPeriod
from gateway.domain.rate_limit import Claim, Dimension, Limit, Unit

NOW_US = 1_789_992_000_000_000
SECOND = 1_000_000
FLOW = Claim(Limit(Dimension.KEY, Unit.TOKENS, 100), "k", 60)
SEAT = Claim(Limit(Dimension.KEY, Unit.CONCURRENT, 1), "k", 1)
PLACES = (Place("one", 1), Place("two", 1))


@pytest.fixture
def house() -> Gatehouse:
    return Gatehouse(lease_us=4 * SECOND)


def test_money_nobody_has_looked_up_is_asked_for_before_anything_is_taken(
    house: Gatehouse,
) -> None:
    budget = Budget("key:k", 10, BudgetPeriod.TOTAL)
    wanted = Entrance("a", (FLOW,), (Reservation(budget, 5),))
    answer = house.enter(wanted, NOW_US)

    assert isinstance(answer, Unread)
    assert house.spending(budget, NOW_US) is None
    house.read(answer.accounts[0], 6)
    house.read(answer.accounts[0], 0)  # who comes second changes nothing
    assert house.enter(wanted, NOW_US) == Barred(
        None,
        budget="key:k",
        levels=house.enter(Entrance("b", (Claim(FLOW.limit, "k", 0),)), NOW_US).levels,  # type: ignore[union-attr]
    )


def test_by_force_comes_in_what_is_held_and_nothing_that_flows(house: Gatehouse) -> None:
    house.enter(Entrance("before", (SEAT, FLOW), places=PLACES[:1]), NOW_US)
    lost = Entrance("lost", (SEAT, FLOW), places=PLACES)
    answer = house.enter(of_the_held(lost, "one"), NOW_US, is_forced=True)

    assert isinstance(answer, Entered)
    assert answer.place == 0
    assert house.in_flight("one", NOW_US) == 2
    assert house.in_flight("two", NOW_US) == 0
    assert isinstance(house.enter(Entrance("next", (Claim(FLOW.limit, "k", 40),)), NOW_US), Entered)


def test_a_beat_keeps_seats_and_leaves_what_flows_alone(house: Gatehouse) -> None:
    house.enter(Entrance("a", (FLOW, SEAT)), NOW_US)
    assert house.renew([Progress("a", 1), Progress("b", 1)], NOW_US + 3 * SECOND) == ["b"]

    answer = house.enter(Entrance("c", (SEAT,)), NOW_US + 5 * SECOND)
    assert isinstance(answer, Barred)


def test_who_is_not_inside_cannot_leave(house: Gatehouse) -> None:
    assert house.leave(Departure("a", tokens=1, cost_microusd=1), NOW_US) is False
    house.enter(Entrance("a"), NOW_US)
    assert house.is_inside("a")
    assert house.leave(Departure("a", tokens=1, cost_microusd=1), NOW_US) is True
    assert not house.is_inside("a")


@pytest.mark.parametrize(
    ("unit", "is_void", "more"),
    [
        (Unit.TOKENS, False, 40),
        (Unit.TOKENS, True, 40),
        (Unit.MICROUSD, False, -50),
        (Unit.REQUESTS, False, 0),
        (Unit.REQUESTS, True, -60),
    ],
)
def test_each_unit_is_corrected_by_what_it_counts(unit: Unit, is_void: bool, more: int) -> None:
    claim = Claim(Limit(Dimension.KEY, unit, 100), "k", 60)

    departure = Departure("a", tokens=100, cost_microusd=10, is_void=is_void)
    assert surplus(claim, departure) == more
