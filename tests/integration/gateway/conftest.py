"""The gateway's tables in a real database, emptied by rows after each test."""

from collections.abc import Iterator

import pytest

from tests.factories import tables


@pytest.fixture
def database(emptied_by_rows: None, transactional_db: None) -> None:
    """A database whose commits are real, for threads and loops; emptied after the test."""


@pytest.fixture
def emptied_by_rows() -> Iterator[None]:
    """Replace the flush after a test: the ledger does not let itself be truncated."""
    with tables.emptied_by_rows("gateway"):
        yield
