"""A key is shown once, changed, rotated and revoked in the admin."""

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from gateway.models import (
    ApiKey,
    Tenant,
)
from gateway.services import keys
from tests.integration.gateway.governance.admin.forms import inline, make_key, save, told, url

pytestmark = pytest.mark.django_db


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
