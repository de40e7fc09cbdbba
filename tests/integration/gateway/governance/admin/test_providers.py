"""Providers in the admin: credentials go in only, and each can be tried."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from django.test import Client

from gateway import runtime
from gateway.domain.audit import Actor
from gateway.domain.breaker import CLOSED, BreakerState, Standing
from gateway.domain.errors import StateUnavailableError
from gateway.models import (
    AuditEntry,
    Provider,
)
from gateway.services import configuration
from tests.integration.gateway.governance.admin.forms import TARGET, save, told, url

pytestmark = pytest.mark.django_db


def test_a_provider_s_credential_goes_in_and_never_comes_out(operator: Client):
    response = save(
        operator,
        url("provider", "add"),
        name="ds",
        adapter="openai",
        vendor="deepseek",
        credential="canary-0123456789",
        options="api_version = 3\n",
    )

    row = Provider.objects.get()
    assert told(response).count("canary") == 0
    assert (row.credential_last4, row.options) == ("6789", {"api_version": "3"})
    page = operator.get(url("provider", "change", row.pk)).content.decode()
    assert "…6789" in page
    assert "canary" not in page

    save(operator, url("provider", "change", row.pk), n_places="7")
    row.refresh_from_db()
    assert (row.n_places, bool(row.credential_sealed)) == (7, True)
    save(operator, url("provider", "change", row.pk), forgets_credential="on")
    row.refresh_from_db()
    assert row.credential_sealed == ""


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"base_url": "ftp://x"}, "An address begins with http:// or https:// and a host."),
        ({"credential_env": "PATH"}, "Only a variable whose name ends in _API_KEY"),
        ({"options": "nonsense"}, "One name = value a line."),
    ],
)
def test_what_the_rules_refuse_of_a_provider_is_said_on_its_page(
    operator: Client, provider: Provider, changes: dict[str, str], says: str
):
    response = save(operator, url("provider", "change", provider.pk), **changes)

    assert says in told(response)
    assert Provider.objects.get().base_url == "http://127.0.0.1:9/v1"
    assert AuditEntry.objects.count() == 1


def test_a_provider_is_tried_out(operator: Client, ada: Actor):
    configuration.add_provider(name="mine", fields={"adapter": "scripted"}, actor=ada)
    row = Provider.objects.get()
    page = url("provider", "try", row.pk)

    assert operator.get(page).status_code == 405
    assert "answered after" in told(operator.post(page, follow=True))

    entry = AuditEntry.objects.latest("pk")
    assert (entry.verb, entry.subject, entry.after["code"]) == ("tested", "mine", "ok")
    assert operator.post(url("provider", "try", 0)).status_code == 404


def test_a_provider_nobody_leads_to_has_to_be_told_a_model(operator: Client, provider: Provider):
    page = url("provider", "try", provider.pk)
    assert "say which model" in told(operator.post(page, follow=True))


def test_a_provider_that_is_needed_is_not_deleted(operator: Client, provider: Provider, ada: Actor):
    configuration.put_route(model="fast", fields={}, targets=[TARGET], actor=ada)

    response = operator.post(url("provider", "delete", provider.pk), {"post": "yes"})

    assert response.status_code == 200
    assert Provider.objects.exists()


def test_a_provider_s_page_and_the_list_say_how_it_stands_now(
    operator: Client, provider: Provider, ada: Actor, monkeypatch: pytest.MonkeyPatch
):
    targets = [TARGET, {**TARGET, "model": "other"}]
    configuration.put_route(model="fast", fields={}, targets=targets, actor=ada)
    rests = Standing(BreakerState.OPEN, 41.5)

    async def standings(_targets: object) -> dict[str, Standing]:
        return {"local/qwen": rests, "local/other": CLOSED, "scripted/scripted": CLOSED}

    breakers = SimpleNamespace(standings=standings)
    ports = replace(runtime.ports(), breakers=breakers)  # type: ignore[arg-type]
    monkeypatch.setattr(runtime, "ports", lambda: ports)

    page = operator.get(url("provider", "change", provider.pk)).content.decode()
    listed = operator.get(url("provider", "changelist")).content.decode()

    assert "0 of 64 places taken" in page
    assert "breaker open: left alone" in page
    assert "41.5 s" in page
    assert "rests in part" in listed

    async def away(_targets: object) -> dict[str, Standing]:
        raise StateUnavailableError

    breakers.standings = away
    assert operator.get(url("provider", "changelist")).status_code == 200
    assert "41.5 s" not in operator.get(url("provider", "change", provider.pk)).content.decode()
