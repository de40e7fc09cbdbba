"""What every ledger promises."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import pytest

from gateway.domain.messages import Usage
from gateway.domain.money import AttemptEnd, AttemptState, Entry
from gateway.domain.ports import Ledger
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


@pytest.fixture
def ledger() -> LedgerTwin:
    """The ledger under test."""
    memory = MemoryLedger()

    async def costs() -> dict[str, int]:
        return {key: memory.entries[key].cost_microusd for key in memory.durable}

    return LedgerTwin(memory, costs)


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


async def test_flushing_nothing_returns(ledger: LedgerTwin) -> None:
    await ledger.port.flush()

    assert await ledger.costs() == {}
