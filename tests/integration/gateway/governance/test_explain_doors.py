"""Explaining and trying out through the three doors, on the real shared store."""

import io
import json

import pytest
from bs4 import BeautifulSoup
from django.core.management import CommandError, call_command
from django.test import Client

from gateway.domain.audit import Actor
from gateway.models import AuditEntry, UsageRecord, User
from gateway.services import configuration, keys, tenants
from gateway.services.keys import KeyWish, NewKey


@pytest.fixture
def made(database: None, ada: Actor) -> NewKey:
    """A key with a limit and a budget."""
    wish = KeyWish(requests_per_minute=5, budget_microusd=1_000_000)
    return keys.create(tenant=tenants.add(name="acme", actor=ada), wish=wish, actor=ada)


@pytest.fixture
def browser(database: None) -> Client:
    """A browser with an operator signed in."""
    client = Client()
    user = User.objects.create_user("ada", password="x", is_staff=True, is_superuser=True)
    client.force_login(user)
    return client


def run(*words: str) -> str:
    out = io.StringIO()
    call_command("gateway", "explain", *words, stdout=out, no_color=True)
    return out.getvalue()


def test_in_a_terminal(made: NewKey):
    told = run("--model", "scripted", "--key", made.row.pk, "--input-tokens", "10")

    assert told.startswith("ok: It would go to scripted/scripted.")
    assert "1. scripted/scripted" in told
    assert "requests:key" in told
    assert f"key:{made.row.pk}" in told
    assert json.loads(run("--model", "ghost", "--json"))["code"] == "unknown_model"
    assert "- " in run("--model", "scripted", "--needs", "tools")
    with pytest.raises(CommandError):
        run("--model", "scripted", "--needs", "telepathy")


def test_over_the_api(made: NewKey, browser: Client):
    question = {"model": "scripted", "key": made.row.pk}
    response = browser.post("/api/gateway/explain", question, content_type="application/json")

    found = response.json()
    assert (found["code"], found["limits"][0]["remaining"]) == ("ok", 5)
    assert found["budgets"][0]["spent_microusd"] == 0
    assert UsageRecord.objects.count() == 0


def test_on_a_page_in_the_reader_s_language(made: NewKey, browser: Client):
    browser.cookies["language"] = "zh-hans"
    page = "/admin/gateway/route/explain/"
    asked = browser.get(page, {"model": "scripted", "key": made.row.pk, "input_tokens": "10"})

    verdict = BeautifulSoup(asked.content, "html.parser").select_one(".verdict")
    assert verdict is not None
    assert verdict.get_text(" ", strip=True) == "会走 scripted/scripted。 ok"
    wrong = browser.get(page, {"model": "ghost", "input_tokens": "10"})
    assert not BeautifulSoup(wrong.content, "html.parser").select(".verdict")


def test_a_fault_on_purpose_is_told_of_to_whom_it_hits(made: NewKey, browser: Client, ada: Actor):
    other = tenants.add(name="other", actor=ada)
    for name, owner in (("drill", made.row.tenant), ("theirs", other)):
        fields = {"profile": "stall", "seconds": 2.0, "probability": 0.25}
        configuration.add_fault(name=name, fields=fields, tenant=owner, actor=ada)
    question = {"model": "scripted", "key": made.row.pk}

    response = browser.post("/api/gateway/explain", question, content_type="application/json")
    page = browser.get("/admin/gateway/route/explain/", {**question, "input_tokens": "10"})
    told = run("--model", "scripted", "--key", made.row.pk)

    assert response.json()["faults"] == [
        {
            "fault": "drill",
            "profile": "stall",
            "targets": ["scripted/scripted"],
            "probability": 0.25,
        }
    ]
    assert "25.0 %" in page.content.decode()
    assert ("drill" in told, "theirs" in told) == (True, False)


def test_a_provider_is_tried_out_over_the_api(browser: Client, ada: Actor):
    configuration.add_provider(name="mine", fields={"adapter": "scripted"}, actor=ada)

    response = browser.post("/api/gateway/providers/mine/test", {}, "application/json")

    assert (response.json()["is_ok"], response.json()["code"]) == (True, "ok")
    entry = AuditEntry.objects.latest("pk")
    assert (entry.verb, entry.via) == ("tested", "api")
    assert (
        browser.post("/api/gateway/providers/ghost/test", {}, "application/json").status_code == 404
    )
