"""Processes killed at any moment: every attempt has one row, and nothing stays set aside."""

import asyncio
import multiprocessing
import os
import random
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from django.db import connection
from redis.asyncio import Redis

from gateway.adapters.ledger import BatchLedger
from gateway.adapters.redis.gate import RedisGate
from gateway.domain.budget import Spending
from gateway.domain.ports import Ports
from gateway.models import UsageRecord
from gateway.services import reaping, reconciling
from tests.factories.spenders import BUDGET, TIMING, nothing_spent, spend
from tests.fakes.gateway import FakeProvider, make_ports

_spawn = multiprocessing.get_context("spawn")


@pytest.fixture
async def heirs(
    database: None, redis_url: str, redis_prefix: str, tmp_path: Path
) -> AsyncIterator[list[Ports]]:
    """Two processes' worth of ports over the same store and folder: both reap."""
    async with Redis.from_url(redis_url) as one, Redis.from_url(redis_url) as other:
        await one.flushdb()
        ledgers = [BatchLedger(tmp_path / "ledger") for _ in range(2)]
        yield [
            replace(
                make_ports(provider=FakeProvider([])),
                gate=RedisGate(
                    client, prefix=f"{redis_prefix}killed:", spent=nothing_spent, timing=TIMING
                ),
                ledger=ledger,
            )
            for client, ledger in zip((one, other), ledgers, strict=True)
        ]
        for ledger in ledgers:
            ledger.close()


def n_entered(folder: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in folder.glob("*.entered"))


def started(redis_url: str, redis_prefix: str, folder: Path, name: str) -> BaseProcess:
    process = _spawn.Process(
        target=spend,
        args=(
            redis_url,
            f"{redis_prefix}killed:",
            str(folder),
            connection.settings_dict["NAME"],
            name,
        ),
        daemon=True,
    )
    process.start()
    return process


def killed_somewhere(
    redis_url: str, redis_prefix: str, folder: Path, chance: random.Random
) -> None:
    """Let one process after the other spend for a while, and kill it in the middle."""
    for number in range(3):
        process = started(redis_url, redis_prefix, folder, f"p{number}")
        enough = n_entered(folder) + chance.randint(20, 200)
        while n_entered(folder) < enough:
            assert process.is_alive()
            process.join(0.001)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()


def costs() -> dict[str, int]:
    found = dict(UsageRecord.objects.values_list("attempt_id", "cost_microusd"))
    connection.close()
    return found


async def test_every_attempt_of_the_killed_has_one_row_and_nothing_stays_set_aside(
    heirs: list[Ports], redis_url: str, redis_prefix: str, tmp_path: Path
) -> None:
    chance = random.Random(20261121)
    await asyncio.to_thread(killed_somewhere, redis_url, redis_prefix, tmp_path, chance)
    held: Spending | None = None
    async with asyncio.timeout(60):
        while held is None or held.reserved_microusd:
            await asyncio.gather(*(reaping.reap(ports=ports) for ports in heirs))
            (held,) = await heirs[0].gate.spendings([BUDGET])
            await asyncio.sleep(0.02)
    for ports in heirs:
        await ports.ledger.adopt()

    rows = await asyncio.to_thread(costs)
    logs = await asyncio.to_thread(lambda: [p.read_text() for p in tmp_path.glob("*.entered")])
    entered = "".join(logs).split()
    assert len(entered) == len(set(entered)) >= 60
    assert set(entered) <= set(rows)
    # A process may die between being let in and noting it: such an attempt has a row as well.
    assert len(rows) - len(entered) <= 3 * 5
    assert held == Spending(sum(rows.values()), 0)
    (balance,) = await reconciling.reconcile([BUDGET], ports=heirs[0], settle_seconds=0.0)
    assert balance.drift_microusd == 0
    assert await reaping.reap(ports=heirs[1]) == 0
