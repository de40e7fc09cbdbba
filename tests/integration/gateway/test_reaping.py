"""Requests without a living process are settled once, at what the ledger holds of them."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection

from gateway.domain.errors import StateUnavailableError
from gateway.domain.gate import Departure, Entrance, Orphan, Progress, Reservation
from gateway.domain.ports import Ports
from gateway.models import UsageRecord
from gateway.services import reaping, settling
from gateway.services.settling import Record
from tests.factories.ledger import BUDGET, database_ledger, make_entry, record_of
from tests.fakes.gate import MemoryGate
from tests.fakes.gateway import FakeProvider, make_ports
from tests.fakes.ledger import MemoryLedger


class Forgetful(MemoryGate):
    """A gate whose store is away."""

    async def orphans(self) -> list[Orphan]:
        """Fail."""
        raise StateUnavailableError("away")


class Stuck(MemoryLedger):
    """A ledger that Postgres takes nothing from."""

    async def flush(self) -> None:
        """Wait for ever."""
        await asyncio.Event().wait()


@pytest.fixture
def gate() -> MemoryGate:
    return MemoryGate()


@pytest.fixture
def ports(gate: MemoryGate, database: None, tmp_path: Path) -> Iterator[Ports]:
    ledger = database_ledger(tmp_path)
    yield replace(make_ports(provider=FakeProvider([])), gate=gate, ledger=ledger)
    ledger.close()


async def orphaned(gate: MemoryGate, request_id: str, *records: Record | bytes) -> None:
    """Let a request in, hear of its attempts once, and then never again."""
    await gate.enter(Entrance(request_id, reservations=(Reservation(BUDGET, 900),)))
    told = [each for each in records if isinstance(each, Record)]
    record = settling.packed(told) if told else b"".join(r for r in records if isinstance(r, bytes))
    await gate.renew([Progress(request_id, sum(each.output_tokens for each in told), record)])
    gate.clock.advance(5.0)


def rows() -> list[UsageRecord]:
    found = list(UsageRecord.objects.order_by("attempt_id"))
    connection.close()
    return found


async def test_a_crashed_attempt_is_written_down_by_its_last_count(
    ports: Ports, gate: MemoryGate
) -> None:
    entry = make_entry("q/1", input_tokens=100)
    await orphaned(gate, "q", record_of(entry, output_tokens=40))

    assert await reaping.reap(ports=ports) == 1
    (row,) = await asyncio.to_thread(rows)
    assert (row.attempt_id, row.end_reason, row.is_estimated) == ("q/1", "crashed", True)
    assert (row.input_tokens, row.output_tokens, row.cost_microusd) == (100, 40, 140)
    assert gate.departures == [Departure("q", tokens=140, cost_microusd=140)]
    (spending,) = await gate.spendings([BUDGET])
    assert spending is not None
    assert (spending.spent_microusd, spending.reserved_microusd) == (140, 0)


async def test_both_runners_of_a_race_are_written_down(ports: Ports, gate: MemoryGate) -> None:
    first, rival = make_entry("q/1", input_tokens=100), make_entry("q/2", input_tokens=100)
    await orphaned(gate, "q", record_of(first), record_of(rival, output_tokens=7))

    assert await reaping.reap(ports=ports) == 1
    found = await asyncio.to_thread(rows)
    assert [(row.attempt_id, row.cost_microusd) for row in found] == [("q/1", 100), ("q/2", 107)]
    assert gate.departures == [Departure("q", tokens=207, cost_microusd=207)]


async def test_a_second_run_finds_nothing(ports: Ports, gate: MemoryGate) -> None:
    entry = make_entry("q/1")
    await orphaned(gate, "q", record_of(entry))
    await reaping.reap(ports=ports)

    assert await reaping.reap(ports=ports) == 0
    assert len(gate.departures) == 1


async def test_what_the_dead_wrote_themselves_is_what_is_paid(
    ports: Ports, gate: MemoryGate
) -> None:
    entry = make_entry("q/2", input_tokens=10)
    ports.ledger.record(replace(entry, id="q/1", cost_microusd=7))
    ports.ledger.record(replace(entry, cost_microusd=9))
    await orphaned(gate, "q", record_of(entry, output_tokens=500))
    await reaping.reap(ports=ports)

    assert [row.cost_microusd for row in await asyncio.to_thread(rows)] == [7, 9]
    assert [departure.cost_microusd for departure in gate.departures] == [16]


@pytest.mark.parametrize("record", [b"", b"another version's"])
async def test_a_request_of_which_nothing_is_known_is_let_go_for_nothing(
    ports: Ports, gate: MemoryGate, record: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("CRITICAL"):
        await orphaned(gate, "q", record)
        assert await reaping.reap(ports=ports) == 1

    assert await asyncio.to_thread(rows) == []
    assert gate.departures == [Departure("q", tokens=0, cost_microusd=0, is_void=True)]


async def test_while_the_ledger_cannot_be_written_requests_stay(
    gate: MemoryGate, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(reaping, "WRITE_SECONDS", 0.0)
    ports = replace(make_ports(provider=FakeProvider([])), gate=gate, ledger=Stuck())
    entry = make_entry("q/1")
    await orphaned(gate, "q", record_of(entry))
    with caplog.at_level("CRITICAL"):
        assert await reaping.reap(ports=ports) == 0

    assert [orphan.holder for orphan in await gate.orphans()] == ["q"]


async def test_without_the_store_there_is_nobody_to_look_for(gate: MemoryGate) -> None:
    ports = replace(make_ports(provider=FakeProvider([])), gate=Forgetful())

    assert await reaping.reap(ports=ports) == 0
