"""What every gate promises (the port is `Gate`)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from gateway.domain.budget import Account, Spending
from gateway.domain.gate import (
    Barred,
    Departure,
    Entered,
    Entrance,
    Orphan,
    Place,
    Progress,
    Reservation,
)
from gateway.domain.money import Budget, BudgetPeriod
from gateway.domain.rate_limit import Algorithm, Claim, Dimension, Level, Limit, Unit
from tests.contracts.gates import GateTwin, memory_gate, redis_gate

DAY_START = 1_789_948_800  # 21 September 2026
MONTH_START = 1_788_220_800  # 1 September 2026
HALF_A_DAY = 43_200.0

REQUESTS = Limit(Dimension.KEY, Unit.REQUESTS, 3, 60.0, Algorithm.FIXED_WINDOW)
TOKENS = Limit(Dimension.TENANT, Unit.TOKENS, 1000, 60.0, Algorithm.FIXED_WINDOW)
SEATS = Limit(Dimension.KEY, Unit.CONCURRENT, 2)
DAILY = Budget("key:k", 1000, BudgetPeriod.DAY)
MONTHLY = Budget("tenant:t", 5000, BudgetPeriod.MONTH)
TOTAL = Budget("user:u", 9000, BudgetPeriod.TOTAL)


@pytest.fixture
async def gate(twin: str, redis_url: str, prefix: str) -> AsyncIterator[GateTwin]:
    """The gate under test."""
    if twin == "memory":
        yield memory_gate()
        return
    async with Redis.from_url(redis_url) as client:
        yield await redis_gate(client, prefix=prefix)


def claim(limit: Limit, cost: int = 1, value: str = "k") -> Claim:
    return Claim(limit, value, cost)


def entrance(holder: str, *claims: Claim, **more: object) -> Entrance:
    return replace(Entrance(holder, claims=claims), **more)  # type: ignore[arg-type]


def reserving(holder: str, amount: int, *budgets: Budget) -> Entrance:
    return Entrance(holder, reservations=tuple(Reservation(each, amount) for each in budgets))


def gone(holder: str, tokens: int = 0, cost: int = 0, **more: bool) -> Departure:
    return Departure(holder, tokens=tokens, cost_microusd=cost, **more)


async def entered(gate: GateTwin, wanted: Entrance) -> bool:
    return isinstance(await gate.port.enter(wanted), Entered)


async def left(gate: GateTwin, departure: Departure) -> None:
    await gate.port.leave(departure)
    await gate.port.flush()


# --- What flows -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "wait_seconds"),
    [
        (Limit(Dimension.KEY, Unit.REQUESTS, 3, 60.0, Algorithm.TOKEN_BUCKET), 20.0),
        (Limit(Dimension.KEY, Unit.REQUESTS, 3, 60.0, Algorithm.LEAKY_BUCKET, burst=2), 20.0),
        (Limit(Dimension.KEY, Unit.REQUESTS, 3, 60.0, Algorithm.FIXED_WINDOW), 60.0),
        (Limit(Dimension.KEY, Unit.REQUESTS, 3, 60.0, Algorithm.SLIDING_WINDOW), 61.0),
    ],
)
async def test_three_pass_and_the_fourth_passes_exactly_when_it_was_told(
    gate: GateTwin, limit: Limit, wait_seconds: float
) -> None:
    answers = [await gate.port.enter(entrance(name, claim(limit))) for name in "abcd"]

    assert [isinstance(answer, Entered) for answer in answers] == [True, True, True, False]
    refusal = answers[3]
    assert isinstance(refusal, Barred)
    assert (refusal.retry_after_seconds, refusal.limit) == (wait_seconds, "requests:key")
    await gate.age(wait_seconds - 0.000_001)
    assert not await entered(gate, entrance("e", claim(limit)))
    await gate.age(0.000_001)
    assert await entered(gate, entrance("e", claim(limit)))


async def test_all_limits_are_taken_or_none(gate: GateTwin) -> None:
    both = (claim(REQUESTS), claim(TOKENS, 600))
    first = await gate.port.enter(entrance("a", *both))
    second = await gate.port.enter(entrance("b", *both))
    third = await gate.port.enter(entrance("c", claim(REQUESTS), claim(TOKENS, 400)))

    assert isinstance(first, Entered)
    assert isinstance(second, Barred)
    assert second.limit == "tokens:tenant"
    assert third == Entered(
        None, (Level("requests:key", 3, 1, 60.0), Level("tokens:tenant", 1000, 0, 60.0))
    )


async def test_a_refusal_names_the_limit_that_takes_longest(gate: GateTwin) -> None:
    short = Limit(Dimension.IP, Unit.REQUESTS, 1, 10.0, Algorithm.FIXED_WINDOW)
    long = Limit(Dimension.KEY, Unit.REQUESTS, 1, 600.0, Algorithm.FIXED_WINDOW)
    await gate.port.enter(entrance("a", claim(short), claim(long)))

    answer = await gate.port.enter(entrance("b", claim(short), claim(long)))
    assert answer == Barred(
        600.0,
        limit="requests:key",
        levels=(Level("requests:ip", 1, 0, 10.0), Level("requests:key", 1, 0, 600.0)),
    )


async def test_more_than_a_limit_ever_holds_never_passes(gate: GateTwin) -> None:
    answer = await gate.port.enter(entrance("a", claim(TOKENS, 1001)))

    assert answer == Barred(
        None, limit="tokens:tenant", levels=(Level("tokens:tenant", 1000, 1000, 0.0),)
    )


async def test_values_do_not_share_a_limit(gate: GateTwin) -> None:
    one = Limit(Dimension.KEY, Unit.REQUESTS, 1)

    assert await entered(gate, entrance("a", claim(one, value="k1")))
    assert await entered(gate, entrance("b", claim(one, value="k2")))
    assert not await entered(gate, entrance("c", claim(one, value="k1")))


@pytest.mark.parametrize("algorithm", [*Algorithm])
async def test_what_was_estimated_is_corrected_by_what_was_used(
    gate: GateTwin, algorithm: Algorithm
) -> None:
    limit = Limit(Dimension.KEY, Unit.TOKENS, 1000, 60.0, algorithm)
    if algorithm is Algorithm.LEAKY_BUCKET:
        limit = replace(limit, burst=1000)
    await gate.port.enter(entrance("a", claim(limit, 900)))
    await left(gate, gone("a", tokens=100))

    answer = await gate.port.enter(entrance("b", claim(limit, 850)))
    assert isinstance(answer, Entered)
    assert answer.levels[0].remaining == (51 if algorithm is Algorithm.LEAKY_BUCKET else 50)


async def test_more_than_was_estimated_becomes_a_debt(gate: GateTwin) -> None:
    limit = Limit(Dimension.KEY, Unit.TOKENS, 60, 60.0)
    await gate.port.enter(entrance("a", claim(limit, 10)))
    await left(gate, gone("a", tokens=90))

    answer = await gate.port.enter(entrance("b", claim(limit, 1)))
    assert isinstance(answer, Barred)
    assert answer.retry_after_seconds == 31.0


async def test_a_window_that_is_over_is_not_corrected(gate: GateTwin) -> None:
    await gate.port.enter(entrance("a", claim(TOKENS, 900)))
    await gate.age(60.0)
    await gate.port.enter(entrance("b", claim(TOKENS, 900)))
    await left(gate, gone("a", tokens=0))

    assert not await entered(gate, entrance("c", claim(TOKENS, 101)))


async def test_a_request_that_was_never_sent_gives_its_claims_back(gate: GateTwin) -> None:
    await gate.port.enter(entrance("a", claim(REQUESTS, 3), claim(TOKENS, 900)))
    await left(gate, gone("a", is_void=True))

    assert await entered(gate, entrance("b", claim(REQUESTS, 3), claim(TOKENS, 1000)))


async def test_a_request_that_was_sent_stays_counted(gate: GateTwin) -> None:
    await gate.port.enter(entrance("a", claim(REQUESTS, 3)))
    await left(gate, gone("a"))

    assert not await entered(gate, entrance("b", claim(REQUESTS)))


async def test_money_can_flow_under_a_limit_too(gate: GateTwin) -> None:
    limit = Limit(Dimension.USER, Unit.MICROUSD, 500, 60.0, Algorithm.FIXED_WINDOW)
    await gate.port.enter(entrance("a", claim(limit, 400)))
    await left(gate, gone("a", cost=150))

    assert await entered(gate, entrance("b", claim(limit, 350)))


# --- What is held ---------------------------------------------------------------------------


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


# --- Money ----------------------------------------------------------------------------------


async def test_money_is_set_aside_and_then_paid(gate: GateTwin) -> None:
    await gate.port.enter(reserving("a", 400, DAILY, MONTHLY))
    assert await gate.port.spendings([DAILY, MONTHLY]) == [Spending(0, 400), Spending(0, 400)]
    await left(gate, gone("a", cost=250))

    assert await gate.port.spendings([DAILY, MONTHLY, TOTAL]) == [
        Spending(250, 0),
        Spending(250, 0),
        None,
    ]


async def test_an_open_sum_can_be_corrected(gate: GateTwin) -> None:
    await gate.port.enter(reserving("a", 400, DAILY))
    await left(gate, gone("a", cost=250))
    await gate.port.enter(reserving("b", 100, DAILY))
    account = Account(DAILY.subject, DAILY.period, DAY_START)

    assert await gate.port.correct(account, by_microusd=-70)
    assert await gate.port.spendings([DAILY]) == [Spending(180, 100)]
    assert await gate.port.correct(account, by_microusd=20)
    assert await gate.port.spendings([DAILY]) == [Spending(200, 100)]


async def test_a_sum_that_is_not_known_is_not_corrected(gate: GateTwin) -> None:
    await gate.port.enter(reserving("a", 400, DAILY))

    assert not await gate.port.correct(
        Account(MONTHLY.subject, MONTHLY.period, DAY_START), by_microusd=5
    )
    assert not await gate.port.correct(
        Account(DAILY.subject, DAILY.period, DAY_START - 86400), by_microusd=5
    )


async def test_nobody_asks_for_no_budgets(gate: GateTwin) -> None:
    assert await gate.port.spendings([]) == []


async def test_others_reservations_are_in_the_way_for_a_second(gate: GateTwin) -> None:
    await gate.port.enter(reserving("a", 600, DAILY))
    answer = await gate.port.enter(reserving("b", 600, DAILY))

    assert answer == Barred(1.0, budget="key:k")


@pytest.mark.parametrize(
    ("budget", "retry_after_seconds"),
    [(DAILY, HALF_A_DAY), (MONTHLY, HALF_A_DAY + 9 * 86400.0), (TOTAL, None)],
)
async def test_a_spent_budget_lets_in_again_with_its_next_period(
    gate: GateTwin, budget: Budget, retry_after_seconds: float | None
) -> None:
    await gate.port.enter(reserving("a", 1, budget))
    await left(gate, gone("a", cost=budget.limit_microusd))

    assert await gate.port.enter(reserving("b", 1, budget)) == Barred(
        retry_after_seconds, budget=budget.subject
    )
    if retry_after_seconds is not None:
        await gate.age(retry_after_seconds - 0.000_001)
        assert not await entered(gate, reserving("b", 1, budget))
        await gate.age(0.000_001)
        assert await entered(gate, reserving("b", 1, budget))


async def test_more_than_a_budget_never_passes(gate: GateTwin) -> None:
    assert await gate.port.enter(reserving("a", 1001, DAILY)) == Barred(None, budget="key:k")


async def test_a_refused_reservation_takes_no_tokens(gate: GateTwin) -> None:
    wanted = replace(reserving("a", 1001, DAILY), claims=(claim(REQUESTS, 3),))
    await gate.port.enter(wanted)

    assert await entered(gate, entrance("b", claim(REQUESTS, 3)))


async def test_what_the_ledger_holds_is_counted_from_the_first_request_on(gate: GateTwin) -> None:
    gate.spent["key:k", DAY_START] = 700
    gate.spent["tenant:t", MONTH_START] = 4000
    gate.spent["user:u", 0] = 8000
    answer = await gate.port.enter(reserving("a", 300, DAILY, MONTHLY, TOTAL))

    assert isinstance(answer, Entered)
    assert await gate.port.spendings([DAILY, MONTHLY, TOTAL]) == [
        Spending(700, 300),
        Spending(4000, 300),
        Spending(8000, 300),
    ]
    assert await gate.port.enter(reserving("b", 1, DAILY)) == Barred(1.0, budget="key:k")


async def test_the_ledger_is_asked_once_and_again_when_the_store_has_lost_it(
    gate: GateTwin,
) -> None:
    gate.spent["key:k", DAY_START] = 100
    for name in "abc":
        await gate.port.enter(reserving(name, 1, DAILY))
        await left(gate, gone(name, cost=1))
    assert gate.look_ups == [("key:k", DAY_START)]
    gate.spent["key:k", DAY_START] = 103
    await gate.forget()
    await gate.port.enter(reserving("d", 5, DAILY))

    assert gate.look_ups == [("key:k", DAY_START)] * 2
    assert await gate.port.spendings([DAILY]) == [Spending(103, 5)]


async def test_who_enters_in_one_period_pays_in_it_after_it_too(gate: GateTwin) -> None:
    await gate.port.enter(reserving("a", 600, DAILY))
    await gate.age(HALF_A_DAY)
    await gate.port.enter(reserving("b", 600, DAILY))
    await left(gate, gone("a", cost=500))

    assert await gate.port.spendings([DAILY]) == [Spending(0, 600)]


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


async def test_many_at_once_share_a_limit_exactly(gate: GateTwin) -> None:
    limit = Limit(Dimension.GLOBAL, Unit.REQUESTS, 70, 60.0, Algorithm.SLIDING_WINDOW)
    answers = await asyncio.gather(
        *(gate.port.enter(entrance(f"h{n}", claim(limit), claim(SEATS))) for n in range(100)),
        *(gate.port.enter(entrance(f"g{n}", claim(limit))) for n in range(100)),
    )

    assert sum(isinstance(answer, Entered) for answer in answers) == 70
    assert await entered(gate, entrance("last", claim(REQUESTS)))
