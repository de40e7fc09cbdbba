"""Requests without a living process are settled once, at what the ledger holds of them."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from django.db import connection

from gateway.domain.caller import Caller
from gateway.domain.catalog import Key, Target, Tenant
from gateway.domain.errors import StateUnavailableError
from gateway.domain.gate import Departure, Entrance, Orphan, Progress, Reservation
from gateway.domain.messages import (
    ChatRequest,
    Delta,
    Finish,
    FinishReason,
    Start,
    TextDelta,
    Usage,
    UsageSource,
)
from gateway.domain.ports import Ports
from gateway.models import UsageRecord
from gateway.services import completion, reaping, settling
from gateway.services.calls import Call
from gateway.services.heartbeat import Heart
from gateway.services.settling import Record
from gateway.services.watchdog import Watchdog
from tests.factories.ledger import BUDGET, PRICE, database_ledger, make_entry, record_of
from tests.fakes.gate import MemoryGate
from tests.fakes.gateway import FakeProvider, make_catalog, make_ports, make_target
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
    assert gate.departures == [Departure("q", tokens=140, cost_microusd=140, is_reaped=True)]
    (spending,) = await gate.spendings([BUDGET])
    assert spending is not None
    assert (spending.spent_microusd, spending.reserved_microusd) == (140, 0)


async def test_both_runners_of_a_race_are_written_down(ports: Ports, gate: MemoryGate) -> None:
    first, rival = make_entry("q/1", input_tokens=100), make_entry("q/2", input_tokens=100)
    await orphaned(gate, "q", record_of(first), record_of(rival, output_tokens=7))

    assert await reaping.reap(ports=ports) == 1
    found = await asyncio.to_thread(rows)
    assert [(row.attempt_id, row.cost_microusd) for row in found] == [("q/1", 100), ("q/2", 107)]
    assert gate.departures == [Departure("q", tokens=207, cost_microusd=207, is_reaped=True)]


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
    assert gate.departures == [
        Departure("q", tokens=0, cost_microusd=0, is_void=True, is_reaped=True)
    ]


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


# --- A process that only stood still --------------------------------------------------------


class Pausing(FakeProvider):
    """A provider that goes on when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.may_go_on = asyncio.Event()

    async def stream(self, request: ChatRequest, target: Target) -> AsyncGenerator[Delta, None]:
        """Yield the answer's beginning, then the rest."""
        yield Start("q", "fake", "m")
        yield TextDelta("Show me the number")
        self.is_hanging.set()
        await self.may_go_on.wait()
        yield Finish(FinishReason.STOP, Usage(100, 60, UsageSource.PROVIDER))


class Woken(MemoryGate):
    """A gate whose requests beat again while a reaper is busy with them."""

    wake: Heart | None = None

    async def orphans(self) -> list[Orphan]:
        """Return the orphans of a moment ago."""
        found = await super().orphans()
        if self.wake is not None:
            await self.wake.beat()
        return found


@dataclass(slots=True)
class StandStill:
    """A request of a process that stands still in the middle of the answer."""

    ports: Ports
    gate: Woken
    heart: Heart
    provider: Pausing
    task: asyncio.Task[list[Delta]]

    async def goes_on(self) -> None:
        """Let the answer come to its end, and be paid for."""
        self.provider.may_go_on.set()
        assert isinstance((await self.task)[-1], Finish)
        await self.ports.ledger.flush()

    async def spent(self) -> tuple[int, int]:
        """Return what the gate holds against the budget: spent, and set aside."""
        (spending,) = await self.gate.spendings([BUDGET])
        assert spending is not None
        return spending.spent_microusd, spending.reserved_microusd


@pytest.fixture
async def still(database: None, tmp_path: Path) -> AsyncIterator[StandStill]:
    """A request that was heard of once, five seconds ago."""
    ledger, gate, provider = database_ledger(tmp_path), Woken(), Pausing()
    key = Key("k", Tenant("t"), budgets=(replace(BUDGET, limit_microusd=10_000),))
    ports = replace(
        make_ports(provider=provider, catalog=make_catalog(make_target(price=PRICE))),
        gate=gate,
        ledger=ledger,
    )
    heart = Heart(ports, beat_seconds=60.0)
    request = ChatRequest("q", "", "m", input_estimate=80, max_output_tokens=500)
    call = Call(request, Watchdog(), caller=Caller(key))

    async def ask() -> list[Delta]:
        return [delta async for delta in completion.stream(call, ports=ports, heart=heart)]

    task = asyncio.create_task(ask())
    await provider.is_hanging.wait()
    await heart.beat()
    gate.clock.advance(5.0)
    yield StandStill(ports, gate, heart, provider, task)
    task.cancel()
    await asyncio.wait([task])
    await asyncio.to_thread(ledger.close)


async def paid() -> dict[str, int]:
    return {row.attempt_id: row.cost_microusd for row in await asyncio.to_thread(rows)}


@pytest.mark.parametrize("beats", [True, False], ids=["beats again", "ends before a beat"])
async def test_a_process_that_only_stood_still_pays_the_rest_and_nothing_twice(
    still: StandStill, beats: bool
) -> None:
    assert await reaping.reap(ports=still.ports) == 1
    assert (await paid(), await still.spent()) == ({"q/1": 84}, (84, 0))
    assert await still.gate.in_flight("fake") == 0
    if beats:
        await still.heart.beat()
        assert (await still.spent(), await still.gate.in_flight("fake")) == ((84, 580), 1)

    await still.goes_on()

    assert (await paid(), await still.spent()) == ({"q/1": 84, "q/1/late": 76}, (160, 0))
    assert await still.gate.in_flight("fake") == 0
    assert await reaping.reap(ports=still.ports) == 0
    late = (await asyncio.to_thread(rows))[1]
    assert (late.end_reason, late.input_tokens, late.output_tokens) == ("done", 20, 56)


async def test_a_process_that_wakes_while_it_is_reaped_keeps_what_it_holds(
    still: StandStill,
) -> None:
    still.gate.wake = still.heart

    await reaping.reap(ports=still.ports)

    assert (await still.spent(), await still.gate.in_flight("fake")) == ((0, 580), 1)
    await still.goes_on()
    assert (await paid(), await still.spent()) == ({"q/1": 84, "q/1/late": 76}, (160, 0))
