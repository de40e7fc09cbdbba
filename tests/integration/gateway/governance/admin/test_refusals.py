"""What is refused on a page is only refused: nothing else is said of it, and in both languages."""

from typing import Any

import pytest
from django.test import Client

from gateway.domain.audit import Actor
from gateway.models import Budget, FaultRule, Provider, Route, Tenant
from gateway.services import configuration, keys, tenants
from gateway.services.keys import KeyWish
from tests.integration.gateway.governance.admin.forms import (
    TARGET,
    inline,
    make_key,
    save,
    told,
    url,
)

pytestmark = pytest.mark.django_db
SAID = ".messagelist li"
REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("provider", {"name": "x", "adapter": "openai", "base_url": "ftp://x.example"}),
    ("route", {"model": "slow", "hedge_after_seconds": "2"}),
    ("budget", {"limit_microusd": "5", "alerts": "500"}),
    ("faultrule", {"name": "x", "profile": "stall"}),
]


@pytest.fixture
def target(provider: Provider) -> dict[str, Any]:
    """The only target of a route's page."""
    return inline(
        "targets",
        {"order": 0, "provider": provider.pk, "model": "qwen", "abilities": ["stream"]}
        | {"context_tokens": 0, "max_output_tokens": 0, "quality": 0.5, "weight": 1},
    )


@pytest.mark.parametrize(("kind", "typed"), REFUSED, ids=[kind for kind, _ in REFUSED])
def test_a_refused_addition_is_not_called_a_success(
    operator: Client,
    tenant: Tenant,
    target: dict[str, Any],
    ada: Actor,
    kind: str,
    typed: dict[str, Any],
):
    keys.create(tenant=tenant, wish=KeyWish(), actor=ada)
    more: dict[str, Any] = {"route": target, "budget": {"tenant": tenant.pk}}.get(kind, {})

    response = save(operator, url(kind, "add"), **{**typed, **more})

    assert told(response, SAID) == ""
    assert told(response, ".errorlist") != ""
    assert not Route.objects.exists()
    assert not FaultRule.objects.exists()
    assert not Budget.objects.exists()


@pytest.mark.parametrize(("kind", "typed"), REFUSED, ids=[kind for kind, _ in REFUSED])
def test_a_refused_change_is_not_called_a_success(
    operator: Client,
    provider: Provider,
    tenant: Tenant,
    ada: Actor,
    kind: str,
    typed: dict[str, Any],
):
    keys.create(tenant=tenant, wish=KeyWish(budget_microusd=None), actor=ada)
    with configuration.change(actor=ada) as making:
        budget = tenants.put_budget(subject=tenant, limit_microusd=9, making=making)
    route = configuration.put_route(model="fast", fields={}, targets=[TARGET], actor=ada)
    fields = {"profile": "cut", "route": "fast"}
    fault = configuration.add_fault(name="cut", fields=fields, actor=ada)
    row: Any = {"provider": provider, "route": route, "budget": budget, "faultrule": fault}[kind]
    changes = {name: value for name, value in typed.items() if name not in {"name", "model"}}

    response = save(operator, url(kind, "change", row.pk), **changes)

    assert told(response, SAID) == ""
    assert told(response, ".errorlist") != ""


def test_what_is_saved_is_called_so_once(operator: Client, tenant: Tenant):
    response = save(operator, url("tenant", "change", tenant.pk), title="Acme")

    assert told(response, SAID).count("was changed successfully") == 1


@pytest.mark.parametrize("typed", ["nonsense", "9" * 30, "\x00"])
@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("limit", "tenant"),
        ("limit", "key"),
        ("limit", "route"),
        ("budget", "tenant"),
        ("apikey", "tenant"),
        ("faultrule", "tenant"),
    ],
)
def test_a_choice_that_nothing_is_called_like_is_refused_and_does_not_break(
    operator: Client, kind: str, field: str, typed: str
):
    page = url(kind, "add")

    assert operator.get(page, {field: typed}).status_code == 200
    response = operator.post(page, {field: typed})
    assert response.status_code == 200
    assert "not one of the available choices" in told(response, f".field-{field} .errorlist")


def test_two_credentials_are_one_too_many(operator: Client):
    response = save(
        operator,
        url("provider", "add"),
        name="ds",
        adapter="openai",
        vendor="deepseek",
        credential="canary-0123456789",
        credential_env="DEEPSEEK_API_KEY",
    )

    assert "Give one of the two" in told(response, ".field-credential .errorlist")
    assert "canary" not in response.content.decode()
    assert not Provider.objects.exists()


def test_a_conflict_is_told_in_the_operator_s_language(
    operator: Client, provider: Provider, tenant: Tenant, ada: Actor
):
    secret = make_key(operator)
    row = keys.by_secret(secret)
    assert row is not None
    keys.revoke(key_id=row.pk, actor=ada)
    operator.cookies["language"] = "zh-hans"

    ended = operator.post(url("apikey", "rotate", row.pk), follow=True)
    asked = operator.post(url("provider", "try", provider.pk), follow=True)

    assert f"密钥 {row.pk} 已经吊销，请新建一把。" in told(ended)
    assert "还没有路由通往 local：请写明要问哪个模型。" in told(asked)
