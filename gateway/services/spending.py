"""What a budget has come to, and where it will stand when its period ends."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.utils import timezone

from gateway.domain.budget import account_of, period_end, period_start
from gateway.domain.money import Budget as DomainBudget
from gateway.domain.money import BudgetPeriod
from gateway.models import Budget
from gateway.selectors import usage

#: A prediction goes by the pace of the last week, or of the period while it is younger.
PACE = timedelta(days=7)
SHORTEST = timedelta(hours=1)
_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Spent:
    """Micro-USD spent so far, and by the end of the period at the pace of late."""

    spent_microusd: int
    predicted_microusd: int | None


def of_budget(row: Budget, *, now: datetime | None = None) -> Spent:
    """Return what the budget's open period has come to; nothing is predicted of a total."""
    at = now or timezone.now()
    now_us = int(at.timestamp() * _US)
    period = BudgetPeriod(row.period)
    starts_at = datetime.fromtimestamp(period_start(period, now_us), UTC)
    subject = f"key:{row.key_id}" if row.key_id else f"tenant:{row.tenant.name}"  # type: ignore[union-attr]
    spent = usage.spent_between(subject, starts_at, at)
    end = period_end(period, now_us)
    if end is None or at - starts_at < SHORTEST:
        return Spent(spent, None)
    since = max(starts_at, at - PACE)
    left = datetime.fromtimestamp(end, UTC) - at
    coming = usage.spent_between(subject, since, at) * (left / (at - since))
    return Spent(spent, spent + round(coming))


def paid(budget: DomainBudget) -> int:
    """Return what the open period of a budget has come to, from a thread of its own."""
    try:
        return usage.spent_microusd(account_of(budget, int(timezone.now().timestamp() * _US)))
    finally:
        connection.close()
