"""Limits, budgets, faults and prices in the admin."""

import pytest
from django.test import Client
from django.utils import timezone

from gateway.domain.audit import Actor
from gateway.models import (
    Budget,
    FaultRule,
    Limit,
    Price,
    Tenant,
    UsageRecord,
)
from gateway.services import configuration, tenants
from tests.integration.gateway.governance.admin.forms import save, told, url

pytestmark = pytest.mark.django_db


def test_a_limit_for_everybody(operator: Client):
    save(
        operator,
        url("limit", "add"),
        amount="60",
        unit="requests",
        dimension="ip",
        window_seconds="60",
        algorithm="sliding_window",
        burst="0",
    )

    assert Limit.objects.get().dimension == "ip"
    assert "everybody" in operator.get(url("limit", "changelist")).content.decode()
    assert "Only a bucket can save up" in told(
        save(operator, url("limit", "change", Limit.objects.get().pk), burst="5")
    )


def test_a_budget_shows_what_is_used_and_what_will_be(operator: Client, tenant: Tenant, ada: Actor):
    with configuration.change(actor=ada) as making:
        tenants.put_budget(subject=tenant, limit_microusd=1_000_000, making=making)
    now = timezone.now()
    UsageRecord.objects.create(
        attempt_id="a/1",
        request_id="a",
        tenant="acme",
        provider="local",
        model="qwen",
        state="settled",
        end_reason="done",
        charged_at=now,
        began_at=now,
        ended_at=now,
        input_tokens=1,
        output_tokens=1,
        is_estimated=True,
        cost_microusd=900_000,
    )

    page = operator.get(url("budget", "changelist")).content.decode()

    assert "$0.9000 / $1.00 · 90 %" in page
    assert "meter--near" in page
    usage = operator.get(url("usagerecord", "changelist")).content.decode()
    assert "~1 → ~1" in usage


def test_a_budget_is_for_somebody(operator: Client):
    response = save(operator, url("budget", "add"), limit_microusd="5", alerts="80")

    assert "A budget is for a tenant or for a key." in told(response)
    assert not Budget.objects.exists()


def test_a_fault_says_whom_it_hits_and_whether_it_strikes(operator: Client):
    save(
        operator,
        url("faultrule", "add"),
        name="cut",
        profile="cut",
        route="scripted",
        until_0="2001-01-01",
        until_1="00:00:00",
    )
    page = operator.get(url("faultrule", "changelist")).content.decode()

    assert "route: scripted" in page
    assert FaultRule.objects.get().name == "cut"
    assert "needs to know how many seconds" in told(
        save(operator, url("faultrule", "change", FaultRule.objects.get().pk), profile="stall")
    )


def test_prices_are_added_in_usd_and_then_read_only(operator: Client):
    save(
        operator,
        url("price", "add"),
        vendor="deepseek",
        model="chat",
        valid_from="2027-01-01",
        input="0.28",
        output="0.42",
        source="a page",
        as_of="2027-01-01",
    )

    row = Price.objects.get()
    assert (row.input, row.output, row.input_cached) == (280_000, 420_000, None)
    assert operator.get(url("price", "change", row.pk)).status_code == 200
    assert operator.post(url("price", "change", row.pk), {"input": "1"}).status_code == 403
