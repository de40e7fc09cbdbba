"""What every ledger promises."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from django.db import connection

from gateway.adapters.ledger import BatchLedger, LedgerTiming
from gateway.domain.messages import Usage
from gateway.domain.money import AttemptEnd, AttemptState, Entry
from gateway.domain.ports import Ledger
from gateway.models import UsageRecord
from tests.factories import tables
from tests.fakes.ledger import MemoryLedger

ENTRY = Entry(
    id="q/1",
    request_id="q",
    state=AttemptState.SETTLED,
    end=AttemptEnd.DONE,
    tenant="acme",
    key_id="k1",
    route="small",
    provider="openai",
    model="gpt-4o-mini",
    usage=Usage(input_total=10, output_total=5),
    cost_microusd=7,
    price_id="openai/gpt-4o-mini@2026-11-21",
    began_at=1_790_000_000.0,
    ended_at=1_790_000_001.5,
)


@dataclass(frozen=True, slots=True)
class LedgerTwin:
    """A ledger, and the costs by attempt that somebody else would find in it."""

    port: Ledger
    costs: Callable[[], Awaitable[dict[str, int]]]


def in_memory() -> LedgerTwin:
    """The ledger the other tests use."""
    memory = MemoryLedger()

    async def costs() -> dict[str, int]:
        return {key: memory.entries[key].cost_microusd for key in memory.durable}

    return LedgerTwin(memory, costs)


@pytest.fixture
def emptied_by_rows() -> Iterator[None]:
    """Replace the flush after a test: the ledger does not let itself be truncated."""
    with tables.emptied_by_rows("gateway"):
        yield


@pytest.fixture
def database(emptied_by_rows: None, transactional_db: None) -> None:
    """A database whose commits are real."""


@pytest.fixture(params=["memory", "postgres"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path, database: None) -> Iterator[LedgerTwin]:
    """The ledger under test."""
    if request.param == "memory":
        yield in_memory()
        return
    batches = BatchLedger(tmp_path, timing=LedgerTiming(flush_seconds=0.01))

    def stored() -> dict[str, int]:
        found = dict(UsageRecord.objects.values_list("attempt_id", "cost_microusd"))
        connection.close()
        return found

    async def costs() -> dict[str, int]:
        return await asyncio.to_thread(stored)

    yield LedgerTwin(batches, costs)
    batches.close()


async def test_what_was_recorded_is_there_after_a_flush(ledger: LedgerTwin) -> None:
    ledger.port.record(ENTRY)
    ledger.port.record(replace(ENTRY, id="q/2", cost_microusd=9))
    await ledger.port.flush()

    assert await ledger.costs() == {"q/1": 7, "q/2": 9}


async def test_an_attempt_has_one_entry_and_the_first_stands(ledger: LedgerTwin) -> None:
    ledger.port.record(ENTRY)
    await ledger.port.flush()
    ledger.port.record(replace(ENTRY, cost_microusd=99))
    await ledger.port.flush()

    assert await ledger.costs() == {"q/1": 7}


async def test_two_entries_of_one_attempt_in_one_batch_are_one(ledger: LedgerTwin) -> None:
    ledger.port.record(ENTRY)
    ledger.port.record(replace(ENTRY, cost_microusd=99))
    await ledger.port.flush()

    assert await ledger.costs() == {"q/1": 7}


async def test_there_is_nothing_to_adopt_where_nobody_died(ledger: LedgerTwin) -> None:
    ledger.port.record(ENTRY)

    assert await ledger.port.adopt() == 0


async def test_flushing_nothing_returns(ledger: LedgerTwin) -> None:
    await ledger.port.flush()

    assert await ledger.costs() == {}


@pytest.mark.parametrize("end", [AttemptEnd.DONE, AttemptEnd.CRASHED])
async def test_what_a_crashed_row_did_not_know_is_written_once_as_the_rest(
    ledger: LedgerTwin, end: AttemptEnd
) -> None:
    ledger.port.record(replace(ENTRY, end=AttemptEnd.CRASHED, cost_microusd=7))
    await ledger.port.flush()
    for _ in range(2):
        ledger.port.record(replace(ENTRY, end=end, cost_microusd=9))
        await ledger.port.flush()

    assert await ledger.costs() == {"q/1": 7, "q/1/late": 2}


@pytest.mark.parametrize(
    ("known", "late"),
    [
        (AttemptEnd.CRASHED, replace(ENTRY, cost_microusd=7)),
        (AttemptEnd.CRASHED, replace(ENTRY, cost_microusd=3)),
        (AttemptEnd.DONE, replace(ENTRY, end=AttemptEnd.CRASHED, cost_microusd=9)),
    ],
    ids=["no more", "less", "what had its end"],
)
async def test_there_is_no_rest_of(ledger: LedgerTwin, known: AttemptEnd, late: Entry) -> None:
    ledger.port.record(replace(ENTRY, end=known, cost_microusd=7))
    await ledger.port.flush()
    ledger.port.record(late)
    await ledger.port.flush()

    assert await ledger.costs() == {"q/1": 7}
