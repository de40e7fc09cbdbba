"""``manage.py gateway``: every desk, its lists for people and programs, its refusals."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection

from gateway.models import ApiKey, AuditEntry, FaultRule, Price, Provider, Route, Tenant
from gateway.services import keys

pytestmark = pytest.mark.django_db


def run(*words: str) -> tuple[str, str]:
    """Return what the command put out, and what it said beside it."""
    out, aside = io.StringIO(), io.StringIO()
    call_command("gateway", *words, stdout=out, stderr=aside, no_color=True)
    return out.getvalue(), aside.getvalue()


def listed(*words: str) -> Any:
    return json.loads(run(*words, "--json")[0])


def refused(*words: str) -> str:
    with pytest.raises(CommandError) as error:
        run(*words)
    return str(error.value)


@pytest.fixture
def ready() -> None:
    """A tenant, a provider and a route."""
    run("tenant", "add", "acme", "--title", "Acme \x1b[31mLtd")
    run("provider", "add", "local", "--adapter", "openai", "--vendor", "vllm", "--local")
    run("route", "add", "fast", "--target", "local/qwen", "--policy", "local_prefer")


def test_a_key_is_printed_once_and_alone(ready: None):
    out, aside = run(
        *("key", "create", "--tenant", "acme", "--models", "fa*", "--rpm", "9"),
        *("--budget", "2.50", "--name", "bot", "--expires", "2099-01-31"),
    )

    secret = out.strip()
    assert secret.startswith("sk-")
    assert secret not in aside
    row = keys.by_secret(secret)
    assert row is not None
    assert (row.name, row.model_patterns) == ("bot", ["fa*"])
    assert [limit.amount for limit in row.limits.all()] == [9]
    assert [budget.limit_microusd for budget in row.budgets.all()] == [2_500_000]
    assert secret not in run("key", "list")[0]
    assert listed("key", "list", "--tenant", "acme")[0]["expires"] == "2099-01-31T00:00+00:00"


def test_a_tenant_that_is_not_there_is_named_with_the_way_to_add_it():
    assert "gateway tenant add nobody" in refused("key", "create", "--tenant", "nobody")

    made = listed("key", "create", "--tenant", "nobody", "--create-tenant")
    assert keys.by_secret(made["key"]).pk == made["id"]


def test_keys_are_rotated_and_revoked(ready: None):
    made = listed("key", "create", "--tenant", "acme")
    new = listed("key", "rotate", made["id"], "--grace-hours", "1")
    run("key", "revoke", new["id"])

    assert keys.by_secret(made["key"]) is not None
    assert keys.by_secret(new["key"]) is None
    assert "no key ghost" in refused("key", "revoke", "ghost")
    assert ApiKey.objects.count() == 2


def test_lists_are_tables_in_which_nobody_s_words_act(ready: None):
    out, _ = run("tenant", "list")

    assert "\x1b" not in out
    assert "Acme \\x1b[31mLtd" in out
    assert listed("tenant", "list")[0]["title"] == "Acme \x1b[31mLtd"
    assert listed("provider", "list")[0]["vendor"] == "vllm"
    assert listed("route", "list")[0]["targets"] == ["local/qwen"]


def test_what_is_empty_says_so_beside_the_output():
    for desk in ("tenant", "key", "provider", "route", "price", "fault"):
        out, aside = run(desk, "list")
        assert (out, bool(aside)) == ("", True), desk
        assert listed(desk, "list") == []


def test_routes_providers_and_tenants_are_removed(ready: None):
    assert "Still needed by fast" in refused("provider", "remove", "local")

    run("route", "remove", "fast")
    run("provider", "remove", "local")
    run("tenant", "remove", "acme")

    assert [kind.objects.count() for kind in (Route, Provider, Tenant)] == [0, 0, 0]
    assert {row.via for row in AuditEntry.objects.all()} == {"cli"}


def test_a_route_s_further_options_are_kept_when_it_is_added_again(ready: None):
    run("route", "add", "fast", "--target", "local/b", "--cache", "30", "--coalesce")

    row = Route.objects.get()
    assert (row.policy, row.cache_seconds, row.is_coalesced) == ("local_prefer", 30.0, True)
    assert [str(target) for target in row.targets.all()] == ["local/b"]
    assert "not of the form provider/model" in refused("route", "add", "x", "--target", "local")


def test_a_credential_is_read_from_the_input(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("top-secret-credential\n"))
    run(
        *("provider", "add", "ds", "--adapter", "openai", "--vendor", "deepseek"),
        *("--credential-stdin", "--option", "auth=bearer"),
    )

    row = Provider.objects.get()
    assert (row.credential_last4, row.options) == ("tial", {"auth": "bearer"})
    assert "top-secret" not in json.dumps(listed("provider", "list"))


def test_a_rule_that_is_broken_is_told_in_its_own_words(ready: None):
    told = refused("provider", "add", "x", "--adapter", "openai", "--base-url", "ftp://x.example")

    assert told == "provider:x: An address begins with http:// or https:// and a host."


def test_prices_are_added_and_not_rewritten():
    run("price", "add", "deepseek", "chat*", "--input", "0.28", "--output", "0.42")
    name = Price.objects.get().name

    assert "already" in refused(
        "price", "add", "deepseek", "chat*", "--input", "1", "--output", "1"
    )
    assert listed("price", "list")[0]["input"] == "0.28"
    run(
        "price", "add", "deepseek", "chat*", "--input", "1", "--output", "1", "--from", "2099-01-01"
    )
    run("price", "remove", name)
    assert "no price called" in refused("price", "remove", name)
    assert Price.objects.get().valid_from.year == 2099


def test_faults_come_and_go(ready: None):
    run(
        *("fault", "add", "slow", "--profile", "latency", "--seconds", "2", "--route", "fast"),
        *("--minutes", "5", "--times", "3"),
    )

    (row,) = listed("fault", "list")
    assert (row["fault"], row["route"], row["times"]) == ("latency", "fast", 3)
    run("fault", "remove", "slow")
    assert not FaultRule.objects.exists()


@pytest.mark.parametrize(
    "words",
    [
        ("key", "create", "--tenant", "a", "--budget", "many"),
        ("key", "create", "--tenant", "a", "--budget", "0.0000001"),
        ("key", "create", "--tenant", "a", "--expires", "soon"),
        ("provider", "add", "x", "--adapter", "telex"),
        ("nothing",),
    ],
)
def test_words_that_mean_nothing_are_refused_before_anything_is_done(words: tuple[str, ...]):
    assert refused(*words).startswith("Error: ")
    assert not AuditEntry.objects.exists()


def test_the_configuration_goes_back_to_an_earlier_version(ready: None):
    before = listed("config", "history")[0]["version"]
    run("route", "add", "slow", "--target", "local/qwen")
    run("route", "remove", "fast")
    run("tenant", "add", "later")

    preview, _ = run("config", "rollback", str(before), "--dry-run")
    _, aside = run("config", "rollback", str(before))

    assert [line.split()[-1] for line in preview.splitlines()[1:]] == ["fast", "slow"]
    assert "at version 3; changes undone: 2." in aside
    assert "which stay: 1." in aside
    assert [row["model"] for row in listed("route", "list")] == ["fast"]


def test_going_back_to_a_version_that_never_was_is_refused(ready: None):
    assert "no version 99" in refused("config", "rollback", "99")
    assert run("config", "rollback", "99", "--dry-run")[1] == "There is nothing to undo.\n"


def test_without_a_database_one_sentence_says_so_at_once(monkeypatch: pytest.MonkeyPatch):
    there = connection.get_connection_params()
    nowhere = {**there, "host": "127.0.0.1", "port": 9}
    monkeypatch.setattr(connection, "get_connection_params", lambda: nowhere)

    with pytest.raises(CommandError) as error:
        run("tenant", "list")

    assert str(error.value) == (
        "No database answers. Start one with make run or make gateway,"
        " or name yours in DATABASE_URL."
    )
    assert error.value.returncode == 1


def test_a_database_that_goes_away_is_told_in_the_same_way(monkeypatch: pytest.MonkeyPatch):
    def away(*_args: object) -> None:
        raise OperationalError("server closed the connection: host=db.internal")

    monkeypatch.setattr("gateway.services.tenants.remove", lambda **_kwargs: away())

    told = refused("tenant", "remove", "acme")
    assert told.startswith("No database answers.")
