"""Periods of the UTC calendar, and when money can be set aside again."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.budget import (
    HELD_RETRY_US,
    Account,
    Spending,
    account_of,
    period_end,
    period_start,
    wait,
)
from gateway.domain.money import Budget, BudgetPeriod

SECOND = 1_000_000


def at_us(*moment: int) -> int:
    return round(datetime(*moment, tzinfo=UTC).timestamp()) * SECOND  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("period", "now", "start", "end"),
    [
        (BudgetPeriod.DAY, (2026, 11, 21, 5, 6, 7), (2026, 11, 21), (2026, 11, 22)),
        (BudgetPeriod.DAY, (2026, 12, 31, 23, 59, 59), (2026, 12, 31), (2027, 1, 1)),
        (BudgetPeriod.MONTH, (2026, 11, 21, 5, 6, 7), (2026, 11, 1), (2026, 12, 1)),
        (BudgetPeriod.MONTH, (2026, 12, 31), (2026, 12, 1), (2027, 1, 1)),
        (BudgetPeriod.MONTH, (2028, 2, 29), (2028, 2, 1), (2028, 3, 1)),
        (BudgetPeriod.MONTH, (2026, 3, 1), (2026, 3, 1), (2026, 4, 1)),
    ],
)
def test_a_period_begins_and_ends_at_midnight_utc(
    period: BudgetPeriod, now: tuple[int, ...], start: tuple[int, ...], end: tuple[int, ...]
) -> None:
    now_us = at_us(*now)

    assert period_start(period, now_us) * SECOND == at_us(*start)
    assert period_end(period, now_us) == at_us(*end) // SECOND


def test_a_total_has_no_periods() -> None:
    budget = Budget("key:k", 10, BudgetPeriod.TOTAL)

    assert account_of(budget, at_us(2026, 11, 21)) == Account("key:k", BudgetPeriod.TOTAL, 0)
    assert period_end(BudgetPeriod.TOTAL, at_us(2026, 11, 21)) is None


@given(st.sampled_from([BudgetPeriod.DAY, BudgetPeriod.MONTH]), st.integers(0, 4_000_000_000))
def test_now_is_in_its_period_and_the_end_is_in_the_next(period: BudgetPeriod, now: int) -> None:
    start, end = period_start(period, now * SECOND), period_end(period, now * SECOND)

    assert end is not None
    assert start <= now < end
    assert period_start(period, end * SECOND) == end
    assert period_start(period, (end - 1) * SECOND) == start


NOW = at_us(2026, 11, 21, 23)
DAILY = Budget("key:k", 1000, BudgetPeriod.DAY)


@pytest.mark.parametrize(
    ("spending", "amount", "wait_us"),
    [
        (Spending(0), 1000, 0),
        (Spending(600, 300), 100, 0),
        (Spending(600, 300), 101, HELD_RETRY_US),
        (Spending(900), 101, 3600 * SECOND),
        (Spending(0), 1001, None),
    ],
)
def test_money_waits_for_others_for_the_next_period_or_for_ever(
    spending: Spending, amount: int, wait_us: int | None
) -> None:
    assert wait(DAILY, spending, amount, NOW) == wait_us


def test_a_total_that_is_spent_stays_spent() -> None:
    assert wait(Budget("key:k", 1000, BudgetPeriod.TOTAL), Spending(1000), 1, NOW) is None
