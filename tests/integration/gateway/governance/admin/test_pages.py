"""What the admin shows of changes, and every page of it in both languages."""

import pytest
from django.test import Client

from gateway.domain.audit import Actor
from gateway.models import (
    AuditEntry,
    Budget,
    Limit,
    Provider,
    Route,
    Tenant,
)
from gateway.services import configuration, keys, tenants
from gateway.services.keys import KeyWish
from tests.integration.gateway.governance.admin.forms import TARGET, url

pytestmark = pytest.mark.django_db


def test_the_log_shows_what_differs(operator: Client, tenant: Tenant, ada: Actor):
    tenants.edit(name="acme", fields={"title": "<b>Acme</b>"}, actor=ada)

    listed = operator.get(url("auditentry", "changelist")).content.decode()
    entry = operator.get(url("auditentry", "change", AuditEntry.objects.latest("pk").pk))

    assert "title: — → <b>&lt;b&gt;Acme&lt;/b&gt;</b>" in listed
    assert 'class="is-changed"><th scope="row">title</th>' in entry.content.decode()
    assert operator.post(url("auditentry", "add")).status_code == 403


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_page_opens_in_both_languages(
    operator: Client, provider: Provider, tenant: Tenant, ada: Actor, language: str
):
    operator.cookies["language"] = language
    keys.create(tenant=tenant, wish=KeyWish(requests_per_minute=5, budget_microusd=9), actor=ada)
    configuration.put_route(model="fast", fields={}, targets=[TARGET], actor=ada)
    kinds = ("tenant", "apikey", "provider", "route", "limit", "budget", "faultrule", "price")
    pages = [url(kind, action) for kind in kinds for action in ("changelist", "add")]
    pages += [url(kind, "changelist") for kind in ("auditentry", "usagerecord", "usageday")]
    pages += [
        url(row._meta.model_name, "change", row.pk)
        for row in (Route.objects.get(), Limit.objects.get(), Budget.objects.get(), provider)
    ]
    for page in [*pages, url("route", "explain")]:
        assert operator.get(page).status_code == 200, page
