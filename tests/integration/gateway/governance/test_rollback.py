"""The configuration as it was at an earlier version: all of it, in one change, or nothing."""

import pytest

from gateway.domain.audit import Actor
from gateway.domain.errors import ConflictError, NotThereError
from gateway.models import AuditEntry, Budget, FaultRule, Limit, Provider, Route, Tenant
from gateway.models.audit_entry import Revision
from gateway.services import audit, configuration, keys, rollback, tenants
from gateway.services.keys import KeyWish
from gateway.snapshot import reading

pytestmark = pytest.mark.django_db
TARGET = {"provider": "local", "model": "qwen"}


def version() -> int:
    return Revision.objects.get().number


def everything() -> list[dict[str, audit.Fact]]:
    """Return what every row says that can be rolled back."""
    tables = (Provider, Route, Limit, Budget, FaultRule)
    return [audit.facts(row) for table in tables for row in table._base_manager.order_by("pk")]


@pytest.fixture
def before(provider: Provider, tenant: Tenant, ada: Actor) -> int:
    """A configuration with one of each; its version."""
    configuration.put_route(model="fast", fields={"n_retries": 1}, targets=[TARGET], actor=ada)
    configuration.put_route(model="old", fields={}, targets=[TARGET], actor=ada)
    with configuration.change(actor=ada) as making:
        tenants.put_limits(subject=tenant, limits=[tenants.rpm(tenant, 60)], making=making)
        tenants.put_budget(subject=tenant, limit_microusd=5_000_000, making=making)
    return version()


def test_what_was_added_changed_and_removed_since_is_undone_together(before: int, ada: Actor):
    was = everything()
    other = {"adapter": "openai", "base_url": "http://127.0.0.1:8/v1"}
    configuration.add_provider(name="other", fields=other, actor=ada)
    configuration.put_route(
        model="fast",
        fields={"n_retries": 4},
        targets=[{"provider": "other", "model": "m", "quality": 0.9}, TARGET],
        actor=ada,
    )
    configuration.remove_route(model="old", actor=ada)

    done = rollback.to_version(before, actor=ada)

    assert sorted(map(str, everything())) == sorted(map(str, was))
    assert done.n_undone == 3
    assert version() == before + 4
    assert not Provider.objects.filter(name="other").exists()


def test_what_was_undone_can_be_undone(before: int, ada: Actor):
    configuration.put_route(model="fast", fields={"policy": "cost_aware"}, actor=ada)
    changed = version()
    rollback.to_version(before, actor=ada)

    rollback.to_version(changed, actor=ada)

    assert Route.objects.get(model="fast").policy == "cost_aware"


def test_a_limit_is_known_by_what_it_says(before: int, ada: Actor):
    with configuration.change(actor=ada) as making:
        limit = Limit.objects.get()
        limit.amount = 7
        making.save(limit)

    rollback.to_version(before, actor=ada)

    assert Limit.objects.get().amount == 60


def test_a_route_comes_back_with_its_limits(before: int, ada: Actor):
    with configuration.change(actor=ada) as making:
        limit = Limit(route=Route.objects.get(model="old"), amount=5, dimension="model")
        making.save(limit)
    limited = version()
    configuration.remove_route(model="old", actor=ada)

    done = rollback.to_version(limited, actor=ada)

    assert done.n_undone == 2
    assert Limit.objects.get(route__model="old").amount == 5


def test_tenants_and_keys_stay_as_they_are(before: int, tenant: Tenant, ada: Actor):
    keys.create(tenant=tenant, wish=KeyWish(name="bot"), actor=ada)
    tenants.edit(name="acme", fields={"weight": 3}, actor=ada)

    done = rollback.to_version(before, actor=ada)

    assert (done.n_undone, done.n_kept) == (0, 2)
    assert Tenant.objects.get().weight == 3
    assert tenant.keys.count() == 1


def test_a_credential_that_was_replaced_is_not_put_back_and_not_lost(before: int, ada: Actor):
    configuration.change_provider(name="local", fields={}, credential="sk-first-1111", actor=ada)
    kept = version()
    configuration.change_provider(
        name="local", fields={"n_places": 3}, credential="sk-second-2222", actor=ada
    )

    rollback.to_version(kept, actor=ada)

    provider = Provider.objects.get()
    assert (provider.n_places, provider.credential_last4) == (64, "2222")


def test_what_is_not_as_the_log_left_it_stops_the_whole(before: int, ada: Actor):
    configuration.put_route(model="fast", fields={"n_retries": 4}, actor=ada)
    configuration.remove_route(model="old", actor=ada)
    Route.objects.filter(model="fast").update(n_retries=9)

    with pytest.raises(ConflictError, match="The route fast is not as version"):
        rollback.to_version(before, actor=ada)

    assert not Route.objects.filter(model="old").exists()


@pytest.mark.parametrize("never", [-1, 99_999])
def test_there_is_no_way_to_a_version_that_never_was(before: int, ada: Actor, never: int):
    with pytest.raises(NotThereError):
        rollback.to_version(never, actor=ada)


def test_the_log_tells_of_going_back_like_of_any_change(before: int, ada: Actor):
    configuration.remove_route(model="old", actor=ada)

    rollback.to_version(before, actor=ada)

    latest = AuditEntry.objects.first()
    assert latest is not None
    assert (latest.verb, latest.subject, latest.version) == ("created", "old", version())
    assert not reading.read().problems or "old" in reading.read().catalog.routes
