"""The management API: who may, what it answers, and how it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from gateway.api import api
from gateway.domain.audit import Actor
from gateway.models import ApiKey, AuditEntry, FaultRule, Provider, Tenant, UsageRecord, User
from gateway.services import keys
from gateway.services.keys import KeyWish

pytestmark = pytest.mark.django_db
PER_KEY = {"dimension": "key", "amount": 60}
TARGET = {"provider": "local", "model": "qwen"}
SNAPSHOT = Path(__file__).resolve().parents[3] / "snapshots" / "openapi_gateway.json"


def ask(
    client: Client, method: str, path: str, body: Any = None, *, key: str = "", **headers: str
) -> tuple[int, Any]:
    """Return the status and the body."""
    if key:
        headers["Authorization"] = f"Bearer {key}"
    response = client.generic(
        method,
        f"/api/gateway{path}",
        b"" if body is None else json.dumps(body),
        content_type="application/json",
        headers=headers,
    )
    if response.status_code >= 400:
        assert response["Content-Type"] == "application/problem+json"
    return response.status_code, json.loads(response.content or b"null")


@pytest.fixture
def manager(tenant: Tenant, ada: Actor) -> str:
    """The secret of a key that may manage."""
    return keys.create(tenant=tenant, wish=KeyWish(scopes=["manage"]), actor=ada).secret


# --- who ---


def test_nobody_is_let_in_without_a_name(client: Client):
    status, problem = ask(client, "GET", "/tenants")

    assert (status, problem["code"]) == (401, "invalid_api_key")
    assert problem["type"] == "urn:hotseat:problem:invalid_api_key"
    assert problem["request_id"]


def test_a_key_needs_the_scope(client: Client, tenant: Tenant, ada: Actor, manager: str):
    plain = keys.create(tenant=tenant, wish=KeyWish(), actor=ada).secret

    assert ask(client, "GET", "/tenants", key=manager)[0] == 200
    assert ask(client, "GET", "/tenants", key=plain)[0] == 403
    assert ask(client, "GET", "/tenants", key="sk-wrong")[0] == 401


def test_a_key_with_a_part_s_scope_is_let_into_that_part(
    client: Client, tenant: Tenant, ada: Actor
):
    breaker = keys.create(tenant=tenant, wish=KeyWish(scopes=["faults"]), actor=ada).secret

    assert ask(client, "GET", "/faults", key=breaker)[0] == 200
    assert ask(client, "GET", "/keys", key=breaker)[0] == 403


def test_an_account_needs_the_permission_of_the_kind(client: Client):
    user = User.objects.create_user("eve", password="x")
    client.force_login(user)
    assert ask(client, "GET", "/tenants")[0] == 403

    user.is_staff = True
    user.save()
    assert ask(client, "GET", "/tenants")[0] == 403

    user.user_permissions.add(Permission.objects.get(codename="view_tenant"))
    assert ask(client, "GET", "/tenants")[0] == 200
    assert ask(client, "POST", "/tenants", {"name": "x"})[0] == 403


def test_a_session_writes_with_the_page_s_token_only(operator: Client):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = operator.cookies

    assert ask(strict, "GET", "/tenants")[0] == 200
    assert ask(strict, "POST", "/tenants", {"name": "x"})[0] == 403
    assert not Tenant.objects.exists()


def test_the_log_names_the_key_that_did_it(client: Client, manager: str):
    ask(client, "POST", "/tenants", {"name": "other"}, key=manager)

    entry = AuditEntry.objects.latest("pk")
    assert (entry.actor, entry.via) == (f"key:{ApiKey.objects.get().pk}", "api")


# --- what ---


def test_tenants(operator: Client):
    assert ask(operator, "POST", "/tenants", {"name": "acme", "weight": 2})[0] == 201
    limits = [{"dimension": "tenant", "amount": 100, "unit": "requests"}]
    status, changed = ask(operator, "PATCH", "/tenants/acme", {"title": "Acme", "limits": limits})

    assert (status, changed["title"], changed["weight"]) == (200, "Acme", 2)
    assert [limit["amount"] for limit in changed["limits"]] == [100]
    assert changed.pop("warnings") == []
    assert ask(operator, "GET", "/tenants/acme")[1] == changed
    assert [one["name"] for one in ask(operator, "GET", "/tenants")[1]] == ["acme"]
    assert ask(operator, "DELETE", "/tenants/acme") == (204, None)
    assert ask(operator, "GET", "/tenants/acme")[1]["code"] == "not_there"


def test_a_secret_is_in_one_answer_only(operator: Client, tenant: Tenant):
    wish = {"tenant": "acme", "name": "bot", "rpm": 5, "budget_microusd": 10}
    status, made = ask(operator, "POST", "/keys", wish)
    assert status == 201
    secret = made["key"]

    _, read = ask(operator, "GET", f"/keys/{made['id']}")
    assert secret not in json.dumps(read)
    assert (read["name"], read["limits"][0]["amount"]) == ("bot", 5)
    changed = ask(operator, "PATCH", f"/keys/{made['id']}", {"models": ["scripted"], "limits": []})[
        1
    ]
    assert (changed["models"], changed["limits"]) == (["scripted"], [])
    status, new = ask(operator, "POST", f"/keys/{made['id']}/rotate", {"grace_seconds": 60})
    assert (status, new["rotated_from"]) == (201, made["id"])
    assert ask(operator, "POST", f"/keys/{new['id']}/revoke")[1]["revoked_at"]
    assert len(ask(operator, "GET", "/keys?tenant=acme")[1]) == 2


def test_a_credential_never_comes_back(operator: Client):
    body = {"name": "ds", "adapter": "openai", "vendor": "deepseek", "credential": "canary-123456"}
    status, made = ask(operator, "POST", "/providers", body)

    assert (status, made["credential"]) == (201, "sealed:…3456")
    for path in ("/providers", "/providers/ds", "/audit"):
        assert "canary" not in json.dumps(ask(operator, "GET", path)[1])
    changed = ask(
        operator, "PATCH", "/providers/ds", {"credential": "", "first_seconds": 9, "n_places": 3}
    )[1]
    assert (changed["credential"], changed["first_seconds"], changed["n_places"]) == ("", 9.0, 3)
    cleared = ask(operator, "PATCH", "/providers/ds", {"first_seconds": None})[1]
    assert (cleared["first_seconds"], cleared["n_places"]) == (None, 3)
    assert ask(operator, "DELETE", "/providers/ds")[0] == 204


def test_routes_have_any_public_name(operator: Client, provider: Provider):
    target = {"provider": "local", "model": "qwen", "abilities": ["stream", "tools"]}
    body = {"model": "team/fast", "targets": [target], "policy": "cost_aware"}
    status, made = ask(operator, "POST", "/routes", body)

    assert (status, made["targets"][0]["abilities"]) == (201, ["stream", "tools"])
    changed = ask(operator, "PATCH", "/routes/team/fast", {"cache_seconds": 5})[1]
    assert (changed["cache_seconds"], len(changed["targets"])) == (5.0, 1)
    changed = ask(
        operator, "PATCH", "/routes/team/fast", {"targets": [target, {**target, "model": "b"}]}
    )[1]
    assert [one["model"] for one in changed["targets"]] == ["qwen", "b"]
    assert [one["field"] for one in changed.pop("warnings")] == ["policy"]
    assert ask(operator, "GET", "/routes/team/fast")[1] == changed
    assert ask(operator, "DELETE", "/routes/team/fast")[0] == 204
    assert ask(operator, "GET", "/routes")[1] == []


def test_limits_of_everybody_and_of_somebody(operator: Client, tenant: Tenant):
    body = {"dimension": "ip", "amount": 60}
    everybody = ask(operator, "POST", "/limits", body)[1]
    somebody = ask(operator, "POST", "/limits", {**body, "tenant": "acme"})[1]

    assert (everybody["tenant"], somebody["tenant"]) == (None, "acme")
    assert len(ask(operator, "GET", "/limits")[1]) == 2
    assert ask(operator, "DELETE", f"/limits/{everybody['id']}")[0] == 204
    assert ask(operator, "DELETE", f"/limits/{everybody['id']}")[0] == 404


def test_budgets_tell_what_they_have_come_to(operator: Client, tenant: Tenant, ada: Actor):
    key = keys.create(tenant=tenant, wish=KeyWish(), actor=ada).row
    spend("acme", key.pk, 250)
    body = {"tenant": "acme", "limit_microusd": 1000}
    assert ask(operator, "POST", "/budgets", body)[0] == 201
    _, made = ask(operator, "POST", "/budgets", {**body, "limit_microusd": 500})
    assert (made["limit_microusd"], made["spent_microusd"]) == (500, 250)
    total = {"key": key.pk, "limit_microusd": 300, "period": "total", "alerts": [0.5]}
    _, made = ask(operator, "POST", "/budgets", total)
    assert (made["subject"], made["predicted_microusd"]) == (f"key:{key.pk}", None)

    assert len(ask(operator, "GET", "/budgets")[1]) == 2
    assert ask(operator, "DELETE", f"/budgets/{made['id']}")[0] == 204
    assert ask(operator, "DELETE", f"/budgets/{made['id']}")[0] == 404
    assert ask(operator, "POST", "/budgets", {"limit_microusd": 1})[0] == 404


def test_a_key_with_scope_usage_sees_its_own_tenant_s(
    client: Client, tenant: Tenant, ada: Actor, manager: str
):
    reader = keys.create(tenant=tenant, wish=KeyWish(scopes=["usage"]), actor=ada)
    spend("acme", reader.row.pk, 5)
    spend("acme", reader.row.pk, 6)
    spend("other", "k_other", 7)

    _, own = ask(client, "GET", "/usage?tenant=other", key=reader.secret)
    assert [(row["tenant"], row["cost_microusd"]) for row in own] == [("acme", 11)]
    _, all_of_it = ask(client, "GET", "/usage", key=manager)
    assert [row["cost_microusd"] for row in all_of_it] == [11, 7]
    assert ask(client, "GET", "/usage?key=k_other", key=manager)[1][0]["tenant"] == "other"
    assert ask(client, "GET", "/usage?since=2001-01-01", key=manager)[1] == []


def spend(tenant: str, key_id: str, microusd: int) -> None:
    now = timezone.now()
    number = UsageRecord.objects.count()
    UsageRecord.objects.create(
        attempt_id=f"r{number}/1",
        request_id=f"r{number}",
        tenant=tenant,
        key_id=key_id,
        provider="local",
        model="qwen",
        state="settled",
        end_reason="done",
        charged_at=now,
        began_at=now,
        ended_at=now,
        input_tokens=1,
        output_tokens=1,
        is_estimated=False,
        cost_microusd=microusd,
    )


def test_faults(operator: Client):
    body = {"name": "cut", "profile": "cut", "after_tokens": 40, "route": "scripted"}
    assert ask(operator, "POST", "/faults", body)[0] == 201
    assert ask(operator, "GET", "/faults")[1][0]["after_tokens"] == 40
    assert ask(operator, "DELETE", "/faults/cut")[0] == 204
    assert not FaultRule.objects.exists()


def test_the_log_is_read_in_pages(operator: Client):
    for name in ("a", "b", "c"):
        ask(operator, "POST", "/tenants", {"name": name})

    _, first = ask(operator, "GET", "/audit?limit=2")
    assert [entry["subject"] for entry in first] == ["c", "b"]
    _, rest = ask(operator, "GET", f"/audit?before={first[-1]['id']}&kind=tenant")
    assert [entry["subject"] for entry in rest] == ["a"]
    assert len(ask(operator, "GET", "/audit?subject=b")[1]) == 1


# --- refusals ---


def test_a_broken_rule_is_told_by_subject_and_field(operator: Client):
    body = {"name": "x", "adapter": "openai", "base_url": "ftp://x.example"}
    status, problem = ask(operator, "POST", "/providers", body)

    assert (status, problem["code"]) == (422, "invalid_configuration")
    assert problem["problems"] == [
        {
            "subject": "provider:x",
            "field": "base_url",
            "message": "An address begins with http:// or https:// and a host.",
        }
    ]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/tenants", {"name": "x\x00"}, 422, "invalid"),
        ("POST", "/tenants", {"name": "\ud800"}, 422, "invalid"),
        ("POST", "/tenants", {"name": "acme"}, 409, "conflict"),
        ("POST", "/keys", {"tenant": "nobody"}, 404, "not_there"),
        ("POST", "/keys", {"tenant": "acme", "scopes": ["root"]}, 422, "invalid"),
        ("GET", "/nothing/here", None, 404, "not_there"),
        ("POST", "/nothing/here", {}, 404, "not_there"),
        ("GET", "/", None, 404, "not_there"),
        ("GET", "", None, 404, "not_there"),
    ],
)
def test_refusals_are_problem_documents(
    operator: Client, tenant: Tenant, method: str, path: str, body: Any, status: int, code: str
):
    found = ask(operator, method, path, body)

    assert (found[0], found[1]["code"]) == (status, code)


@pytest.mark.parametrize("path", ["", "/", "/nothing", "/nothing/here"])
def test_what_is_not_there_is_no_room(client: Client, path: str):
    _, problem = ask(client, "GET", path)

    assert (problem["title"], problem["detail"]) == ("Not Found", "There is nothing here.")


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/tenants", {"name": "x", "wieght": 2}, "wieght"),
        ("PATCH", "/tenants/acme", {"name": "other"}, "name"),
        ("POST", "/keys", {"tenant": "acme", "rmp": 5}, "rmp"),
        ("POST", "/keys", {"tenant": "acme", "limits": [{**PER_KEY, "burts": 1}]}, "burts"),
        ("PATCH", "/keys/k", {"model": []}, "model"),
        ("POST", "/keys/k/rotate", {"grace": 5}, "grace"),
        ("POST", "/limits", {"dimension": "ip", "amount": 5, "key_id": "k"}, "key_id"),
        ("POST", "/budgets", {"tenant": "acme", "limit_microusd": 5, "alert": []}, "alert"),
        ("POST", "/providers", {"name": "x", "adapter": "scripted", "secret": ""}, "secret"),
        ("PATCH", "/providers/x", {"enabled": False}, "enabled"),
        ("POST", "/providers/x/test", {"models": "y"}, "models"),
        ("POST", "/routes", {"model": "x", "targets": [], "cache": 5}, "cache"),
        ("PATCH", "/routes/x", {"is_enabld": False}, "is_enabld"),
        ("PATCH", "/routes/x", {"targets": [{**TARGET, "wieght": 0}]}, "wieght"),
        ("POST", "/faults", {"name": "x", "profile": "cut", "times": 1}, "times"),
        ("POST", "/explain", {"model": "x", "as": "k"}, "as"),
    ],
)
def test_a_field_nobody_knows_is_refused_by_name(
    operator: Client, tenant: Tenant, method: str, path: str, body: Any, field: str
):
    status, problem = ask(operator, method, path, body)

    assert (status, problem["code"]) == (422, "invalid")
    assert f"/{field}: " in problem["detail"]
    assert not ApiKey.objects.exists()


def test_a_new_key_takes_its_limits(operator: Client, tenant: Tenant):
    tokens = {**PER_KEY, "unit": "tokens", "amount": 9_000}
    status, made = ask(
        operator, "POST", "/keys", {"tenant": "acme", "rpm": 5, "limits": [tokens, PER_KEY]}
    )

    assert (status, [limit["amount"] for limit in made["limits"]]) == (201, [9_000, 60, 5])
    assert [limit["unit"] for limit in made["limits"]] == ["tokens", "requests", "requests"]


def test_two_credentials_are_one_too_many(operator: Client):
    both = {"credential": "canary-123456", "credential_env": "DEEPSEEK_API_KEY"}
    body = {"name": "ds", "adapter": "openai", "vendor": "deepseek"}
    status, problem = ask(operator, "POST", "/providers", {**body, **both})
    assert (status, problem["problems"][0]["field"]) == (422, "credential")
    assert "canary" not in json.dumps(problem)

    ask(operator, "POST", "/providers", {**body, "credential_env": "DEEPSEEK_API_KEY"})
    assert ask(operator, "PATCH", "/providers/ds", both)[0] == 422
    _, sealed = ask(operator, "PATCH", "/providers/ds", {"credential": "canary-123456"})
    assert sealed["credential"] == "sealed:…3456"
    _, named = ask(operator, "PATCH", "/providers/ds", {"credential_env": "DEEPSEEK_API_KEY"})
    assert named["credential"] == "env:DEEPSEEK_API_KEY"


def test_a_conflict_is_told_in_the_language_that_was_asked_for(operator: Client, tenant: Tenant):
    headers = {"Accept-Language": "zh-Hans"}

    _, problem = ask(operator, "POST", "/tenants", {"name": "acme"}, **headers)

    assert problem["detail"] == "已经有名为 acme 的租户了。"


def test_a_bug_tells_nothing(operator: Client, monkeypatch: pytest.MonkeyPatch):
    def broken(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr("gateway.services.tenants.find", broken)

    status, problem = ask(operator, "GET", "/tenants/acme")
    assert (status, problem["code"]) == (500, "internal")
    assert "hunter2" not in json.dumps(problem)


def test_a_refusal_that_passes_says_when_to_come_back(
    operator: Client, monkeypatch: pytest.MonkeyPatch
):
    def away(*_args: object, **_kwargs: object) -> None:
        raise OperationalError("server closed the connection: host=db.internal")

    monkeypatch.setattr("gateway.services.tenants.find", away)

    response = operator.get("/api/gateway/tenants/acme")
    problem = response.json()
    assert (response.status_code, problem["code"]) == (503, "state_unavailable")
    assert (response["Retry-After"], problem["retry_after_s"]) == ("2", 2)
    assert "db.internal" not in response.content.decode()


def test_the_api_is_the_one_that_was_agreed():
    """When a change is meant: ``make snapshot``, and read the difference before committing."""
    described = json.loads(json.dumps(api.get_openapi_schema(), default=str))

    assert described == json.loads(SNAPSHOT.read_text(encoding="utf-8"))
