"""What every gate promises of money: set aside, paid, corrected (the port is `Gate`)."""

from dataclasses import replace

import pytest

from gateway.domain.budget import Account, Spending
from gateway.domain.gate import (
    Barred,
    Entered,
)
from gateway.domain.money import Budget
from tests.contracts.gate.entrances import (
    DAILY,
    DAY_START,
    HALF_A_DAY,
    MONTH_START,
    MONTHLY,
    REQUESTS,
    TOTAL,
    claim,
    entered,
    entrance,
    gone,
    left,
    reserving,
)
from tests.contracts.gates import GateTwin


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
