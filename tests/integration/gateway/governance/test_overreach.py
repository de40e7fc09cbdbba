"""What somebody who may do something cannot make of it."""

import json
from io import StringIO

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.test import Client

from gateway.domain.audit import Actor
from gateway.domain.configuration import ConfigurationError
from gateway.models import ApiKey, Provider, Tenant, User
from gateway.services import configuration, keys
from gateway.services.keys import KeyWish

pytestmark = pytest.mark.django_db
SECRET = "sk-canary-0123456789"


@pytest.fixture
def clerk() -> Client:
    """A browser with somebody who may make and change keys, and nothing else."""
    user = User.objects.create_user("clerk", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__endswith="_apikey"))
    client = Client()
    client.force_login(user)
    return client


def send(client: Client, method: str, path: str, body: object) -> int:
    """Return the status."""
    data = json.dumps(body)
    found = client.generic(method, f"/api/gateway{path}", data, content_type="application/json")
    return found.status_code


def test_who_makes_keys_makes_none_that_manages(clerk: Client, tenant: Tenant, ada: Actor):
    boss = keys.create(tenant=tenant, wish=KeyWish(scopes=["manage"]), actor=ada).row
    plain = keys.create(tenant=tenant, wish=KeyWish(), actor=ada).row

    assert send(clerk, "POST", "/keys", {"tenant": "acme", "scopes": ["manage"]}) == 403
    assert send(clerk, "PATCH", f"/keys/{plain.pk}", {"scopes": ["chat", "manage"]}) == 403
    assert send(clerk, "POST", f"/keys/{boss.pk}/rotate", {}) == 403
    assert send(clerk, "POST", "/keys", {"tenant": "acme", "scopes": ["chat"]}) == 201
    assert send(clerk, "POST", f"/keys/{plain.pk}/rotate", {}) == 201
    assert [row.pk for row in ApiKey.objects.all() if "manage" in row.scopes] == [boss.pk]


def test_the_admin_keeps_to_that_rule_as_well(clerk: Client, tenant: Tenant, ada: Actor):
    boss = keys.create(tenant=tenant, wish=KeyWish(scopes=["manage"]), actor=ada).row
    wished = {"tenant": tenant.pk, "name": "n", "scopes": ["manage"], "model_patterns": ""}

    page = clerk.get("/admin/gateway/apikey/add/").content.decode()
    assert 'value="chat"' in page
    assert 'value="manage"' not in page
    assert clerk.post("/admin/gateway/apikey/add/", wished).status_code == 200  # shown again
    assert clerk.post(f"/admin/gateway/apikey/{boss.pk}/rotate/").status_code == 403
    assert [row.pk for row in ApiKey.objects.all()] == [boss.pk]


def test_who_may_manage_everything_lets_a_key_do_so(operator: Client, tenant: Tenant):
    assert send(operator, "POST", "/keys", {"tenant": "acme", "scopes": ["manage"]}) == 201


@pytest.mark.parametrize(
    "fields",
    [
        {"base_url": "http://thief.example/v1"},
        {"base_url": "http://127.0.0.1:10/v1"},
        {"base_url": "https://127.0.0.1:9/v1"},
        {"base_url": "", "vendor": "deepseek"},
    ],
)
def test_a_sealed_credential_is_not_sent_to_another_server(
    provider: Provider, ada: Actor, fields: dict[str, str]
):
    configuration.change_provider(name="local", fields={}, credential=SECRET, actor=ada)

    with pytest.raises(ConfigurationError, match="given for another address"):
        configuration.change_provider(name="local", fields=fields, actor=ada)

    assert Provider.objects.get().base_url == "http://127.0.0.1:9/v1"
    configuration.change_provider(name="local", fields=fields, credential=SECRET, actor=ada)
    assert Provider.objects.get().base_url == fields["base_url"]


def test_another_path_on_the_same_server_is_no_other_server(provider: Provider, ada: Actor):
    configuration.change_provider(name="local", fields={}, credential=SECRET, actor=ada)
    configuration.change_provider(
        name="local", fields={"base_url": "http://127.0.0.1:9/v2/"}, actor=ada
    )
    assert Provider.objects.get().base_url == "http://127.0.0.1:9/v2"


# --- what is sent to a vendor as it was written ---


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"location": "thief.example/"}, "location is made of small letters"),
        ({"header.X": "1"}, "This adapter has no option header.X; it has project, location"),
    ],
)
def test_no_option_leads_a_credential_to_another_server(
    provider: Provider, ada: Actor, options: dict[str, str], told: str
):
    fields = {"adapter": "gemini", "vendor": "vertex", "options": {"project": "p"}}
    configuration.add_provider(name="v", fields=fields, credential=SECRET, actor=ada)

    with pytest.raises(ConfigurationError, match=told):
        configuration.change_provider(name="v", fields={"options": options}, actor=ada)

    assert Provider.objects.get(name="v").options == {"project": "p"}


@pytest.mark.parametrize("credential", ["sk-a\r\nHost: thief", "ключ", "sk-\x00"])
def test_no_credential_says_more_than_a_header_can(provider: Provider, ada: Actor, credential: str):
    with pytest.raises(ConfigurationError, match="one line of plain letters"):
        configuration.change_provider(name="local", fields={}, credential=credential, actor=ada)


def test_an_option_is_refused_alike_by_every_door(operator: Client, provider: Provider):
    told = "auth is one of: bearer, api-key, none."
    answer = operator.patch(
        "/api/gateway/providers/local",
        json.dumps({"options": {"auth": "basic"}}),
        content_type="application/json",
    )
    page = operator.get(f"/admin/gateway/provider/{provider.pk}/change/")
    fields = {**page.context["adminform"].form.initial, "options": "auth = basic", "_save": "1"}
    kept = {name: value for name, value in fields.items() if value is not None}
    shown = operator.post(f"/admin/gateway/provider/{provider.pk}/change/", kept)
    output = StringIO()
    with pytest.raises(CommandError, match="auth is one of: bearer, api-key, none"):
        call_command(
            *("gateway", "provider", "add", "x", "--adapter", "openai"),
            *("--base-url", "http://x.example", "--option", "auth=basic"),
            stdout=output,
        )

    assert answer.json()["problems"] == [
        {"subject": "provider:local", "field": "options", "message": told}
    ]
    assert told in shown.content.decode()
    assert Provider.objects.get().options == {}
