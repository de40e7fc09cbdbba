"""One way to change the configuration: checked as a whole, audited, told to everybody."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from gateway import checks
from gateway.domain import keys as rules
from gateway.domain.audit import Actor
from gateway.domain.catalog import Scope
from gateway.domain.configuration import ConfigurationError
from gateway.domain.errors import ConflictError, NotThereError
from gateway.domain.money import BudgetPeriod
from gateway.models import ApiKey, AuditEntry, Budget, Limit, Provider, Route, Tenant
from gateway.services import configuration, keys, tenants
from gateway.services.keys import KeyWish
from gateway.snapshot import reading

pytestmark = pytest.mark.django_db

TARGET = {"provider": "local", "model": "qwen"}


def log() -> list[tuple[str, str, str, str]]:
    """Return the audit log, oldest first."""
    rows = AuditEntry.objects.order_by("pk")
    return [(row.actor, row.verb, row.kind, row.subject) for row in rows]


# --- the log, the version, the word ---


def test_a_change_counts_the_version_and_is_written_down(tenant: Tenant, ada: Actor):
    tenants.edit(name="acme", fields={"title": "Acme Ltd"}, actor=ada)

    assert reading.version() == 2
    assert log() == [("ada", "created", "tenant", "acme"), ("ada", "changed", "tenant", "acme")]
    last = AuditEntry.objects.latest("pk")
    assert (last.via, last.version) == ("cli", 2)
    assert (last.before["title"], last.after["title"]) == ("", "Acme Ltd")


def test_saving_without_a_change_writes_nothing_down(tenant: Tenant, ada: Actor):
    tenants.edit(name="acme", fields={"title": ""}, actor=ada)

    assert log() == [("ada", "created", "tenant", "acme")]


def test_the_log_cannot_be_rewritten(tenant: Tenant):
    entry = AuditEntry.objects.get()
    entry.actor = "somebody else"

    with pytest.raises(TypeError, match="never changed"):
        entry.save()
    for statement in (
        "UPDATE gateway_auditentry SET actor = 'x'",
        "DELETE FROM gateway_auditentry",
    ):
        with pytest.raises(IntegrityError, match="keeps what was written"), transaction.atomic():
            connection.cursor().execute(statement)


# --- rules ---


def test_a_change_that_breaks_the_whole_leaves_nothing_behind(provider: Provider, ada: Actor):
    with pytest.raises(ConfigurationError, match="hedge needs a second target"):
        configuration.put_route(
            model="fast", fields={"hedge_after_seconds": 1.0}, targets=[TARGET], actor=ada
        )

    assert not Route.objects.exists()
    assert reading.version() == 1


def test_what_was_wrong_before_does_not_keep_a_repair_out(provider: Provider, ada: Actor):
    configuration.put_route(model="fast", fields={}, targets=[TARGET], actor=ada)
    Route.objects.update(hedge_after_seconds=1.0)
    Provider.objects.update(base_url="ftp://nowhere")

    configuration.change_provider(
        name="local", fields={"base_url": "http://127.0.0.1:9/v1/"}, actor=ada
    )

    assert Provider.objects.get().base_url == "http://127.0.0.1:9/v1"
    assert [p.field for p in reading.read().problems] == ["hedge_after_seconds"]


def test_a_row_s_own_rules_are_told_by_field(db: None, ada: Actor):
    with pytest.raises(ConfigurationError) as refused:
        tenants.add(name="acme", fields={"weight": 0}, actor=ada)

    assert [(p.subject, p.field) for p in refused.value.problems] == [("tenant:acme", "weight")]


def test_a_provider_that_is_needed_stays(provider: Provider, ada: Actor):
    configuration.put_route(model="fast", fields={}, targets=[TARGET], actor=ada)

    with pytest.raises(ConflictError, match="Still needed by fast"):
        configuration.remove_provider(name="local", actor=ada)

    configuration.remove_route(model="fast", actor=ada)
    configuration.remove_provider(name="local", actor=ada)
    assert log()[-2:] == [
        ("ada", "removed", "route", "fast"),
        ("ada", "removed", "provider", "local"),
    ]


@pytest.mark.parametrize("name", ["provider", "route", "fault"])
def test_what_is_not_there_cannot_be_removed(db: None, ada: Actor, name: str):
    remove = getattr(configuration, f"remove_{name}")
    with pytest.raises(NotThereError, match=f"no {name} called ghost"):
        remove(**{"model" if name == "route" else "name": "ghost"}, actor=ada)


def test_names_are_given_once(tenant: Tenant, provider: Provider, ada: Actor):
    configuration.add_fault(name="slow", fields={"profile": "cut"}, actor=ada)
    configuration.put_route(model="fast", fields={}, targets=[TARGET], actor=ada)
    for again in (
        lambda: tenants.add(name="acme", actor=ada),
        lambda: configuration.add_provider(name="local", fields={"adapter": "openai"}, actor=ada),
        lambda: configuration.add_fault(name="slow", fields={"profile": "cut"}, actor=ada),
        lambda: configuration.put_route(model="fast", fields={}, is_new=True, actor=ada),
    ):
        with pytest.raises(ConflictError, match="already"):
            again()


def test_a_check_tells_what_speaks_against_the_stored_configuration(
    provider: Provider, ada: Actor, monkeypatch: pytest.MonkeyPatch
):
    configuration.put_route(model="fast", fields={}, targets=[TARGET], actor=ada)
    Route.objects.update(hedge_after_seconds=1.0)

    assert checks.configuration_is_in_order(None) == []
    (warning,) = checks.configuration_is_in_order(None, databases=["default"])
    assert warning.msg == "route:fast: A hedge needs a second target; there is only one."

    def away() -> int:
        raise DatabaseError("no such table")

    monkeypatch.setattr(reading, "version", away)
    assert checks.configuration_is_in_order(None, databases=["default"]) == []


# --- providers ---


def test_a_credential_is_sealed_and_never_told(provider: Provider, ada: Actor):
    configuration.change_provider(
        name="local", fields={}, credential="sk-canary-0123456789", actor=ada
    )

    row = Provider.objects.get()
    assert "canary" not in row.credential_sealed
    assert row.credential_last4 == "6789"
    assert reading.read().catalog.providers["local"].credential.reveal() == "sk-canary-0123456789"
    assert AuditEntry.objects.latest("pk").after["credential_sealed"] == "***"
    assert "canary" not in repr(reading.read())


def test_a_credential_from_the_environment_takes_the_sealed_one_s_place(
    provider: Provider, ada: Actor, settings
):
    settings.PROVIDER_API_KEYS = {"LOCAL_API_KEY": "from-outside"}
    configuration.change_provider(name="local", fields={}, credential="inside", actor=ada)
    configuration.change_provider(
        name="local", fields={"credential_env": "LOCAL_API_KEY"}, actor=ada
    )

    assert Provider.objects.get().credential_sealed == ""
    assert reading.read().catalog.providers["local"].credential.reveal() == "from-outside"


def test_no_other_variable_is_ever_sent_to_a_vendor(provider: Provider, ada: Actor):
    with pytest.raises(ConfigurationError, match="_API_KEY"):
        configuration.change_provider(
            name="local", fields={"credential_env": "SECRET_KEY"}, actor=ada
        )


def test_a_variable_that_is_not_set_is_warned_of(provider: Provider, ada: Actor, settings):
    settings.PROVIDER_API_KEYS = {}
    configuration.change_provider(name="local", fields={"credential_env": "A_API_KEY"}, actor=ada)

    assert [problem.field for problem in reading.read().problems] == ["credential_env"]


def test_another_secret_key_opens_no_credential(provider: Provider, ada: Actor, settings):
    configuration.change_provider(name="local", fields={}, credential="inside", actor=ada)
    settings.SECRET_KEY = "another one"

    found = reading.read()

    assert not found.catalog.providers["local"].credential
    assert [problem.field for problem in found.problems] == ["credential"]


def test_an_adapter_nobody_wrote_is_refused_by_name(db: None, ada: Actor):
    with pytest.raises(ConfigurationError, match="no adapter called telex"):
        configuration.add_provider(name="x", fields={"adapter": "telex"}, actor=ada)


# --- routes ---


def test_targets_are_replaced_in_the_order_given_and_told_with_their_route(
    provider: Provider, ada: Actor
):
    targets = [{**TARGET, "model": "b", "abilities": ["stream", "tools"]}, TARGET]
    configuration.put_route(
        model="team/fast", fields={"policy": "weighted"}, targets=targets, actor=ada
    )
    configuration.put_route(model="team/fast", fields={}, targets=targets[::-1], actor=ada)

    route = reading.read().catalog.routes["team/fast"]
    assert [target.id for target in route.targets] == ["local/qwen", "local/b"]
    assert AuditEntry.objects.count() == 3
    before, after = (
        [target["model"] for target in facts["targets"]]
        for facts in (AuditEntry.objects.latest("pk").before, AuditEntry.objects.latest("pk").after)
    )
    assert (before, after) == (["b", "qwen"], ["qwen", "b"])


def test_an_ability_that_is_none_is_refused(provider: Provider, ada: Actor):
    with pytest.raises(ConfigurationError, match="telepathy is not known"):
        configuration.put_route(
            model="fast", fields={}, targets=[{**TARGET, "abilities": ["telepathy"]}], actor=ada
        )


def test_a_provider_switched_off_leaves_its_routes_with_a_warning(provider: Provider, ada: Actor):
    configuration.put_route(model="fast", fields={}, targets=[TARGET], actor=ada)

    configuration.change_provider(name="local", fields={"is_enabled": False}, actor=ada)

    found = reading.read()
    assert found.catalog.routes["fast"].targets == ()
    assert [problem.field for problem in found.problems] == ["targets"]


# --- keys ---


def test_a_key_is_known_by_its_hash_alone(tenant: Tenant, ada: Actor):
    wish = KeyWish(
        name="bot", models=["scripted"], requests_per_minute=30, budget_microusd=5_000_000
    )

    made = keys.create(tenant=tenant, wish=wish, actor=ada)

    assert made.secret.startswith("sk-")
    assert made.secret not in repr(made)
    row = ApiKey.objects.get()
    assert row.shown == f"{made.secret[:7]}…{made.secret[-4:]}"
    assert all(made.secret not in str(value) for value in vars(row).values())
    assert all(made.secret not in str(entry.after) for entry in AuditEntry.objects.all())
    key = reading.read().catalog.keys[rules.hash_of(made.secret)]
    assert (key.id, key.tenant.name, key.models) == (row.pk, "acme", ("scripted",))
    assert [limit.amount for limit in key.limits] == [30]
    assert [(b.subject, b.limit_microusd) for b in key.budgets] == [(f"key:{row.pk}", 5_000_000)]


def test_a_scope_that_is_none_is_refused(tenant: Tenant, ada: Actor):
    with pytest.raises(ConfigurationError, match="root is not known"):
        keys.create(tenant=tenant, wish=KeyWish(scopes=["root"]), actor=ada)


def test_a_key_without_a_scope_is_refused(tenant: Tenant, ada: Actor):
    with pytest.raises(ConfigurationError, match="opens nothing"):
        keys.create(tenant=tenant, wish=KeyWish(scopes=[]), actor=ada)


def test_a_key_that_would_never_be_good_is_not_made(tenant: Tenant, ada: Actor):
    with pytest.raises(ConfigurationError, match="never be good"):
        keys.create(tenant=tenant, wish=KeyWish(expires_at=timezone.now()), actor=ada)


def test_a_revoked_key_is_gone_and_stays_so(tenant: Tenant, ada: Actor):
    made = keys.create(tenant=tenant, wish=KeyWish(), actor=ada)

    first = keys.revoke(key_id=made.row.pk, actor=ada).revoked_at
    again = keys.revoke(key_id=made.row.pk, actor=ada).revoked_at

    assert first == again
    assert reading.read().catalog.keys == {}
    assert keys.by_secret(made.secret) is None
    assert log()[-1] == ("ada", "revoked", "key", made.row.pk)
    with pytest.raises(ConflictError, match="is revoked"):
        keys.rotate(key_id=made.row.pk, actor=ada)


def test_a_rotated_key_hands_on_what_it_may_and_is_limited_to(tenant: Tenant, ada: Actor):
    wish = KeyWish(
        name="bot", scopes=["chat"], models=["scripted"], requests_per_minute=9, budget_microusd=7
    )
    old = keys.create(tenant=tenant, wish=wish, actor=ada)

    new = keys.rotate(key_id=old.row.pk, actor=ada)

    known = reading.read().catalog.keys
    assert list(known) == [rules.hash_of(new.secret)]
    key = known[rules.hash_of(new.secret)]
    assert (key.scopes, key.models) == (frozenset({Scope.CHAT}), ("scripted",))
    assert ([one.amount for one in key.limits], [b.limit_microusd for b in key.budgets]) == (
        [9],
        [7],
    )
    assert ApiKey.objects.get(pk=new.row.pk).rotated_from_id == old.row.pk
    assert {("rotated", old.row.pk), ("created", new.row.pk)} <= {(v, s) for _, v, _, s in log()}


def test_a_rotated_key_may_be_good_a_little_longer(tenant: Tenant, ada: Actor):
    old = keys.create(tenant=tenant, wish=KeyWish(), actor=ada)

    keys.rotate(key_id=old.row.pk, grace=timedelta(hours=1), actor=ada)

    assert keys.by_secret(old.secret) is not None
    left = ApiKey.objects.get(pk=old.row.pk).expires_at - timezone.now()
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    with pytest.raises(ConfigurationError, match="0 to 90 days"):
        keys.rotate(key_id=old.row.pk, grace=timedelta(days=91), actor=ada)


def test_a_key_is_good_for_nothing_once_expired_or_its_tenant_is_off(tenant: Tenant, ada: Actor):
    made = keys.create(tenant=tenant, wish=KeyWish(), actor=ada)
    assert keys.by_secret(made.secret) is not None

    tenants.edit(name="acme", fields={"is_active": False}, actor=ada)
    assert keys.by_secret(made.secret) is None

    tenants.edit(name="acme", fields={"is_active": True}, actor=ada)
    ApiKey.objects.update(expires_at=timezone.now())
    assert keys.by_secret(made.secret) is None


def test_a_tenant_with_keys_is_switched_off_and_not_removed(tenant: Tenant, ada: Actor):
    keys.create(tenant=tenant, wish=KeyWish(), actor=ada)
    with pytest.raises(ConflictError, match="Still needed by"):
        tenants.remove(name="acme", actor=ada)

    tenants.add(name="empty", actor=ada)
    tenants.remove(name="empty", actor=ada)
    assert Tenant.objects.count() == 1


# --- limits and budgets ---


def test_limits_bind_whom_they_name(tenant: Tenant, provider: Provider, ada: Actor):
    key = keys.create(tenant=tenant, wish=KeyWish(), actor=ada)
    configuration.put_route(model="fast", fields={}, targets=[TARGET], actor=ada)
    route = Route.objects.get()
    with configuration.change(actor=ada) as making:
        for amount, bound in enumerate(
            ({"tenant": tenant}, {"key": key.row}, {"route": route}, {}), start=1
        ):
            making.save(Limit(amount=amount, dimension="key", **bound))

    catalog = reading.read().catalog
    (known,) = catalog.keys.values()
    assert [limit.amount for limit in known.tenant.limits] == [1]
    assert [limit.amount for limit in known.limits] == [2]
    assert [limit.amount for limit in catalog.routes["fast"].limits] == [3]
    assert [limit.amount for limit in catalog.limits] == [4]


def test_a_limit_binds_one_of_them(tenant: Tenant, ada: Actor):
    key = keys.create(tenant=tenant, wish=KeyWish(), actor=ada)
    with (
        pytest.raises(ConfigurationError, match="binds one of them"),
        configuration.change(actor=ada) as making,
    ):
        making.save(Limit(amount=1, dimension="key", tenant=tenant, key=key.row))


def test_a_budget_is_one_per_period(tenant: Tenant, ada: Actor):
    with configuration.change(actor=ada) as making:
        tenants.put_budget(subject=tenant, limit_microusd=5, making=making)
        tenants.put_budget(subject=tenant, limit_microusd=6, alerts=[0.5], making=making)
        tenants.put_budget(subject=tenant, limit_microusd=1, period=BudgetPeriod.DAY, making=making)

    assert [(b.subject, b.period, b.limit_microusd) for b in Budget.objects.all()] == [
        ("tenant:acme", "month", 6),
        ("tenant:acme", "day", 1),
    ]
    with (
        pytest.raises(ConfigurationError, match="already"),
        configuration.change(actor=ada) as making,
    ):
        making.save(Budget(tenant=tenant, limit_microusd=1))
