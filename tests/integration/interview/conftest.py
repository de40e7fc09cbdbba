"""Rooms in a real database, with the outside world in memory."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test import TransactionTestCase

from interview.domain.errors import SceneryNotFoundError
from interview.domain.position import Edition
from interview.services import editions
from tests.factories import rooms

Seat = Callable[..., rooms.Play]


@pytest.fixture
def database(emptied_by_rows: None, transactional_db: None) -> None:
    """A database whose commits are real, for threads and loops; emptied after the test."""


@pytest.fixture
def emptied_by_rows() -> Iterator[None]:
    """Replace the flush after a test: forty truncated tables take a second, a few rows do not.

    And the event table does not let itself be truncated at all.
    """
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(TransactionTestCase, "_fixture_teardown", lambda _self: _empty())
        yield


def _empty() -> None:
    models = apps.get_app_config("interview").get_models(include_auto_created=True)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("ALTER TABLE interview_roomevent DISABLE TRIGGER USER")
        for model in models:
            cursor.execute(f"DELETE FROM {model._meta.db_table}")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE interview_roomevent ENABLE TRIGGER USER")


@pytest.fixture
def edition(database: None, monkeypatch: pytest.MonkeyPatch) -> Edition:
    """The edition of the court, the only scenery there is."""
    return offer(rooms.make_edition(), monkeypatch)


@pytest.fixture
def seat(edition: Edition) -> Seat:
    """Seats a candidate in the court; keywords as of ``tests.factories.rooms.seat``."""

    def seated(**changes: Any) -> rooms.Play:
        return rooms.seat(changes.pop("edition", edition), **changes)

    return seated


@pytest.fixture
def play(seat: Seat) -> rooms.Play:
    """A room just opened: the first turn waits for a worker."""
    return seat()


def offer(edition: Edition, monkeypatch: pytest.MonkeyPatch) -> Edition:
    """Store the edition and let it be found under its scenery's name."""
    rooms.store_edition(edition)

    def publish(scenery_slug: str) -> Edition:
        if scenery_slug != edition.scenery.id:
            raise SceneryNotFoundError(f"There is no scenery called {scenery_slug!r}.")
        return editions.read(edition.id)

    monkeypatch.setattr(editions, "publish", publish)
    return edition
