"""Routes in the admin: targets in order, nonsense refused beside its field."""

import re

import pytest
from django.test import Client

from gateway.domain.audit import Actor
from gateway.models import (
    AuditEntry,
    Provider,
    Route,
)
from gateway.services import configuration
from tests.integration.gateway.governance.admin.forms import TARGET, inline, save, told, url

pytestmark = pytest.mark.django_db


def test_targets_are_kept_in_order(operator: Client, provider: Provider):
    common = {
        "provider": provider.pk,
        "abilities": ["stream", "tools"],
        "context_tokens": 0,
        "max_output_tokens": 0,
        "quality": 0.5,
        "weight": 1,
    }
    save(
        operator,
        url("route", "add"),
        model="team/fast",
        **inline(
            "targets", {**common, "model": "b", "order": 1}, {**common, "model": "a", "order": 0}
        ),
    )

    assert [str(target) for target in Route.objects.get().targets.all()] == ["local/a", "local/b"]
    listed = operator.get(url("route", "changelist")).content.decode()
    assert re.search("local/a.*→.*local/b", listed)
    assert AuditEntry.objects.filter(kind="route").count() == 1


def test_a_route_that_could_not_work_is_refused_beside_its_field(
    operator: Client, provider: Provider, ada: Actor
):
    configuration.put_route(model="fast", fields={}, targets=[TARGET], actor=ada)
    row = Route.objects.get()

    response = save(operator, url("route", "change", row.pk), hedge_after_seconds="2")

    assert "A hedge needs a second target" in told(response)
    row.refresh_from_db()
    assert row.hedge_after_seconds is None


def test_saving_a_route_without_a_change_changes_nothing(
    operator: Client, provider: Provider, ada: Actor
):
    configuration.put_route(model="fast", fields={}, targets=[TARGET], actor=ada)
    before = AuditEntry.objects.count()

    response = save(operator, url("route", "change", Route.objects.get().pk))

    assert response.redirect_chain
    assert AuditEntry.objects.count() == before
