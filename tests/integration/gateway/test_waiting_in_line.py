"""A line for one place, on the real gate, with two processes' worth of connections to the store."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from gateway.adapters.redis.gate import GateTiming, RedisGate
from gateway.domain.caller import Caller
from gateway.domain.catalog import Key, Tenant
from gateway.domain.messages import Delta
from gateway.domain.waiting import Lines
from tests.factories.spenders import nothing_spent
from tests.factories.stage import A_STARTS, DONE, PRICE, Stage, stage
from tests.fakes.gateway import make_target

ONE, TWO = Tenant("one"), Tenant("two", weight=2)
N_EACH = 24


@pytest.fixture
async def gates(redis_url: str) -> AsyncIterator[list[RedisGate]]:
    """Two gates on one store, as two processes have them."""
    timing = GateTiming(answer_seconds=10.0, lease_seconds=30.0)
    async with Redis.from_url(redis_url) as client, Redis.from_url(redis_url) as other:
        await client.flushdb()
        found = [
            RedisGate(each, prefix="line:", spent=nothing_spent, timing=timing)
            for each in (client, other)
        ]
        yield found
        for gate in found:
            await gate.aclose()


class Process:
    """The pipeline as one process runs it, and who was answered in it."""

    def __init__(self, gate: RedisGate, *, n_places: int = 1) -> None:
        target = make_target("a", "m1", places=n_places, price=PRICE, wait_seconds=120.0)
        self.on: Stage = stage(("a/m1", (A_STARTS, DONE)), targets=(target,))
        self.on.ports = replace(self.on.ports, gate=gate, lines=Lines())
        self.gate = gate

    def come(self, tenant: Tenant, n_times: int = 1) -> list[asyncio.Task[list[Delta]]]:
        """Let requests of the tenant come."""
        return [asyncio.create_task(self._ask(tenant, number)) for number in range(n_times)]

    async def until_waiting(self, n_waiting: int) -> None:
        """Return once so many wait here."""
        lines = self.on.ports.lines.by_provider
        while len(lines.get("a", ())) < n_waiting:  # noqa: ASYNC110  no event for onlookers
            await asyncio.sleep(0.001)

    @property
    def answered(self) -> list[str]:
        """Whose requests were answered, in order."""
        return [request.request_id.split()[0] for request in self.on.provider.requests]

    async def is_empty(self) -> bool:
        """Whether nobody waits here and nothing is held."""
        await self.gate.flush()
        return not self.on.ports.lines.by_provider and await self.gate.in_flight("a") == 0

    async def _ask(self, tenant: Tenant, number: int) -> list[Delta]:
        caller = Caller(Key(f"key of {tenant.name}", tenant))
        return await self.on.run(
            self.on.call(caller=caller, request_id=f"{tenant.name} {number} {id(self)}")
        )


async def occupied(process: Process) -> asyncio.Task[list[Delta]]:
    """Let somebody have the place, until it is cancelled."""
    process.on.provider.say("a/m1", (A_STARTS, None), (A_STARTS, DONE))
    (first,) = process.come(Tenant("first"))
    await process.on.provider.is_hanging.wait()
    return first


async def test_two_tenants_are_served_by_their_weights(gates: list[RedisGate]) -> None:
    process = Process(gates[0])
    first = await occupied(process)
    waiting = process.come(ONE, N_EACH) + process.come(TWO, N_EACH)
    await process.until_waiting(2 * N_EACH)
    first.cancel()
    await asyncio.gather(*waiting)

    while_both_wait = process.answered[1 : 1 + N_EACH]
    assert while_both_wait.count("two") == 2 * while_both_wait.count("one")
    assert sorted(process.answered[1:]) == ["one"] * N_EACH + ["two"] * N_EACH
    assert await process.is_empty()


async def test_who_hangs_up_while_waiting_leaves_no_waiter_and_no_place(
    gates: list[RedisGate],
) -> None:
    process = Process(gates[0])
    first = await occupied(process)
    waiting = process.come(ONE, N_EACH)
    await process.until_waiting(N_EACH)
    for task in waiting[::2]:
        task.cancel()
    first.cancel()
    ends = await asyncio.gather(*waiting, return_exceptions=True)

    assert [isinstance(end, asyncio.CancelledError) for end in ends] == [True, False] * (
        N_EACH // 2
    )
    assert await process.is_empty()


async def test_lines_of_two_processes_are_both_served(gates: list[RedisGate]) -> None:
    processes = [Process(gate) for gate in gates]
    first = await occupied(processes[0])
    waiting = [task for process in processes for task in process.come(ONE, N_EACH)]
    for process in processes:
        await process.until_waiting(N_EACH)
    first.cancel()
    await asyncio.gather(*waiting)

    assert [process.answered.count("one") for process in processes] == [N_EACH, N_EACH]
    for process in processes:
        assert await process.is_empty()


async def test_no_more_are_inside_than_there_are_places(gates: list[RedisGate]) -> None:
    process = Process(gates[0], n_places=3)
    most, stream = 0, process.on.provider.stream

    async def watched(*asked: object) -> AsyncIterator[Delta]:
        nonlocal most
        async for delta in stream(*asked):  # type: ignore[arg-type]
            most = max(most, process.on.provider.n_open)
            await asyncio.sleep(0)
            yield delta

    process.on.provider.stream = watched  # type: ignore[method-assign,assignment]
    await asyncio.gather(*process.come(ONE, 40), *process.come(TWO, 40))

    assert most == 3
    assert await process.is_empty()
