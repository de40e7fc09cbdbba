"""Reports, days summed up, and word of budgets that run out."""

from datetime import UTC, date, datetime

import pytest
from prometheus_client import REGISTRY

from gateway.domain.budget import Account
from gateway.domain.money import Budget, BudgetPeriod
from gateway.models import BudgetAlert, UsageDay, UsageRecord
from gateway.selectors import usage as selectors
from gateway.selectors.usage import By, Paid
from gateway.services import usage

DAY = 86_400
MONTH_START = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp())
pytestmark = pytest.mark.usefixtures("database")


def record(attempt_id: str, at: datetime, cost: int, **changes: object) -> None:
    UsageRecord.objects.create(
        **{
            "attempt_id": attempt_id,
            "request_id": attempt_id.rpartition("/")[0],
            "tenant": "acme",
            "key_id": "k1",
            "route": "small",
            "provider": "one",
            "model": "m",
            "state": "settled",
            "end_reason": "done",
            "charged_at": at,
            "began_at": at,
            "ended_at": at,
            "input_tokens": 10,
            "input_cached_tokens": 4,
            "output_tokens": 5,
            "is_estimated": False,
            "cost_microusd": cost,
            **changes,
        }
    )


def at(day: int, hour: int = 12, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


@pytest.fixture
def few() -> None:
    """Four attempts on two days, by two keys."""
    record("a/1", at(1), 100)
    record("a/2", at(1), 50, end_reason="error", is_estimated=True)
    record("b/1", at(2), 30, key_id="k2")
    record("c/1", at(2), 7, tenant="other", key_id="k3", model="n")


def test_an_account_holds_its_own_period_and_subject(few: None) -> None:
    record("d/1", at(30, month=10), 1000)

    def spent(subject: str, period: BudgetPeriod, starts_at: int) -> int:
        return selectors.spent_microusd(Account(subject, period, starts_at))

    assert spent("key:k1", BudgetPeriod.MONTH, MONTH_START) == 150
    assert spent("tenant:acme", BudgetPeriod.MONTH, MONTH_START) == 180
    assert spent("tenant:acme", BudgetPeriod.DAY, MONTH_START + DAY) == 30
    assert spent("key:k1", BudgetPeriod.TOTAL, 0) == 1150
    assert spent("key:none", BudgetPeriod.TOTAL, 0) == 0


def test_a_request_has_come_to_the_sum_of_its_attempts(few: None) -> None:
    assert selectors.paid_by_request(["a", "b", "none"]) == {"a": Paid(30, 150), "b": Paid(15, 30)}


def test_a_day_is_summed_up_and_again_when_more_comes(few: None) -> None:
    assert usage.roll_up() == 2
    assert UsageDay.objects.count() == 3
    first = UsageDay.objects.get(day=date(2026, 11, 1))
    assert (first.n_attempts, first.n_failed, first.n_estimated) == (2, 1, 1)
    assert (first.input_tokens, first.input_cached_tokens, first.output_tokens) == (20, 8, 10)
    assert first.cost_microusd == 150
    record("e/1", at(1), 1)
    usage.roll_up()

    assert UsageDay.objects.get(day=date(2026, 11, 1)).cost_microusd == 151
    assert str(first) == "2026-11-01 acme m"


def test_a_report_has_a_line_for_each_combination(few: None) -> None:
    usage.roll_up()
    everything = {"since": date(2026, 11, 1), "until": date(2026, 11, 30)}

    by_tenant = selectors.report(By.TENANT, **everything)
    assert [(line.names, line.n_attempts, line.cost_microusd) for line in by_tenant] == [
        (("acme",), 3, 180),
        (("other",), 1, 7),
    ]
    by_day_and_key = selectors.report(By.DAY, By.KEY, tenant="acme", **everything)
    assert [(line.names, line.cost_microusd) for line in by_day_and_key] == [
        (("2026-11-01", "k1"), 150),
        (("2026-11-02", "k2"), 30),
    ]
    of_one_key = selectors.report(By.MODEL, key_id="k3", **everything)
    assert [(line.names, line.output_tokens) for line in of_one_key] == [(("n",), 5)]
    assert selectors.report(By.DAY, since=date(2027, 1, 1), until=date(2027, 1, 2)) == []


def test_a_budget_is_told_of_once_per_share_and_period(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def now(moment: datetime) -> None:
        monkeypatch.setattr(usage.time, "time_ns", lambda: int(moment.timestamp()) * 10**9)

    def counted() -> float:
        name = "gw_budget_alerts_total"
        return REGISTRY.get_sample_value(name, {"period": "month"}) or 0.0

    caplog.set_level("CRITICAL")
    before, budget = counted(), Budget("key:k1", 100, alerts=(0.5, 1.0))
    now(at(3))
    record("a/1", at(1), 49)
    assert usage.alert([budget]) == []
    record("a/2", at(1), 1)
    assert [told.share for told in usage.alert([budget])] == [0.5]
    assert usage.alert([budget]) == []
    record("a/3", at(2), 70)
    assert [told.share for told in usage.alert([budget])] == [1.0]
    now(at(3, month=12))
    record("a/4", at(2, month=12), 60)
    assert [str(told) for told in usage.alert([budget])] == ["key:k1 50% month"]

    assert counted() - before == 3
    assert list(BudgetAlert.objects.order_by("pk").values_list("spent_microusd", flat=True)) == [
        50,
        120,
        60,
    ]
