"""Pooled connections: a dead one is given to nobody, and one at rest is not asked."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from psycopg_pool import ConnectionPool

from config.postgres.base import DatabaseWrapper

pytestmark = pytest.mark.django_db


@pytest.fixture
def pooled(django_db_setup: None) -> Iterator[DatabaseWrapper]:
    """A connection of the test database's server that comes from a pool of one."""
    pool = {"min_size": 1, "max_size": 1, "timeout": 5.0}
    settings = connection.settings_dict | {"OPTIONS": {"pool": pool}}
    made = DatabaseWrapper(settings, alias="pooled")
    yield made
    made.close()
    made.close_pool()


def backend_of(wrapper: DatabaseWrapper) -> int:
    """Return the server's process behind the connection, which goes back to its pool."""
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    wrapper.close()
    return int(pid)


def test_a_connection_the_server_has_ended_is_replaced(pooled: DatabaseWrapper):
    ended = backend_of(pooled)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [ended])
        assert cursor.fetchone() == (True,)

    assert backend_of(pooled) != ended


def test_a_connection_at_rest_is_taken_without_asking_the_server(
    pooled: DatabaseWrapper, monkeypatch: pytest.MonkeyPatch
):
    resting = backend_of(pooled)
    asked: list[Any] = []
    monkeypatch.setattr(ConnectionPool, "check_connection", asked.append)

    assert backend_of(pooled) == resting
    assert asked == []


def test_a_connection_with_something_to_say_is_asked_and_kept(pooled: DatabaseWrapper):
    with pooled.cursor() as cursor:
        cursor.execute("LISTEN news")
    told = backend_of(pooled)
    teller = pooled.copy(alias="teller")
    teller.settings_dict = connection.settings_dict | {"OPTIONS": {}}
    with teller.cursor() as cursor:
        cursor.execute("NOTIFY news")
    teller.close()

    assert backend_of(pooled) == told
