"""Who may what: every call of the API and every page of the admin, by permission and by scope.

Each row names all that is needed. With just that nobody is turned away; with everything but one of
it they are. A call or a page without a row fails the test, so a new one has to say who may.
"""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db import transaction
from django.test import Client
from django.urls import reverse

from gateway.api import api
from gateway.domain.audit import Actor
from gateway.domain.catalog import Scope
from gateway.models import ApiKey, Budget, FaultRule, Limit, Provider, Tenant, User
from gateway.services import configuration, keys, tenants
from gateway.services.keys import KeyWish

pytestmark = pytest.mark.django_db
TARGET = {"provider": "local", "model": "qwen"}
LIMIT = {"dimension": "key", "amount": 5}
FAULT = {"name": "f2", "profile": "cut"}
BUDGET = {"tenant": "acme", "limit_microusd": 5}


@dataclass(frozen=True)
class Row:
    """A call, and what it takes: permissions, or a key of one of the scopes."""

    method: str
    path: str
    needs: str
    body: Any = None
    scopes: tuple[Scope, ...] = ()
    like: str = field(default="")  # the path in the API's description, where it differs

    @property
    def permissions(self) -> set[str]:
        return set(self.needs.split())


FAULTS, USAGE = (Scope.FAULTS,), (Scope.USAGE,)
ROWS = [
    Row("GET", "/tenants", "view_tenant"),
    Row("POST", "/tenants", "add_tenant", {"name": "new"}),
    Row("GET", "/tenants/acme", "view_tenant", like="/tenants/{name}"),
    Row("PATCH", "/tenants/acme", "change_tenant", {"title": "x"}, like="/tenants/{name}"),
    Row(
        "PATCH",
        "/tenants/acme",
        "change_tenant add_limit delete_limit",
        {"limits": [LIMIT]},
        like="/tenants/{name}",
    ),
    Row("DELETE", "/tenants/empty", "delete_tenant", like="/tenants/{name}"),
    Row("GET", "/keys", "view_apikey"),
    Row("POST", "/keys", "add_apikey", {"tenant": "acme"}),
    Row("POST", "/keys", "add_apikey add_limit", {"tenant": "acme", "rpm": 5}),
    Row("POST", "/keys", "add_apikey add_budget", {"tenant": "acme", "budget_microusd": 5}),
    Row("POST", "/keys", "add_apikey add_faultrule", {"tenant": "acme", "scopes": ["faults"]}),
    Row("POST", "/keys", "add_apikey view_usagerecord", {"tenant": "acme", "scopes": ["usage"]}),
    Row("GET", "/keys/KEY", "view_apikey", like="/keys/{key_id}"),
    Row("PATCH", "/keys/KEY", "change_apikey", {"name": "x"}, like="/keys/{key_id}"),
    Row(
        "PATCH",
        "/keys/KEY",
        "change_apikey add_limit delete_limit",
        {"limits": []},
        like="/keys/{key_id}",
    ),
    Row(
        "PATCH",
        "/keys/KEY",
        "change_apikey add_faultrule",
        {"scopes": ["faults"]},
        like="/keys/{key_id}",
    ),
    Row("POST", "/keys/KEY/rotate", "change_apikey", like="/keys/{key_id}/rotate"),
    Row("POST", "/keys/KEY/revoke", "change_apikey", like="/keys/{key_id}/revoke"),
    Row("GET", "/limits", "view_limit"),
    Row("POST", "/limits", "add_limit", LIMIT),
    Row("DELETE", "/limits/LIMIT", "delete_limit", like="/limits/{limit_id}"),
    Row("GET", "/budgets", "view_budget"),
    Row("POST", "/budgets", "view_budget change_budget", BUDGET),
    Row("POST", "/budgets", "view_budget add_budget", {**BUDGET, "period": "day"}),
    Row("DELETE", "/budgets/BUDGET", "delete_budget", like="/budgets/{budget_id}"),
    Row("GET", "/usage", "view_usagerecord", scopes=USAGE),
    Row("GET", "/providers", "view_provider"),
    Row("POST", "/providers", "add_provider", {"name": "p", "adapter": "scripted"}),
    Row("GET", "/providers/local", "view_provider", like="/providers/{name}"),
    Row("PATCH", "/providers/local", "change_provider", {}, like="/providers/{name}"),
    Row("DELETE", "/providers/spare", "delete_provider", like="/providers/{name}"),
    Row("POST", "/providers/spare/test", "change_provider", like="/providers/{name}/test"),
    Row("GET", "/routes", "view_route"),
    Row("POST", "/routes", "add_route", {"model": "m2", "targets": [TARGET]}),
    Row("GET", "/routes/fast", "view_route", like="/routes/{path}"),
    Row("PATCH", "/routes/fast", "change_route", {"targets": [TARGET]}, like="/routes/{path}"),
    Row("DELETE", "/routes/fast", "delete_route", like="/routes/{path}"),
    Row("GET", "/faults", "view_faultrule", scopes=FAULTS),
    Row("POST", "/faults", "add_faultrule", FAULT, scopes=FAULTS),
    Row("DELETE", "/faults/own", "delete_faultrule", scopes=FAULTS, like="/faults/{name}"),
    Row("POST", "/explain", "view_route", {"model": "fast"}),
    Row(
        "POST",
        "/explain",
        "view_route view_apikey view_limit view_budget",
        {"model": "fast", "key": "KEY"},
    ),
    Row("GET", "/audit", "view_auditentry"),
]
#: Pages of the admin, and what each takes; a POST without a form's fields is drawn again.
PAGES = [
    *(
        (verb, f"{kind}:{page}", f"{action}_{kind}")
        for kind in (
            "tenant",
            "apikey",
            "provider",
            "route",
            "limit",
            "budget",
            "faultrule",
            "price",
        )
        for verb, page, action in (
            ("GET", "changelist", "view"),
            ("GET", "add", "add"),
            ("POST", "add", "add"),
        )
    ),
    *(("GET", f"{kind}:changelist", f"view_{kind}") for kind in ("auditentry", "usagerecord")),
    ("GET", "usageday:changelist", "view_usageday"),
    *(
        ("GET", f"{kind}:change", f"view_{kind}")
        for kind in ("tenant", "apikey", "provider", "route", "limit", "budget", "faultrule")
    ),
    *(
        ("POST", f"{kind}:change", f"change_{kind}")
        for kind in ("tenant", "apikey", "provider", "route", "limit", "budget", "faultrule")
    ),
    *(
        ("GET", f"{kind}:delete", f"delete_{kind}")
        for kind in ("tenant", "provider", "limit", "budget", "faultrule")
    ),
    ("POST", "apikey:rotate", "change_apikey"),
    ("POST", "apikey:revoke", "change_apikey"),
    ("POST", "provider:try", "change_provider"),
    ("GET", "route:explain", "view_route"),
]


@dataclass(frozen=True)
class House:
    """One of everything."""

    key: ApiKey
    ids: dict[str, object]

    def path(self, path: str) -> str:
        """Return the path with the ids of what is there."""
        for word in ("KEY", "LIMIT", "BUDGET"):
            path = path.replace(word, str(self.ids[word]))
        return path


@pytest.fixture
def house(tenant: Tenant, provider: Provider, ada: Actor) -> House:
    """One of everything, with a tenant and a provider nobody needs."""
    tenants.add(name="empty", actor=ada)
    configuration.add_provider(name="spare", fields={"adapter": "scripted"}, actor=ada)
    configuration.put_route(model="fast", fields={}, targets=[TARGET], actor=ada)
    wish = KeyWish(requests_per_minute=5)
    key = keys.create(tenant=tenant, wish=wish, actor=ada).row
    configuration.add_fault(name="own", fields={"profile": "cut"}, tenant=tenant, actor=ada)
    with configuration.change(actor=ada) as making:
        budget = tenants.put_budget(subject=tenant, limit_microusd=9, making=making)
    ids = {"KEY": key.pk, "LIMIT": Limit.objects.get().pk, "BUDGET": budget.pk}
    return House(key, ids)


def account(name: str, permissions: set[str]) -> Client:
    """Return a browser with somebody who may just that."""
    user = User.objects.create_user(name, is_staff=True)
    found = Permission.objects.filter(content_type__app_label="gateway", codename__in=permissions)
    assert found.count() == len(permissions), permissions
    user.user_permissions.set(found)
    client = Client()
    client.force_login(user)
    return client


def everything_but(permission: str) -> set[str]:
    codes = Permission.objects.filter(content_type__app_label="gateway")
    return set(codes.values_list("codename", flat=True)) - {permission}


def asked(client: Client, house: House, row: Row, *, secret: str = "") -> int:
    """Return the status."""
    body = house.path(json.dumps(row.body)) if row.body is not None else b""
    return client.generic(
        row.method,
        f"/api/gateway{house.path(row.path)}",
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"} if secret else {},
    ).status_code


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.path} {row.needs}")
def test_a_call_takes_these_permissions_and_each_of_them(house: House, row: Row):
    for missing in row.permissions:
        assert asked(account(missing, everything_but(missing)), house, row) == 403, missing
    assert asked(account("just", row.permissions), house, row) in {200, 201, 204}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.path} {row.needs}")
def test_a_call_takes_a_key_of_the_right_scope(house: House, row: Row, ada: Actor):
    for scope in Scope:
        with transaction.atomic():
            made = keys.create(tenant=house.key.tenant, wish=KeyWish(scopes=[scope]), actor=ada)
            status = asked(Client(), house, row, secret=made.secret)
            transaction.set_rollback(True)
        may = scope is Scope.MANAGE or scope in row.scopes
        assert (status in {200, 201, 204}) is may, scope
        assert may or status == 403


def test_every_call_of_the_api_has_its_row():
    described = {
        (method.upper(), path.removeprefix("/api/gateway").replace("{path:", "{"))
        for path, methods in api.get_openapi_schema()["paths"].items()
        for method in methods
    }
    told = {(row.method, row.like or row.path) for row in ROWS}

    assert {(m, p.replace("{model}", "{path}")) for m, p in described} == told


def page_of(house: House, name: str) -> str:
    kind, _, action = name.partition(":")
    rows: dict[str, Any] = {
        "tenant": Tenant.objects.get(name="empty" if action == "delete" else "acme").pk,
        "apikey": house.key.pk,
        "provider": Provider.objects.get(name="spare").pk,
        "limit": house.ids["LIMIT"],
        "budget": house.ids["BUDGET"],
        "faultrule": FaultRule.objects.get().pk,
        "route": configuration.find_route("fast").pk,
    }
    is_of_one = action not in {"changelist", "add", "explain"}
    return reverse(f"admin:gateway_{kind}_{action}", args=[rows[kind]] if is_of_one else [])


@pytest.mark.parametrize(("method", "page", "needs"), PAGES)
def test_a_page_takes_this_permission(house: House, method: str, page: str, needs: str):
    path = page_of(house, page)
    # Who may change a thing may see it; nobody else sees a page they may not.
    lacking = everything_but(needs) - {needs.replace("view_", "change_")}

    assert account("lacking", lacking).generic(method, path).status_code == 403
    just = account("just", {needs})
    assert just.generic(method, path).status_code in {200, 302}


def test_every_page_of_the_admin_has_its_row():
    named = {
        url.name.removeprefix("gateway_").replace("_", ":", 1)
        for model, page in admin.site._registry.items()
        if model._meta.app_label == "gateway" and model is not User
        for url in page.get_urls()
        if url.name
    }
    not_ours = {name for name in named if name.endswith(":history")}
    never = {
        *("auditentry:add", "auditentry:change", "auditentry:delete"),
        *("usagerecord:add", "usagerecord:change", "usagerecord:delete"),
        *("usageday:add", "usageday:change", "usageday:delete"),
        *("apikey:delete", "price:change", "price:delete", "route:delete"),
    }
    assert named - not_ours - never == {page for _method, page, _needs in PAGES}


# --- who gives a key more than they have ---


@pytest.mark.parametrize("scope", ["usage", "faults", "manage"])
def test_a_key_that_may_more_than_you_is_not_yours_to_touch(house: House, ada: Actor, scope: str):
    key = keys.create(tenant=house.key.tenant, wish=KeyWish(scopes=[scope]), actor=ada).row
    clerk = account("clerk", {"view_apikey", "add_apikey", "change_apikey"})
    for row in (
        Row("PATCH", f"/keys/{key.pk}", "", {"name": "mine"}),
        Row("POST", f"/keys/{key.pk}/rotate", ""),
        Row("POST", f"/keys/{key.pk}/revoke", ""),
    ):
        assert asked(clerk, house, row) == 403
    for action in ("change", "rotate", "revoke"):
        page = reverse(f"admin:gateway_apikey_{action}", args=[key.pk])
        assert clerk.post(page, {"name": "mine"}).status_code == 403

    key.refresh_from_db()
    assert (key.name, key.revoked_at) == ("", None)


def test_the_form_of_a_new_key_offers_what_one_may_give(house: House):
    clerk = account("clerk", {"add_apikey"})
    other = account("other", {"add_apikey", "add_limit", "view_usagerecord"})
    path = reverse("admin:gateway_apikey_add")
    fields = {"tenant": house.key.tenant_id, "scopes": ["chat"], "requests_per_minute": "1"}

    plain, more = clerk.get(path).content.decode(), other.get(path).content.decode()
    clerk.post(path, fields)

    assert ("requests_per_minute" in plain, 'value="usage"' in plain) == (False, False)
    assert ("requests_per_minute" in more, 'value="usage"' in more) == (True, True)
    assert not ApiKey.objects.latest("created_at").limits.exists()
    assert Limit.objects.count() == 1


def test_budgets_are_shown_by_explain_to_who_may_see_them(house: House):
    path = reverse("admin:gateway_route_explain")
    asking = {"model": "fast", "input_tokens": 10, "key": house.key.pk}

    clerk = account("clerk", {"view_route"}).get(path, asking).content.decode()

    assert ('name="key"' in clerk, "tenant:acme" in clerk) == (False, False)


@pytest.mark.parametrize("action", ["change", "delete", "password_change", "add"])
def test_nobody_raises_themselves(db: None, action: str):
    """Neither by their own account, nor by a group's, nor by somebody else's password."""
    boss = User.objects.create_superuser("boss")
    clerk = account("clerk", {f"{verb}_user" for verb in ("add", "change", "delete", "view")})
    name = "admin:auth_user_password_change" if action == "password_change" else ""
    path = reverse(
        name or f"admin:gateway_user_{action}", args=[] if action == "add" else [boss.pk]
    )

    assert clerk.post(path, {"is_superuser": "on", "post": "yes"}).status_code == 403
    assert User.objects.filter(is_superuser=True).count() == 1


# --- faults of one's own ---


def test_a_key_sets_faults_for_its_own_tenant_alone(house: House, ada: Actor):
    other = tenants.find("empty")
    for name, owner in (("theirs", other), ("all", None)):
        configuration.add_fault(name=name, fields={"profile": "cut"}, tenant=owner, actor=ada)
    secret = keys.create(tenant=house.key.tenant, wish=KeyWish(scopes=["faults"]), actor=ada).secret

    def ask(method: str, path: str, body: Any = None) -> tuple[int, Any]:
        found = Client().generic(
            method,
            f"/api/gateway{path}",
            json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )
        return found.status_code, json.loads(found.content or b"null")

    assert [one["name"] for one in ask("GET", "/faults")[1]] == ["own"]
    assert ask("POST", "/faults", {**FAULT, "tenant": "empty"})[0] == 403
    status, made = ask("POST", "/faults", FAULT)
    assert (status, made["tenant"]) == (201, "acme")
    assert [ask("DELETE", f"/faults/{name}")[0] for name in ("theirs", "all")] == [404, 404]
    assert ask("DELETE", "/faults/own")[0] == 204
    names = FaultRule.objects.order_by("name").values_list("name", "tenant__name")
    assert list(names) == [("all", None), ("f2", "acme"), ("theirs", "empty")]


def test_a_tenant_has_only_so_many_faults(house: House, ada: Actor):
    FaultRule.objects.bulk_create(
        FaultRule(name=f"n{number}", profile="cut", tenant=house.key.tenant)
        for number in range(configuration.MOST_FAULTS_OF_A_TENANT - 1)
    )
    with pytest.raises(Exception, match="32 faults at most"):
        configuration.add_fault(
            name="more", fields={"profile": "cut"}, tenant=house.key.tenant, actor=ada
        )


def test_an_operator_sets_faults_for_anybody(house: House):
    boss = account("boss", {"add_faultrule"})
    for name, owner in (("a", ""), ("b", "acme"), ("c", "empty")):
        row = Row("POST", "/faults", "", {"name": name, "profile": "cut", "tenant": owner})
        assert asked(boss, house, row) == 201
    row = Row("POST", "/faults", "", {"name": "d", "profile": "cut", "tenant": "ghost"})
    assert asked(boss, house, row) == 404
    owners = FaultRule.objects.order_by("name").values_list("tenant__name", flat=True)
    assert list(owners) == [None, "acme", "empty", "acme"]
    assert Budget.objects.count() == 1
