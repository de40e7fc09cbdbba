"""Tables emptied by rows: those that refuse to be truncated, and quicker for a few rows."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test import TransactionTestCase


@contextmanager
def emptied_by_rows(app: str) -> Iterator[None]:
    """Replace the flush after a transactional test by deleting the rows of one app."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(TransactionTestCase, "_fixture_teardown", lambda _self: empty(app))
        yield


def empty(app: str) -> None:
    """Delete all rows of the app, past the triggers that would refuse it."""
    tables = [model._meta.db_table for model in apps.get_app_config(app).get_models()]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for table in tables:
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
