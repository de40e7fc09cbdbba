"""What is made of the ledger's rows: days summed up, and word that a budget runs out."""

import logging
import time
from collections.abc import Iterable
from datetime import UTC, date, datetime

from gateway import metrics
from gateway.domain.budget import account_of
from gateway.domain.money import Budget
from gateway.models import BudgetAlert, UsageDay
from gateway.selectors import usage

_logger = logging.getLogger(__name__)
_FIRST_DAY = date(2000, 1, 1)


def roll_up() -> int:
    """Sum up again every day that got rows since the newest sum's day began; return how many.

    Sums are made from the rows each time, never added to, so that a second run, or two at once,
    change nothing.
    """
    newest = UsageDay.objects.order_by("-day").values_list("day", flat=True).first()
    since = _FIRST_DAY if newest is None else newest
    days = usage.days_written_since(datetime(since.year, since.month, since.day, tzinfo=UTC))
    for day in days:
        UsageDay.objects.bulk_create(
            usage.sums_of_day(day),
            update_conflicts=True,
            unique_fields=usage.KEY_OF_A_DAY,
            update_fields=usage.SUMS_OF_A_DAY,
            batch_size=1000,
        )
    return len(days)


def alert(budgets: Iterable[Budget]) -> list[BudgetAlert]:
    """Write down every budget that has passed one of its shares, once per period; return the new.

    Each is logged and counted too: alert rules and people read those.
    """
    return [told for budget in budgets for told in _alert(budget)]


def _alert(budget: Budget) -> list[BudgetAlert]:
    account = account_of(budget, time.time_ns() // 1000)
    spent = usage.spent_microusd(account)
    told = []
    for share in budget.alerts:
        if spent < share * budget.limit_microusd:
            continue
        row, is_new = BudgetAlert.objects.get_or_create(
            subject=account.subject,
            period=account.period.value,
            starts_at=account.starts_at,
            share=share,
            limit_microusd=budget.limit_microusd,
            defaults={"spent_microusd": spent},
        )
        if is_new:
            told.append(row)
            metrics.BUDGET_ALERTS.labels(account.period.value).inc()
            _logger.warning(
                "gateway.budget_alert", extra={"subject": account.subject, "share": share}
            )
    return told
