"""Four processes, one gate: limits are exact, and the dead give everything back."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator
from multiprocessing.connection import Connection

import pytest
from redis.asyncio import Redis

from gateway.adapters.redis.gate import GateTiming, RedisGate
from gateway.domain.budget import Spending
from gateway.domain.gate import Departure, Entered, Entrance, Orphan, Place, Progress, Reservation
from gateway.domain.money import Budget
from gateway.domain.rate_limit import Algorithm, Claim, Dimension, Limit, Unit

N_PROCESSES = 4
N_REQUESTS = 300  # in each of them
N_AT_ONCE = 40
SEATS = Claim(Limit(Dimension.TENANT, Unit.CONCURRENT, 25), "t", 1)
PLACES = (Place("one", 10), Place("two", 7))
BUDGET = Budget("key:k", 500)
TIMING = GateTiming(answer_seconds=10.0, lease_seconds=60.0)
_spawn = multiprocessing.get_context("spawn")


async def spent(subject: str, since: int) -> int:
    return 100


def limited(algorithm: Algorithm) -> Claim:
    """A limit that brings nothing new while the test runs."""
    burst = 199 if algorithm is Algorithm.LEAKY_BUCKET else 0
    return Claim(Limit(Dimension.KEY, Unit.REQUESTS, 200, 10**6, algorithm, burst), "k", 1)


def _in_a_process(url: str, prefix: str, name: str, pipe: Connection, algorithm: str) -> None:
    """Ask for much, tell what was granted; or hold something until killed."""

    async def run() -> object:
        async with Redis.from_url(url) as client:
            gate = RedisGate(client, prefix=prefix, spent=spent, timing=TIMING)
            if algorithm:
                return await _ask(gate, name, limited(Algorithm(algorithm)))
            return await _jostle(gate, name)

    pipe.send(asyncio.run(run()))
    pipe.recv()  # stay, and hold nothing but this process


async def _ask(gate: RedisGate, name: str, claim: Claim) -> int:
    answers = await asyncio.gather(
        *(gate.enter(Entrance(f"{name}.{number}", (claim,))) for number in range(N_REQUESTS))
    )
    return sum(isinstance(answer, Entered) for answer in answers)


async def _jostle(gate: RedisGate, name: str) -> tuple[int, int, int]:
    """Come and go, many at once; return the most ever held at once, by limit and by place."""
    most = [0, 0, 0]

    async def come_and_go(number: int) -> None:
        for turn in range(8):
            holder = f"{name}.{number}.{turn}"
            reserved = (Reservation(BUDGET, 2),)
            answer = await gate.enter(Entrance(holder, (SEATS,), reserved, PLACES))
            if isinstance(answer, Entered):
                held = SEATS.limit.amount - answer.levels[0].remaining
                counts = [await gate.in_flight(place.provider) for place in PLACES]
                most[:] = map(max, most, [held, *counts])
                await gate.leave(Departure(holder, tokens=0, cost_microusd=1))

    await asyncio.gather(*(come_and_go(number) for number in range(N_AT_ONCE)))
    await gate.flush()
    return most[0], most[1], most[2]


def _hold_until_killed(url: str, prefix: str, pipe: Connection) -> None:
    async def run() -> None:
        async with Redis.from_url(url) as client:
            timing = GateTiming(answer_seconds=10.0, lease_seconds=1.0)
            gate = RedisGate(client, prefix=prefix, spent=spent, timing=timing)
            for number in range(5):
                holder = f"dying.{number}"
                reserved = (Reservation(BUDGET, 20),)
                await gate.enter(Entrance(holder, (SEATS,), reserved, PLACES, b"begun"))
            await gate.renew(
                [Progress(f"dying.{number}", number, b"so far") for number in range(5)]
            )
            pipe.send("holding")
            await asyncio.Event().wait()

    asyncio.run(run())


@pytest.fixture
async def gate(redis_url: str, redis_prefix: str) -> AsyncIterator[RedisGate]:
    """The test's own gate, on an empty database."""
    async with Redis.from_url(redis_url) as client:
        await client.flushdb()
        yield RedisGate(client, prefix=f"{redis_prefix}many:", spent=spent, timing=TIMING)


async def asked_of_all(redis_url: str, redis_prefix: str, algorithm: str) -> list[object]:
    """Return what each process answers."""
    pipes, processes = [], []
    for number in range(N_PROCESSES):
        pipe, theirs = _spawn.Pipe()
        arguments = (redis_url, f"{redis_prefix}many:", f"p{number}", theirs, algorithm)
        process = _spawn.Process(target=_in_a_process, args=arguments, daemon=True)
        process.start()
        pipes.append(pipe)
        processes.append(process)
    answers = [await asyncio.to_thread(pipe.recv) for pipe in pipes]
    for pipe, process in zip(pipes, processes, strict=True):
        pipe.send("over")
        await asyncio.to_thread(process.join)
    return answers


@pytest.mark.parametrize("algorithm", [*Algorithm])
async def test_four_processes_get_exactly_the_limit(
    gate: RedisGate, redis_url: str, redis_prefix: str, algorithm: Algorithm
) -> None:
    granted = await asked_of_all(redis_url, redis_prefix, algorithm)

    assert sum(int(str(number)) for number in granted) == 200


async def test_four_processes_never_hold_more_than_there_are_seats_and_end_with_none(
    gate: RedisGate, redis_url: str, redis_prefix: str
) -> None:
    answers = await asked_of_all(redis_url, redis_prefix, "")

    for answer in answers:
        assert isinstance(answer, tuple)
        assert all(held <= most for held, most in zip(answer, (25, 10, 7), strict=True))
    assert [await gate.in_flight(place.provider) for place in PLACES] == [0, 0]
    assert await gate.orphans() == []
    (found,) = await gate.spendings([BUDGET])
    assert found is not None
    assert found.reserved_microusd == 0
    answer = await gate.enter(Entrance("last", (SEATS,)))
    assert isinstance(answer, Entered)
    assert answer.levels[0].remaining == 24


async def test_what_a_killed_process_held_is_found_and_given_back(
    gate: RedisGate, redis_url: str, redis_prefix: str
) -> None:
    pipe, theirs = _spawn.Pipe()
    process = _spawn.Process(
        target=_hold_until_killed, args=(redis_url, f"{redis_prefix}many:", theirs), daemon=True
    )
    process.start()
    assert await asyncio.to_thread(pipe.recv) == "holding"
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    await asyncio.to_thread(process.join)

    orphans: list[Orphan] = []
    async with asyncio.timeout(30):
        while len(orphans) < 5:
            orphans = await gate.orphans()
            await asyncio.sleep(0.02)
    assert sorted(orphans, key=lambda orphan: orphan.holder) == [
        Orphan(f"dying.{number}", number, b"so far") for number in range(5)
    ]
    assert await gate.in_flight("one") == 0
    assert await gate.spendings([BUDGET]) == [Spending(100, 100)]
    for orphan in orphans:
        cost = orphan.output_tokens
        await gate.leave(Departure(orphan.holder, tokens=orphan.output_tokens, cost_microusd=cost))
    await gate.flush()
    assert await gate.orphans() == []
    assert await gate.spendings([BUDGET]) == [Spending(110, 0)]
    answer = await gate.enter(Entrance("next", (SEATS,)))
    assert isinstance(answer, Entered)
    assert answer.levels[0].remaining == 24


async def test_nothing_is_kept_for_ever(gate: RedisGate, redis_url: str) -> None:
    await gate.enter(
        Entrance("a", (SEATS, limited(Algorithm.TOKEN_BUCKET)), (Reservation(BUDGET, 1),), PLACES)
    )
    async with Redis.from_url(redis_url) as client:
        keys = [key async for key in client.scan_iter()]
        lives = [await client.pttl(key) for key in keys]

    assert len(keys) == 6
    assert all(b":{gate}:" in key for key in keys)
    assert [key for key, life in zip(keys, lives, strict=True) if life < 0] == []
