"""What the rules only warn of is told to whoever made the change, whichever door they came by."""

import io
import json
import logging
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from gateway.domain.audit import Actor, Via
from gateway.domain.configuration import ConfigurationError
from gateway.models import ApiKey, Provider, Tenant
from gateway.services import configuration, hearing, tenants
from tests.integration.gateway.governance.admin.forms import TARGET, save, told, url

pytestmark = pytest.mark.django_db


def send(client: Client, method: str, path: str, body: object) -> tuple[int, Any]:
    """Return the status and the body."""
    response = client.generic(
        method, f"/api/gateway{path}", json.dumps(body), content_type="application/json"
    )
    return response.status_code, response.json()


def run(*words: str) -> tuple[str, str]:
    """Return what the command put out, and what it said beside it."""
    out, aside = io.StringIO(), io.StringIO()
    call_command("gateway", *words, stdout=out, stderr=aside, no_color=True)
    return out.getvalue(), aside.getvalue()


def test_a_terminal_says_what_there_is_to_warn_of(tenant: Tenant):
    out, aside = run("key", "create", "--tenant", "acme", "--models", "gpt-*")

    row = ApiKey.objects.get()
    assert out.startswith("sk-")
    assert len(out.splitlines()) == 1
    assert f"Warning: key:{row.pk}: No route is called like gpt-*." in aside.splitlines()


def test_a_provider_whose_variable_is_not_set_is_warned_of_in_a_terminal():
    _, aside = run(
        *("provider", "add", "ds", "--adapter", "openai", "--vendor", "deepseek"),
        *("--credential-env", "NOBODY_SET_THIS_API_KEY"),
    )

    assert "Warning: provider:ds: NOBODY_SET_THIS_API_KEY is not set" in aside


def test_the_api_answers_with_its_warnings(operator: Client, provider: Provider, tenant: Tenant):
    status, key = send(operator, "POST", "/keys", {"tenant": "acme", "models": ["gpt-*"]})
    assert (status, key["warnings"]) == (
        201,
        [
            {
                "subject": f"key:{key['id']}",
                "field": "models",
                "message": "No route is called like gpt-*.",
            }
        ],
    )

    changes = {"models": ["scripted"]}
    assert send(operator, "PATCH", f"/keys/{key['id']}", changes)[1]["warnings"] == []
    _, route = send(operator, "POST", "/routes", {"model": "empty", "targets": []})
    assert [one["field"] for one in route["warnings"]] == ["targets"]
    body = {"name": "x", "adapter": "openai", "vendor": "vllm", "credential_env": "NO_API_KEY"}
    _, made = send(operator, "POST", "/providers", body)
    assert [one["field"] for one in made["warnings"]] == ["credential_env"]
    fault = {"name": "f", "profile": "cut", "route": "nothing-*"}
    _, made = send(operator, "POST", "/faults", fault)
    assert [one["subject"] for one in made["warnings"]] == ["fault:f"]
    budget = {"tenant": "acme", "limit_microusd": 5}
    assert send(operator, "POST", "/budgets", budget)[1]["warnings"] == []
    assert send(operator, "POST", "/limits", {"dimension": "ip", "amount": 5})[1]["warnings"] == []
    assert send(operator, "POST", "/tenants", {"name": "x"})[1]["warnings"] == []


def test_a_warning_is_in_the_language_that_was_asked_for(operator: Client):
    response = operator.post(
        "/api/gateway/routes",
        json.dumps({"model": "empty", "targets": []}),
        content_type="application/json",
        headers={"Accept-Language": "zh-Hans"},
    )

    assert response.json()["warnings"][0]["message"].startswith("这条路由")


def test_what_a_change_brings_about_elsewhere_is_told_too(provider: Provider, ada: Actor):
    configuration.put_route(model="fast", fields={}, targets=[TARGET], actor=ada)

    with hearing.warnings() as heard:
        configuration.change_provider(name="local", fields={"is_enabled": False}, actor=ada)

    assert [one.subject for one in heard] == ["route:fast"]
    with hearing.warnings() as heard:
        tenants.add(name="other", actor=ada)
    assert heard == []


def test_the_admin_names_what_else_is_concerned(operator: Client, provider: Provider, ada: Actor):
    configuration.put_route(model="fast", fields={}, targets=[TARGET], actor=ada)

    response = save(operator, url("provider", "change", provider.pk), is_enabled=None)

    assert "would be turned away. (route:fast)" in told(response, ".messagelist li")


def test_the_log_has_a_line_of_it(provider: Provider, caplog: pytest.LogCaptureFixture):
    program = Actor("key:k", Via.API)
    with caplog.at_level(logging.WARNING, logger="gateway"):
        configuration.put_route(model="empty", fields={}, targets=[], actor=program)
        tenants.add(name="quiet", actor=program)
        run("route", "add", "third", "--target", "local/third", "--policy", "cost_aware")

    (line,) = [one for one in caplog.records if one.message == "gateway.configuration_warned"]
    assert (line.route, line.provider, line.warnings) == ("empty", "", 1)


def test_nothing_is_told_of_a_change_that_did_not_stand(ada: Actor):
    with hearing.warnings() as heard, pytest.raises(ConfigurationError):
        configuration.put_route(
            model="empty", fields={"n_attempts": 0}, targets=[], is_new=True, actor=ada
        )

    assert heard == []
