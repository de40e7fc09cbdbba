"""What has been spent and set aside under a budget, by periods of the UTC calendar."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gateway.domain.money import Budget, BudgetPeriod

_DAYS_IN_NO_MONTH = timedelta(days=32)
HELD_RETRY_US = 1_000_000  # nobody knows when others give back what they hold: look again


@dataclass(frozen=True, slots=True)
class Account:
    """One period of one subject's money; ``starts_at`` is Unix seconds, 0 for a total."""

    subject: str
    period: BudgetPeriod
    starts_at: int


@dataclass(frozen=True, slots=True)
class Spending:
    """What was paid in the period, and what is set aside for requests in flight."""

    spent_microusd: int
    reserved_microusd: int = 0


def account_of(budget: Budget, now_us: int) -> Account:
    """Return the account that is open now."""
    return Account(budget.subject, budget.period, period_start(budget.period, now_us))


def period_start(period: BudgetPeriod, now_us: int) -> int:
    """Return the Unix seconds at which the running period began; 0 for a total."""
    if period is BudgetPeriod.TOTAL:
        return 0
    return round(_first_moment(period, now_us).timestamp())


def period_end(period: BudgetPeriod, now_us: int) -> int | None:
    """Return the Unix seconds at which the next period begins; None for a total."""
    if period is BudgetPeriod.TOTAL:
        return None
    start = _first_moment(period, now_us)
    if period is BudgetPeriod.DAY:
        return round((start + timedelta(days=1)).timestamp())
    return round((start + _DAYS_IN_NO_MONTH).replace(day=1).timestamp())


def wait(budget: Budget, spending: Spending, amount_microusd: int, now_us: int) -> int | None:
    """Return in how many microseconds the amount can be set aside: 0 now, None never."""
    paid = spending.spent_microusd + amount_microusd
    if paid + spending.reserved_microusd <= budget.limit_microusd:
        return 0
    if amount_microusd > budget.limit_microusd:
        return None
    if paid <= budget.limit_microusd:
        return HELD_RETRY_US
    end = period_end(budget.period, now_us)
    return None if end is None else end * 1_000_000 - now_us


def _first_moment(period: BudgetPeriod, now_us: int) -> datetime:
    now = datetime.fromtimestamp(now_us // 1_000_000, UTC)
    day = now.replace(hour=0, minute=0, second=0)
    return day if period is BudgetPeriod.DAY else day.replace(day=1)
