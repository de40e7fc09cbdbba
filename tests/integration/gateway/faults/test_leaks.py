"""A thousand clients that leave and a thousand answers that are cancelled leave nothing behind.

/v1 in this process, the real gate and breakers in Valkey, the real ledger in Postgres, real
connections to the model server. Each leaves at a random point: before the request was looked at,
while a provider is being asked, after any number of writes, or just as all is over.
"""

import asyncio
import gc
import os
import random
import re
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from django.db import connection
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from redis.asyncio import Redis

from gateway.adapters.providers.http import Http
from gateway.adapters.redis.breaker import RedisBreakers
from gateway.adapters.redis.gate import GateTiming, RedisGate
from gateway.domain.breaker import BreakerPolicy
from gateway.domain.budget import Spending
from gateway.domain.messages import Deadlines
from gateway.domain.money import Budget
from gateway.domain.ports import CancelOrder
from gateway.domain.rate_limit import Dimension, Limit, Unit
from gateway.models import UsageRecord
from gateway.services import reconciling
from gateway.services.calls import Call
from gateway.services.heartbeat import Heart
from tests.factories.ledger import database_ledger
from tests.factories.spenders import nothing_spent
from tests.fakes.upstream import Reply, Upstream
from tests.integration.gateway.faults.house import STREAMED, WHOLE, Client, House

BUDGET = Budget("key:k", 10**12)
CONCURRENT = Limit(Dimension.KEY, Unit.CONCURRENT, amount=64)
N_EACH = 1_000
N_AT_ONCE = 24
KEYS = re.compile(r"leaks:(breaker:acme/(one|two)|\{gate\}:[^:]+:\d+)")  # of a target, of a budget
MOST_MEGABYTES = 24.0  # what the allocator may keep: a leak of one request's bytes would be more
ANSWER = Reply(text=" ".join(["word"] * 40), first_delay_seconds=0.03, token_delay_seconds=0.002)
MOST_WRITES, MOST_TURNS = 14, 60

Leave = Callable[[Client, "Call | None", "asyncio.Task[None]"], None]


@dataclass(frozen=True, slots=True)
class Held:
    """What the process and the stores hold."""

    tasks: int
    files: int
    places: int
    reserved_microusd: int
    keys: tuple[str, ...]
    megabytes: float

    def __str__(self) -> str:
        return (
            f"{self.tasks} tasks, {self.files} files, {self.places} places, "
            f"{self.reserved_microusd} reserved, {len(self.keys)} keys, {self.megabytes:.1f} MB"
        )


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[Redis]:
    """The store, empty."""
    async with Redis.from_url(redis_url) as client:
        await client.flushdb()
        yield client


@pytest.fixture
async def busy(
    database: None, upstream: Upstream, http: Http, store: Redis, tmp_path: Path
) -> AsyncIterator[House]:
    """The house on the real stores, with a budget to reserve from and a limit to hold."""
    house = House(upstream, http, InMemorySpanExporter())
    policy = BreakerPolicy()
    ledger = database_ledger(tmp_path)
    gate = RedisGate(
        store,
        prefix="leaks:",
        spent=nothing_spent,
        timing=GateTiming(answer_seconds=10.0, lease_seconds=10.0),
    )
    breakers = RedisBreakers(store, prefix="leaks:", policy=policy)
    house.ports = replace(house.ports, gate=gate, breakers=breakers, ledger=ledger)
    house.heart = Heart(house.ports, beat_seconds=0.2)
    ((name, key),) = house.catalog.keys.items()
    key = replace(key, budgets=(BUDGET,), limits=(CONCURRENT,))
    house.catalog = replace(house.catalog, keys={name: key})
    house.change(deadlines=Deadlines())  # on a busy machine nobody is to be given up for slowness
    upstream.always(ANSWER)
    yield house
    await gate.aclose()
    await breakers.aclose()
    ledger.close()


def hang_up(client: Client, _: "Call | None", __: "asyncio.Task[None]") -> None:
    """Leave as a client does."""
    client.leave()


def cancel(_: Client, call: "Call | None", serving: "asyncio.Task[None]") -> None:
    """Order the answer to stop, or cancel the task that has nothing to be ordered yet."""
    if call is None:
        serving.cancel()
    else:
        call.watchdog.stop(CancelOrder("user", 0.0))


class Crowd:
    """Visitors who leave, some at once and some late; ``chance`` says when."""

    def __init__(self, house: House, chance: random.Random) -> None:
        self.house = house
        self.chance = chance
        self._calls: dict[asyncio.Task[None] | None, Call] = {}
        house.on_call = lambda call: self._calls.update({asyncio.current_task(): call})

    async def come(self, n_visitors: int, leave: Leave | None) -> None:
        """Let so many come, some at a time."""
        left = iter(range(n_visitors))

        async def one_after_the_other() -> None:
            for _ in left:
                await self._visit(leave)

        await asyncio.gather(*(one_after_the_other() for _ in range(N_AT_ONCE)))

    async def _visit(self, leave: Leave | None) -> None:
        client = _Counting(self.chance.choice((*STREAMED, *WHOLE)))
        serving = asyncio.ensure_future(self.house.serve(client))
        if leave is not None:
            await self._until_then(client, serving)
            if not serving.done():
                leave(client, self._calls.get(serving), serving)
        with suppress(asyncio.CancelledError):
            await serving
        self._calls.pop(serving, None)

    async def _until_then(self, client: "_Counting", serving: "asyncio.Task[None]") -> None:
        """Return after some turns of the loop, or some writes to the client, or its end."""
        if not client.way.is_streamed or self.chance.random() < 0.3:
            for _ in range(self.chance.randint(0, MOST_TURNS)):
                await asyncio.sleep(0)
            return
        client.enough_at = self.chance.randint(1, MOST_WRITES)
        has_enough = asyncio.ensure_future(client.has_enough.wait())
        await asyncio.wait((has_enough, serving), return_when=asyncio.FIRST_COMPLETED)
        has_enough.cancel()


class _Counting(Client):
    """A client that knows when it has seen enough."""

    enough_at = 0
    n_writes = 0

    def __init__(self, way: object) -> None:
        super().__init__(way)  # type: ignore[arg-type]
        self.has_enough = asyncio.Event()

    async def send(self, message: dict[str, object]) -> None:
        """Take a part of the answer."""
        await super().send(message)
        self.n_writes += 1
        if self.n_writes >= self.enough_at:
            self.has_enough.set()


async def held(house: House, store: Redis) -> Held:
    """Return what is held once everything on its way has arrived, and idle lines are closed."""
    await house.ports.gate.flush()
    await house.ports.ledger.flush()
    n_tasks = await tasks_that_stay()
    await house.http.aclose()
    await house.upstream.until(lambda: not house.upstream.n_open)
    house.upstream.seen.clear()
    places = await house.ports.gate.in_flight("acme")
    (spending,) = await house.ports.gate.spendings([BUDGET])
    keys = sorted([key.decode() async for key in store.scan_iter()])
    await store.connection_pool.disconnect(inuse_connections=False)
    gc.collect()
    return Held(
        tasks=n_tasks,
        files=n_files(),
        places=places,
        reserved_microusd=spending.reserved_microusd if spending else 0,
        keys=tuple(keys),
        megabytes=megabytes(),
    )


async def tasks_that_stay() -> int:
    """Return how many tasks do not end by themselves, this one and the heart's excepted."""
    others = {
        task
        for task in asyncio.all_tasks() - {asyncio.current_task()}
        if not getattr(task.get_coro(), "__qualname__", "").startswith("Heart.")
    }
    if not others:
        return 0
    _, pending = await asyncio.wait(others, timeout=2.0)
    return len(pending)


def n_files() -> int:
    """Return how many files and sockets the process has open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def megabytes() -> float:
    """Return the memory the process has in use."""
    n_pages = int(Path("/proc/self/statm").read_text().split()[1])
    return n_pages * os.sysconf("SC_PAGESIZE") / 2**20


def rows() -> list[tuple[str, str, int]]:
    """Return the ledger: the attempt, how it ended, what it cost."""
    found = list(UsageRecord.objects.values_list("attempt_id", "end_reason", "cost_microusd"))
    connection.close()
    return found


async def test_clients_that_leave_and_answers_that_are_cancelled_leave_nothing_behind(
    busy: House, store: Redis, capsys: pytest.CaptureFixture[str]
) -> None:
    crowd = Crowd(busy, random.Random(20261121))
    for leave in (None, hang_up, cancel):
        await crowd.come(100, leave)
    before = await held(busy, store)

    await crowd.come(N_EACH, hang_up)
    after_leaving = await held(busy, store)
    await crowd.come(N_EACH, cancel)
    after = await held(busy, store)

    ledger = await asyncio.to_thread(rows)
    (balance,) = await reconciling.reconcile([BUDGET], ports=busy.ports, settle_seconds=0.0)
    (spending,) = await busy.ports.gate.spendings([BUDGET])
    ends = {end: sum(row[1] == end for row in ledger) for end in {row[1] for row in ledger}}
    with capsys.disabled():
        print(  # noqa: T201  the figures are what the run is for
            f"\nbefore: {before}\nafter {N_EACH} who left: {after_leaving}\n"
            f"after {N_EACH} cancelled: {after}\n"
            f"ledger: {ends}, drift {balance.drift_microusd}"
        )
    for now in (after_leaving, after):
        assert (now.places, now.reserved_microusd) == (0, 0)
        assert now.tasks <= before.tasks
        assert now.files <= before.files
        assert all(KEYS.fullmatch(key) for key in now.keys)
        assert now.megabytes - before.megabytes < MOST_MEGABYTES
    assert balance.drift_microusd == 0
    assert spending == Spending(sum(cost for _, _, cost in ledger), 0)
    assert await busy.ports.gate.orphans() == []
    assert set(ends) <= {"done", "cancelled"}
    assert ends["cancelled"] > N_EACH  # most of them left in the middle


async def test_nor_do_those_who_leave_while_they_wait_for_a_place(
    busy: House, store: Redis
) -> None:
    narrow = replace(busy.provider, n_places=4)
    one, two = busy.catalog.routes["m"].targets
    busy.change(targets=(replace(one, provider=narrow), replace(two, provider=narrow)))
    crowd, lines = Crowd(busy, random.Random(20261122)), busy.ports.lines
    most_waiting, join = 0, lines.join

    def noted(*given: object, **more: object) -> None:
        nonlocal most_waiting
        join(*given, **more)  # type: ignore[arg-type]
        most_waiting = max(most_waiting, len(lines.by_provider["acme"]))

    lines.join = noted  # type: ignore[method-assign]
    for leave in (None, hang_up, cancel):
        await crowd.come(N_EACH // 5, leave)
    now = await held(busy, store)

    assert most_waiting > N_AT_ONCE // 2
    assert lines.by_provider == {}
    assert (now.places, now.reserved_microusd) == (0, 0)
    assert all(KEYS.fullmatch(key) for key in now.keys)
    assert await busy.ports.gate.orphans() == []
