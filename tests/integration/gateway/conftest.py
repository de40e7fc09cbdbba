"""The gateway's tables in a real database, emptied by rows after each test."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test import TransactionTestCase


@pytest.fixture
def database(emptied_by_rows: None, transactional_db: None) -> None:
    """A database whose commits are real, for threads and loops; emptied after the test."""


@pytest.fixture
def emptied_by_rows() -> Iterator[None]:
    """Replace the flush after a test: the ledger does not let itself be truncated."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(TransactionTestCase, "_fixture_teardown", lambda _self: _empty())
        yield


def _empty() -> None:
    tables = [model._meta.db_table for model in apps.get_app_config("gateway").get_models()]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
