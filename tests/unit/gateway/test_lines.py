"""The lines at the providers: who is called, who has to go, and what everybody is told."""

import pytest

from gateway.domain.fair_line import Belonging
from gateway.domain.waiting import MOST_PACES, N_CERTAIN, Lines, Standing, Waiter


class Somebody(Waiter):
    """A waiter that counts how often it was called."""

    def __init__(self, tenant: str = "t", *, weight: int = 1, flow: str = "k") -> None:
        super().__init__(Belonging(tenant, weight, flow), self._called)
        self.n_calls = 0

    def _called(self) -> None:
        self.n_calls += 1


def crowd(lines: Lines, n_waiters: int, *providers: str, tenant: str = "t") -> list[Somebody]:
    found = [Somebody(tenant) for _ in range(n_waiters)]
    for one in found:
        lines.join(one, providers or ("p",), at=0.0)
    return found


def test_only_the_first_is_called_and_the_next_when_it_has_gone() -> None:
    lines = Lines()
    first, second = crowd(lines, 2)
    lines.freed("p")
    lines.freed("another")

    assert (first.n_calls, second.n_calls) == (2, 0)
    lines.serve(first, "p", at=1.0)
    assert (first.n_calls, second.n_calls) == (2, 1)
    assert lines.is_first(second, "p")


def test_a_line_nobody_stands_in_is_not_there() -> None:
    lines = Lines()
    one, other = crowd(lines, 2)
    lines.leave(one)
    lines.leave(one)
    lines.serve(other, "p", at=1.0)
    lines.freed("p")

    assert (lines.by_provider, lines._firsts) == ({}, {})


def test_who_waits_at_two_providers_takes_the_first_place_and_leaves_both_lines() -> None:
    lines = Lines()
    (both,) = crowd(lines, 1, "p", "q")
    (after,) = crowd(lines, 1, "q")

    assert lines.is_first(both, "p")
    assert lines.is_first(both, "q")
    lines.serve(both, "p", at=1.0)
    assert set(lines.by_provider) == {"q"}
    assert lines.is_first(after, "q")
    assert both.providers == set()


def test_past_the_bound_the_newcomer_is_sent_away() -> None:
    lines = Lines(n_waiting=2)
    first, second, newcomer = crowd(lines, 3)

    assert (first.providers, second.providers, newcomer.providers) == ({"p"}, {"p"}, set())
    assert newcomer.n_calls == 1


def test_unless_somebody_else_takes_up_more_of_the_line() -> None:
    lines = Lines(n_waiting=3)
    first, second, third = crowd(lines, 3, tenant="greedy")
    newcomer = Somebody("modest")
    lines.join(newcomer, ("p",), at=0.0)

    assert [bool(one.providers) for one in (first, second, third, newcomer)] == [
        *(True, True, False, True)
    ]
    assert third.n_calls == 1


def test_who_has_to_leave_one_line_may_stand_on_in_another() -> None:
    lines = Lines(n_waiting=1)
    crowd(lines, 1, "p")
    for providers in (("p", "q"), ("r", "p")):
        newcomer = Somebody()
        lines.join(newcomer, providers, at=0.0)

        (other,) = set(providers) - {"p"}
        assert newcomer.providers == {other}
        assert lines.is_first(newcomer, other)


def test_a_place_that_came_just_as_one_was_sent_away_is_ones_own() -> None:
    lines = Lines(n_waiting=1)
    (first,) = crowd(lines, 1, tenant="greedy")
    lines.join(Somebody("greedy"), ("p",), at=0.0)
    lines.leave(first)
    lines.serve(first, "p", at=1.0)

    assert lines.by_provider == {}
    assert lines.soonest_seconds(["p"], at=1.0) is None


def test_nobody_knows_how_long_it_takes_before_a_place_has_come_free() -> None:
    lines = Lines()
    _, second = crowd(lines, 2)

    assert lines.standing(second, at=5.0) == Standing(2)
    assert lines.soonest_seconds(["p", "q"], at=5.0) is None


def test_how_long_it_takes_is_told_by_how_fast_places_came_free() -> None:
    lines = Lines()
    waiting = crowd(lines, 5)
    lines.serve(waiting[0], "p", at=2.0)
    lines.serve(waiting[1], "p", at=4.0)

    assert lines.standing(waiting[2], at=4.0) == Standing(1, 2.0)
    assert lines.standing(waiting[4], at=4.0) == Standing(3, 6.0)
    assert lines.soonest_seconds(["q", "p"], at=4.0) == 2.0


def test_a_place_that_is_late_makes_everybody_expect_less() -> None:
    lines = Lines()
    waiting = crowd(lines, 3)
    lines.serve(waiting[0], "p", at=2.0)

    assert lines.standing(waiting[1], at=4.0).eta_seconds == 2.0
    assert lines.standing(waiting[1], at=14.0).eta_seconds == pytest.approx(4.0)


def test_time_in_which_nobody_waited_does_not_count() -> None:
    lines = Lines()
    lines.serve(crowd(lines, 1)[0], "p", at=2.0)
    late = Somebody()
    lines.join(late, ("p",), at=100.0)

    assert lines.standing(late, at=100.0) == Standing(1, 2.0)
    lines.serve(late, "p", at=102.0)
    assert lines.soonest_seconds(["p"], at=102.0) == pytest.approx(2.0)


def test_one_stands_where_one_is_served_first() -> None:
    lines = Lines()
    for provider, gap_seconds in (("p", 1.0), ("q", 10.0)):
        one = Somebody()
        lines.join(one, (provider,), at=0.0)
        lines.serve(one, provider, at=gap_seconds)
    for at_p in crowd(lines, 3, "p"):
        assert at_p.providers
    both = Somebody()
    lines.join(both, ("q", "p"), at=0.0)

    assert lines.standing(both, at=0.0) == Standing(4, 4.0)


def test_hopeless_is_only_who_could_not_be_served_with_all_luck() -> None:
    lines = Lines()
    for number in range(N_CERTAIN):
        one = Somebody()
        lines.join(one, ("p",), at=float(number))
        assert not lines.is_hopeless(one, 0.0)
        lines.serve(one, "p", at=float(number + 1))
    waiting = crowd(lines, 30)
    told = [lines.is_hopeless(one, 4.0) for one in waiting]

    # Four are expected in that time, sixteen the most anybody could hope for.
    assert told == [False] * 16 + [True] * 14
    assert not any(lines.is_hopeless(one, 30.0) for one in waiting)


def test_only_so_many_paces_are_remembered() -> None:
    lines = Lines()
    for number in range(MOST_PACES + 5):
        lines.leave(crowd(lines, 1, f"p{number}")[0])

    assert len(lines._paces) == MOST_PACES
