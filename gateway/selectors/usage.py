"""What was used and what it cost.

Sums that money hangs on are read from the ledger itself. Reports are read from the days, which
are summed up again every few minutes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from django.db.models import Count, F, Q, Sum

from gateway.domain.budget import Account, period_end
from gateway.domain.money import AttemptEnd
from gateway.models import UsageDay, UsageRecord

_SUBJECTS = {"key": "key_id", "tenant": "tenant"}


class By(StrEnum):
    """What a report has a line for."""

    DAY = "day"
    TENANT = "tenant"
    KEY = "key_id"
    MODEL = "model"
    PROVIDER = "provider"
    ROUTE = "route"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a report; ``names`` are in the order asked for, a day as its ISO date."""

    names: tuple[str, ...]
    n_attempts: int
    n_failed: int
    n_estimated: int
    input_tokens: int
    input_cached_tokens: int
    output_tokens: int
    cost_microusd: int


@dataclass(frozen=True, slots=True)
class Paid:
    """What the entries of one request come to."""

    tokens: int
    cost_microusd: int


def spent_microusd(account: Account) -> int:
    """Return what the ledger holds against the account: of its period and of no other."""
    end = period_end(account.period, account.starts_at * 1_000_000)
    return spent_between(
        account.subject, _moment(account.starts_at), None if end is None else _moment(end)
    )


def spent_between(subject: str, since: datetime, until: datetime | None) -> int:
    """Return what ``key:<id>`` or ``tenant:<name>`` has paid since then, and before ``until``."""
    kind, _, name = subject.partition(":")
    rows = UsageRecord.objects.filter(**{_SUBJECTS[kind]: name}, charged_at__gte=since)
    if until is not None:
        rows = rows.filter(charged_at__lt=until)
    return _total(rows.aggregate(total=Sum("cost_microusd")))


def paid_by_request(request_ids: Iterable[str]) -> Mapping[str, Paid]:
    """Return what each of the requests has come to, over all of its attempts."""
    rows = (
        UsageRecord.objects.filter(request_id__in=list(request_ids))
        .order_by()
        .values("request_id")
        .annotate(tokens=Sum(F("input_tokens") + F("output_tokens")), cost=Sum("cost_microusd"))
    )
    return {row["request_id"]: Paid(int(row["tokens"]), int(row["cost"])) for row in rows}


def report(
    *by: By, since: date, until: date, tenant: str | None = None, key_id: str | None = None
) -> list[Line]:
    """Return a line for each combination, for the days from ``since`` to ``until`` and both.

    Minutes old at most; see `gateway.services.usage.roll_up`.
    """
    rows = UsageDay.objects.filter(day__gte=since, day__lte=until)
    if tenant is not None:
        rows = rows.filter(tenant=tenant)
    if key_id is not None:
        rows = rows.filter(key_id=key_id)
    names = [each.value for each in by]
    sums = {field: Sum(field) for field in SUMS_OF_A_DAY}
    return [
        Line(tuple(str(row[name]) for name in names), *(int(row[f]) for f in SUMS_OF_A_DAY))
        for row in rows.order_by().values(*names).annotate(**sums).order_by(*names)
    ]


def days_written_since(moment: datetime) -> list[date]:
    """Return the days that rows written since then belong to."""
    rows = UsageRecord.objects.filter(written_at__gte=moment).order_by()
    return sorted(set(rows.values_list("charged_at__date", flat=True).distinct()))


def sums_of_day(day: date) -> list[UsageDay]:
    """Return the day as the ledger has it now: rows that are not stored."""
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
    rows = UsageRecord.objects.filter(
        charged_at__gte=begin, charged_at__lt=begin + timedelta(days=1)
    )
    failed = Q(end_reason__in=[AttemptEnd.ERROR.value, AttemptEnd.CRASHED.value])
    found = (
        rows.order_by()
        .values(*KEY_OF_A_DAY[1:])
        .annotate(
            attempts=Count("id"),
            failures=Count("id", filter=failed),
            estimates=Count("id", filter=Q(is_estimated=True)),
            read=Sum("input_tokens"),
            cached=Sum("input_cached_tokens"),
            spoken=Sum("output_tokens"),
            cost=Sum("cost_microusd"),
        )
    )
    return [
        UsageDay(
            day=day,
            **{name: row[name] for name in KEY_OF_A_DAY[1:]},
            n_attempts=row["attempts"],
            n_failed=row["failures"],
            n_estimated=row["estimates"],
            input_tokens=row["read"],
            input_cached_tokens=row["cached"],
            output_tokens=row["spoken"],
            cost_microusd=row["cost"],
        )
        for row in found
    ]


KEY_OF_A_DAY = ("day", "tenant", "key_id", "route", "provider", "model")
SUMS_OF_A_DAY = (
    "n_attempts",
    "n_failed",
    "n_estimated",
    "input_tokens",
    "input_cached_tokens",
    "output_tokens",
    "cost_microusd",
)


def _moment(unix_seconds: int) -> datetime:
    return datetime.fromtimestamp(unix_seconds, UTC)


def _total(found: Mapping[str, int | None]) -> int:
    return int(found["total"] or 0)
