"""How large a figure may be: the same at every door, and no old row breaks a list."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from gateway.domain.audit import Actor
from gateway.domain.configuration import ConfigurationError
from gateway.models import ApiKey, FaultRule, Limit, Provider, Route, Tenant
from gateway.services import configuration, keys
from gateway.services.keys import KeyWish
from tests.integration.gateway.governance.admin.forms import TARGET, inline, save, told, url

pytestmark = pytest.mark.django_db
LIMIT = {
    "amount": "60",
    "unit": "requests",
    "dimension": "ip",
    "window_seconds": "60",
    "algorithm": "sliding_window",
    "burst": "0",
}
A_MONTH, A_DAY, EXACTLY = "2678400", "86400", "9007199254740991"


def listed(client: Client, kind: str) -> Any:
    """Return what the API lists; it has to answer."""
    response = client.get(f"/api/gateway/{kind}")
    assert response.status_code == 200, response.content
    return response.json()


@pytest.mark.parametrize(
    ("field", "typed", "most"),
    [
        ("window_seconds", "99999999", A_MONTH),
        ("amount", "9223372036854775807", EXACTLY),
        ("burst", "9223372036854775807", EXACTLY),
    ],
)
def test_a_limit_nobody_could_print_is_refused_beside_its_field(
    operator: Client, field: str, typed: str, most: str
):
    response = save(operator, url("limit", "add"), **{**LIMIT, field: typed})

    assert f"{most}." in told(response, f".field-{field} .errorlist")
    assert not Limit.objects.exists()
    assert listed(operator, "limits") == []


@pytest.mark.parametrize(
    ("field", "typed", "told_so"),
    [
        ("hedge_after_seconds", "1e9", "A number from 0.05 to 86400."),
        ("cache_seconds", "1e12", "A number from 0 to 86400."),
        ("n_retries", "3000", "A number from 0 to 10."),
        ("n_attempts", "51", "A number from 1 to 50."),
        ("total_seconds", "1e9", "A number from 0 to 86400."),
    ],
)
def test_a_route_nobody_could_print_is_refused_beside_its_field(
    operator: Client, provider: Provider, ada: Actor, field: str, typed: str, told_so: str
):
    targets = [TARGET, {**TARGET, "model": "other"}]
    row = configuration.put_route(model="fast", fields={}, targets=targets, actor=ada)

    response = save(operator, url("route", "change", row.pk), **{field: typed})

    assert told(response, f".field-{field} .errorlist, .errorlist") == told_so
    assert getattr(Route.objects.get(), field) == getattr(row, field)
    assert [route["model"] for route in listed(operator, "routes")] == ["fast"]


def test_a_bound_is_told_in_chinese_as_well(operator: Client, tenant: Tenant):
    operator.cookies["language"] = "zh-hans"

    response = save(
        operator,
        url("tenant", "change", tenant.pk),
        **inline("limits", {**LIMIT, "window_seconds": "99999999"}),
    )

    assert "请填 0.001 到 2678400 之间的数。" in told(response)


@pytest.mark.parametrize("seconds", ["99999999", "nan"])
def test_a_terminal_meets_the_same_bounds(provider: Provider, seconds: str):
    with pytest.raises(CommandError, match="A number from 0 to 86400"):
        call_command(
            *("gateway", "fault", "add", "slow", "--profile", "latency", "--seconds", seconds)
        )
    with pytest.raises(CommandError, match="A number from 0 to 86400"):
        call_command(
            *("gateway", "route", "add", "fast", "--target", "local/qwen", "--cache", seconds)
        )
    assert not FaultRule.objects.exists()
    assert not Route.objects.exists()


@pytest.mark.parametrize("patterns", [["x" * 5_000], ["x"] * 64 + ["y"] * 2 + list("abcdefgh")])
def test_patterns_have_a_length_and_a_number(tenant: Tenant, ada: Actor, patterns: list[str]):
    many = [f"{pattern}{at}" for at, pattern in enumerate(patterns)]

    with pytest.raises(
        ConfigurationError, match="At most 64 patterns, each of 128 letters or fewer"
    ):
        keys.create(tenant=tenant, wish=KeyWish(models=many), actor=ada)
    assert not ApiKey.objects.exists()


def test_a_long_pattern_is_refused_on_the_key_s_page(operator: Client, tenant: Tenant):
    response = save(
        operator, url("apikey", "add"), tenant=tenant.pk, model_patterns=f"gpt-*, {'x' * 5_000}"
    )

    assert "At most 64 patterns" in told(response, ".field-model_patterns .errorlist")


def test_no_old_row_keeps_a_list_from_being_read(
    operator: Client, provider: Provider, tenant: Tenant, ada: Actor
):
    """Rows from before there were bounds, or written by SQL."""
    key = keys.create(tenant=tenant, wish=KeyWish(requests_per_minute=5), actor=ada).row
    route = configuration.put_route(model="fast", fields={}, targets=[TARGET], actor=ada)
    endless = {"window_seconds": 99_999_999.0, "amount": 2**63 - 1}
    Limit.objects.update(**endless)
    Limit.objects.create(route=route, dimension="ip", **endless)
    Route.objects.update(cache_seconds=1e12, n_retries=3_000, total_seconds=1e9)
    route.targets.update(weight=32_000, quality=7.0)
    Provider.objects.update(wait_seconds=1e9)
    FaultRule.objects.create(
        name="old", profile="status", is_enabled=False, status=70, seconds=1e9, probability=0.0
    )
    ApiKey.objects.update(model_patterns=["x" * 5_000])

    assert {row["amount"] for row in listed(operator, "limits")} == {2**63 - 1}
    assert listed(operator, "keys")[0]["limits"][0]["window_seconds"] == 99_999_999.0
    (told_route,) = listed(operator, "routes")
    assert (told_route["n_retries"], told_route["targets"][0]["weight"]) == (3_000, 32_000)
    assert listed(operator, "providers")[0]["wait_seconds"] == 1e9
    assert listed(operator, "faults")[0]["status"] == 70
    assert listed(operator, f"keys/{key.pk}")["models"] == ["x" * 5_000]
    out = io.StringIO()
    call_command("gateway", "key", "list", stdout=out)
    assert max(map(len, out.getvalue().splitlines())) < 300
    out = io.StringIO()
    call_command("gateway", "key", "list", "--json", stdout=out)
    assert json.loads(out.getvalue())[0]["models"] == ["x" * 5_000]
