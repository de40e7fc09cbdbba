"""A process that enters, spends and leaves until somebody kills it."""

import asyncio
import os
import random
import time
from pathlib import Path

from django.db import connections
from redis.asyncio import Redis

from gateway.adapters.ledger import BatchLedger, LedgerTiming
from gateway.adapters.redis.gate import GateTiming, RedisGate
from gateway.domain.gate import Departure, Entered, Entrance, Reservation
from gateway.domain.money import Budget, Entry
from gateway.services import settling
from tests.factories.ledger import make_entry, record_of

BUDGET = Budget("key:k", 10**9)
TIMING = GateTiming(answer_seconds=10.0, lease_seconds=1.0)
N_AT_ONCE = 5


async def nothing_spent(subject: str, starts_at: int) -> int:
    """Answer for a ledger that is still empty."""
    return 0


def spend(url: str, prefix: str, folder: str, database: str, name: str) -> None:
    """Make one request after the other, several at a time; note in a file which were let in."""
    connections.settings["default"]["NAME"] = database
    asyncio.run(_spend(url, prefix, Path(folder), name))


async def _spend(url: str, prefix: str, folder: Path, name: str) -> None:
    ledger = BatchLedger(folder / "ledger", timing=LedgerTiming(flush_seconds=0.02))
    entered = os.open(folder / f"{name}.entered", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    async with Redis.from_url(url) as client:
        gate = RedisGate(client, prefix=prefix, spent=nothing_spent, timing=TIMING)

        async def visitor(number: int) -> None:
            chance = random.Random(f"{name}.{number}")
            for turn in range(100_000):
                await _visit(gate, ledger, f"{name}.{number}.{turn}", entered, chance)

        await asyncio.gather(*(visitor(number) for number in range(N_AT_ONCE)))


async def _visit(
    gate: RedisGate, ledger: BatchLedger, holder: str, entered: int, chance: random.Random
) -> None:
    entry = _entry(holder, chance.randint(1, 50))
    reserved, record = (Reservation(BUDGET, 60),), settling.packed([record_of(entry)])
    answer = await gate.enter(Entrance(holder, reservations=reserved, record=record))
    assert isinstance(answer, Entered)
    os.write(entered, f"{entry.id}\n".encode())
    await asyncio.sleep(chance.random() / 500)
    ledger.record(entry)
    await gate.leave(Departure(holder, tokens=0, cost_microusd=entry.cost_microusd))


def _entry(holder: str, tokens: int) -> Entry:
    now = time.time()
    return make_entry(f"{holder}/1", input_tokens=tokens, began_at=now, ended_at=now)
