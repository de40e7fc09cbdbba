"""Operators work in the admin: everything goes through the one service, nothing tells a secret."""

import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from gateway import runtime
from gateway.admin.fields import PairsField, SharesField, UsdField, usd
from gateway.domain.audit import Actor
from gateway.domain.breaker import CLOSED, BreakerState, Standing
from gateway.domain.errors import StateUnavailableError
from gateway.models import (
    ApiKey,
    AuditEntry,
    Budget,
    FaultRule,
    Limit,
    Price,
    Provider,
    Route,
    Tenant,
    UsageRecord,
)
from gateway.services import configuration, keys, tenants
from gateway.services.keys import KeyWish

pytestmark = pytest.mark.django_db
TARGET = {"provider": "local", "model": "qwen"}


def url(kind: str, action: str, *args: Any) -> str:
    return reverse(f"admin:gateway_{kind}_{action}", args=args)


def form_of(client: Client, page: str) -> dict[str, Any]:
    """Return what a browser would send back if the operator changed nothing."""
    soup = BeautifulSoup(client.get(page).content, "html.parser")
    form = soup.select_one("#content-main form[id$=_form]")
    assert form is not None
    data: dict[str, Any] = {}
    for field in form.select("input[name], select[name], textarea[name]"):
        if "__prefix__" in field["name"] or field.get("form"):
            continue
        data.setdefault(field["name"], []).extend(_value(field))
    return {name: values for name, values in data.items() if values}


def _value(field: Any) -> list[str]:
    if field.name == "textarea":
        return [field.text.removeprefix("\r\n").removeprefix("\n")]
    if field.name == "select":
        return [o.get("value", o.text) for o in field.select("option[selected]")] or [""]
    if field.get("type") in {"submit", "button"}:
        return []
    if field.get("type") in {"checkbox", "radio"}:
        return [field.get("value", "on")] if field.has_attr("checked") else []
    return [field.get("value", "")]


def save(client: Client, page: str, **changes: Any) -> HttpResponse:
    data = {**form_of(client, page), **changes, "_save": "Save"}
    kept = {name: value for name, value in data.items() if value is not None}
    return client.post(page, kept, follow=True)


def told(response: HttpResponse, *where: str) -> str:
    soup = BeautifulSoup(response.content, "html.parser")
    found = soup.select(", ".join(where or (".errorlist", ".messagelist li", ".errornote")))
    return " ".join(node.get_text(" ", strip=True) for node in found)


def inline(prefix: str, *rows: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of an inline table with new rows."""
    return {
        f"{prefix}-TOTAL_FORMS": len(rows),
        f"{prefix}-INITIAL_FORMS": 0,
        **{
            f"{prefix}-{n}-{name}": value
            for n, row in enumerate(rows)
            for name, value in row.items()
        },
    }


# --- keys ---


def make_key(operator: Client, **changes: Any) -> str:
    tenant = Tenant.objects.get()
    response = save(operator, url("apikey", "add"), tenant=tenant.pk, **changes)
    secret = BeautifulSoup(response.content, "html.parser").select_one("#secret")
    assert secret is not None, told(response)
    assert "no-store" in response["Cache-Control"]
    return secret.text


def test_a_new_key_is_shown_in_one_answer_only(operator: Client, tenant: Tenant):
    secret = make_key(
        operator, name="bot", model_patterns="scripted", requests_per_minute="9", budget="2.5"
    )

    row = keys.by_secret(secret)
    assert row is not None
    assert (row.name, row.model_patterns, row.created_by) == ("bot", ["scripted"], "ada")
    assert (row.limits.get().amount, row.budgets.get().limit_microusd) == (9, 2_500_000)
    for page in (
        url("apikey", "change", row.pk),
        url("apikey", "changelist"),
        url("tenant", "change", tenant.pk),
        url("auditentry", "changelist"),
        url("apikey", "history", row.pk),
    ):
        response = operator.get(page)
        assert response.status_code == 200
        assert secret not in response.content.decode()


def test_a_key_is_rotated_and_shown_once_more_or_never(operator: Client, tenant: Tenant):
    old = make_key(operator)
    row = keys.by_secret(old)

    response = operator.post(url("apikey", "rotate", row.pk), {"grace": "24"})
    new = BeautifulSoup(response.content, "html.parser").select_one("#secret").text

    assert keys.by_secret(new).rotated_from_id == row.pk
    assert keys.by_secret(old) is not None
    assert new not in operator.get(url("apikey", "change", keys.by_secret(new).pk)).content.decode()


def test_a_key_is_revoked_by_a_post_alone(operator: Client, tenant: Tenant):
    secret = make_key(operator)
    page = url("apikey", "revoke", keys.by_secret(secret).pk)

    assert operator.get(page).status_code == 405
    assert "revoked" in told(operator.post(page, follow=True))

    assert keys.by_secret(secret) is None
    assert "is revoked" in told(operator.post(page.replace("revoke", "rotate"), follow=True))
    assert operator.post(url("apikey", "revoke", "ghost")).status_code == 404
    assert not BeautifulSoup(
        operator.get(url("apikey", "change", ApiKey.objects.get().pk)).content, "html.parser"
    ).select(".endings")


def test_a_key_s_page_changes_what_it_may(operator: Client, tenant: Tenant):
    row = keys.by_secret(make_key(operator))
    page = url("apikey", "change", row.pk)

    response = save(
        operator,
        page,
        scopes=["chat"],
        model_patterns="scripted，gpt-*",
        name="other",
        **inline(
            "limits",
            {
                "amount": 5,
                "unit": "requests",
                "dimension": "key",
                "window_seconds": 60,
                "algorithm": "token_bucket",
                "burst": 0,
            },
        ),
        **inline("budgets", {"period": "day", "limit_microusd": "1", "alerts": "50, 100"}),
    )

    assert "No route is called like gpt-*" in told(response)
    row.refresh_from_db()
    assert (row.scopes, row.model_patterns, row.name) == (["chat"], ["scripted", "gpt-*"], "other")
    assert row.limits.get().amount == 5
    assert (row.budgets.get().limit_microusd, row.budgets.get().alerts) == (1_000_000, [0.5, 1.0])


def test_a_key_that_opens_nothing_is_refused_beside_its_field(operator: Client, tenant: Tenant):
    row = keys.by_secret(make_key(operator))

    response = save(operator, url("apikey", "change", row.pk), scopes=None)

    assert "This field is required." in told(response)
    row.refresh_from_db()
    assert row.scopes == ["chat", "embeddings", "models"]


def test_a_key_cannot_be_made_already_over(operator: Client, tenant: Tenant):
    response = save(
        operator,
        url("apikey", "add"),
        tenant=tenant.pk,
        expires_at_0="2001-01-01",
        expires_at_1="00:00:00",
    )

    assert "never be good" in told(response)
    assert not ApiKey.objects.exists()


# --- tenants ---


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


# --- providers ---


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


# --- routes ---


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


# --- limits, budgets, faults, prices ---


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


# --- records, languages ---


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


# --- fields ---


@pytest.mark.parametrize(
    ("microusd", "shown"),
    [(0, "$0.00"), (12_500_000, "$12.50"), (280_000, "$0.2800"), (7, "$0.000007")],
)
def test_money_is_shown_as_finely_as_it_needs(microusd: int, shown: str):
    assert usd(microusd) == shown


@pytest.mark.parametrize("typed", ["many", "-1", "nan", "1e30", "0.0000001"])
def test_what_is_no_amount_is_refused(typed: str):
    field = UsdField()
    with pytest.raises(Exception, match="amount|decimals"):
        field.clean(typed)
    assert field.has_changed(1, typed)


def test_fields_know_whether_something_changed():
    assert not UsdField().has_changed(1_500_000, "$1.50")
    assert not SharesField().has_changed([0.8, 1.0], "100, 80 %")
    assert SharesField().has_changed([0.8], "much")
    assert not PairsField().has_changed({"a": "b"}, "a = b\n\n")
    assert PairsField().has_changed({}, "nonsense")
