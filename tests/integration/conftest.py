"""What every test of the wired house shares."""

from collections.abc import Iterator

import pytest

from gateway import runtime
from tests.fakes.gateway import MemoryLedger


@pytest.fixture(autouse=True, scope="session")
def house_ledger() -> Iterator[MemoryLedger]:
    """The ledger of this process's engine, in memory: its thread would outlive any database."""
    ledger = MemoryLedger()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(runtime, "ledger", lambda: ledger)
        yield ledger
