"""Every process works by one catalog: fresh within a moment, whole, and never a broken one."""

import threading
from collections.abc import Iterator

import pytest
from django.db import DatabaseError

from gateway import snapshot
from gateway.domain.audit import Actor
from gateway.domain.configuration import ConfigurationError
from gateway.models import Revision, Route
from gateway.services import configuration, keys, tenants
from gateway.services.keys import KeyWish
from gateway.snapshot import Snapshot, reading
from tests.fakes.notices import Board, MemoryNotices

LONG = 20.0
TARGET = {"provider": "local", "model": "qwen"}
FIELDS = {"adapter": "openai", "base_url": "http://127.0.0.1:9/v1", "is_local": True}


@pytest.fixture
def following(database: None, board: Board) -> Iterator[Snapshot]:
    """A snapshot that follows the tables, as a process has one."""
    found = Snapshot()
    found.use(lambda: MemoryNotices(board))
    yield found
    found.stop()


def until(condition: threading.Event) -> None:
    assert condition.wait(LONG)


@pytest.fixture
def swapped(following: Snapshot, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set whenever the tables have been looked at."""
    looked = threading.Event()
    refresh = following.refresh

    def noted() -> None:
        refresh()
        looked.set()

    monkeypatch.setattr(following, "refresh", noted)
    return looked


def test_word_goes_out_once_the_change_is_committed(database: None, board: Board, ada: Actor):
    tenants.add(name="acme", actor=ada)
    assert board.versions == [1]

    with pytest.raises(ConfigurationError):
        tenants.add(name="No Name", actor=ada)
    assert board.versions == [1]


def test_without_any_rows_there_is_the_scripted_provider(following: Snapshot):
    assert list(following.catalog.routes) == ["scripted"]
    assert following.is_loaded is False

    assert following.start() is True

    assert list(following.catalog.routes) == ["scripted"]
    assert (following.is_loaded, following.catalog.version) == (True, 0)


def test_a_change_arrives_without_being_asked_for(
    following: Snapshot, swapped: threading.Event, board: Board, ada: Actor
):
    following.start()
    held = following.catalog
    for _ in range(2):  # the first reading, and the one after the subscription
        until(swapped)
        swapped.clear()
        if board.listeners:
            break

    made = keys.create(tenant=tenants.add(name="acme", actor=ada), wish=KeyWish(), actor=ada)
    while following.catalog.version < 2:
        until(swapped)
        swapped.clear()

    assert [key.id for key in following.catalog.keys.values()] == [made.row.pk]
    assert held.keys == {}


def test_a_version_that_is_wrong_does_not_take_the_good_one_s_place(
    following: Snapshot, ada: Actor
):
    configuration.add_provider(name="local", fields=FIELDS, actor=ada)
    configuration.put_route(model="fast", fields={}, targets=[TARGET], actor=ada)
    following.refresh()
    good = following.catalog

    Route.objects.update(hedge_after_seconds=1.0)
    Revision.objects.update(number=9)
    following.refresh()
    following.refresh()

    assert following.catalog is good
    Route.objects.update(hedge_after_seconds=None)
    Revision.objects.update(number=10)
    following.refresh()
    assert following.catalog.version == 10


def test_a_process_that_starts_with_a_wrong_version_takes_what_is_sound(
    following: Snapshot, ada: Actor
):
    configuration.add_provider(name="local", fields=FIELDS, actor=ada)
    for model in ("fast", "slow"):
        configuration.put_route(model=model, fields={}, targets=[TARGET], actor=ada)
    Route.objects.filter(model="slow").update(hedge_after_seconds=1.0)

    following.refresh()

    assert sorted(following.catalog.routes) == ["fast", "scripted"]
    assert following.is_loaded


@pytest.mark.parametrize("broken", [DatabaseError("gone"), RuntimeError("a bug")])
def test_while_the_tables_cannot_be_read_the_last_catalog_stays(
    following: Snapshot, ada: Actor, monkeypatch: pytest.MonkeyPatch, broken: Exception
):
    tenants.add(name="acme", actor=ada)
    following.refresh()

    def away() -> int:
        raise broken

    with monkeypatch.context() as patched:
        patched.setattr(reading, "version", away)
        following.refresh()
        following.refresh()
    following.refresh()

    assert following.catalog.version == 1


def test_a_built_in_route_goes_with_its_provider(following: Snapshot, ada: Actor):
    fields = {"adapter": "scripted", "is_enabled": False}
    configuration.add_provider(name="scripted", fields=fields, actor=ada)

    following.refresh()

    assert following.catalog.providers == {}
    assert following.catalog.routes == {}


def test_the_module_s_own_names_are_one_snapshot(database: None, ada: Actor):
    assert snapshot.current().version == 0
    assert snapshot.is_loaded() is False

    tenants.add(name="acme", actor=ada)
    assert snapshot.start() is True

    assert (snapshot.current().version, snapshot.is_loaded()) == (1, True)


def test_without_a_way_to_tell_the_tables_are_looked_at_now_and_then(database: None):
    quiet = Snapshot()
    quiet.tell(1)

    assert quiet.start() is True
    quiet.stop()
