"""Rooms in a real database, with the outside world in memory."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from interview.domain.errors import SceneryNotFoundError
from interview.domain.position import Edition
from interview.services import editions
from tests.factories import rooms

Seat = Callable[..., rooms.Play]
_TRIGGER = "ALTER TABLE interview_roomevent {} TRIGGER interview_roomevent_no_truncate"


@pytest.fixture
def log_stays_locked(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Lock the event table again after the database was emptied behind a test."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(_TRIGGER.format("ENABLE"))
    connection.close()


@pytest.fixture
def database(log_stays_locked: None, transactional_db: None) -> Iterator[None]:
    """A database whose commits are real; the event table lets itself be emptied afterwards only."""
    yield
    with connection.cursor() as cursor:
        cursor.execute(_TRIGGER.format("DISABLE"))


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
