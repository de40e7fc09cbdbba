"""What a budget has come to, and where it will stand."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.audit import Actor
from gateway.domain.money import BudgetPeriod
from gateway.models import Budget, Tenant, UsageRecord
from gateway.services import configuration, spending, tenants

pytestmark = pytest.mark.django_db
NOON = datetime(2027, 3, 11, 0, 0, tzinfo=UTC)  # ten days into a month of 31


def spend(microusd: int, at: datetime) -> None:
    number = UsageRecord.objects.count()
    UsageRecord.objects.create(
        attempt_id=f"r{number}/1", request_id=f"r{number}", tenant="acme", provider="p", model="m",
        state="settled", end_reason="done", charged_at=at, began_at=at, ended_at=at,
        input_tokens=1, output_tokens=1, is_estimated=False, cost_microusd=microusd,
    )  # fmt: skip


def budget(tenant: Tenant, ada: Actor, period: BudgetPeriod) -> Budget:
    with configuration.change(actor=ada) as making:
        return tenants.put_budget(subject=tenant, limit_microusd=9, period=period, making=making)


def test_a_month_goes_on_at_the_pace_of_its_last_week(tenant: Tenant, ada: Actor):
    row = budget(tenant, ada, BudgetPeriod.MONTH)
    spend(1000, datetime(2027, 2, 28, tzinfo=UTC))  # last month's
    spend(500, datetime(2027, 3, 2, tzinfo=UTC))  # of this month, but not of its last week
    spend(700, NOON - timedelta(days=3))

    found = spending.of_budget(row, now=NOON)

    # 100 a day in the last week, for the 21 days that are left.
    assert (found.spent_microusd, found.predicted_microusd) == (1200, 1200 + 2100)


def test_a_young_day_goes_on_at_its_own_pace(tenant: Tenant, ada: Actor):
    row = budget(tenant, ada, BudgetPeriod.DAY)
    spend(60, NOON + timedelta(hours=3))

    found = spending.of_budget(row, now=NOON + timedelta(hours=6))

    assert (found.spent_microusd, found.predicted_microusd) == (60, 240)


def test_nothing_is_predicted_of_a_total_or_of_a_first_hour(tenant: Tenant, ada: Actor):
    assert (
        spending.of_budget(budget(tenant, ada, BudgetPeriod.TOTAL), now=NOON).predicted_microusd
        is None
    )
    early = NOON + timedelta(minutes=59)
    assert (
        spending.of_budget(budget(tenant, ada, BudgetPeriod.DAY), now=early).predicted_microusd
        is None
    )
