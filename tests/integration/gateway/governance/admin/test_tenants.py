"""Tenants in the admin, with all that hangs on them."""

import pytest
from django.test import Client

from gateway.models import (
    AuditEntry,
    Tenant,
)
from tests.integration.gateway.governance.admin.forms import inline, make_key, save, url

pytestmark = pytest.mark.django_db


def test_a_tenant_with_its_keys_limits_and_budgets_on_one_page(operator: Client):
    save(operator, url("tenant", "add"), name="acme", title="Acme", weight="2")
    tenant = Tenant.objects.get()
    make_key(operator, name="bot")

    save(
        operator,
        url("tenant", "change", tenant.pk),
        title="Acme Ltd",
        **inline("budgets", {"period": "month", "limit_microusd": "20", "alerts": "80 %"}),
    )

    page = operator.get(url("tenant", "change", tenant.pk)).content.decode()
    assert "bot" in page
    assert "$0.00 / $20.00 · 0 %" in page
    assert f"?tenant={tenant.pk}" in page
    assert [e.verb for e in AuditEntry.objects.filter(kind="tenant").order_by("pk")] == [
        "created",
        "changed",
    ]


def test_a_tenant_is_deleted_only_without_keys(operator: Client, tenant: Tenant):
    page = url("tenant", "delete", tenant.pk)
    operator.post(page, {"post": "yes"})
    assert not Tenant.objects.exists()
    assert AuditEntry.objects.latest("pk").verb == "removed"
