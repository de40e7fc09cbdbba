"""What the gate calls in the store, and when: its library, and departures that wait for company."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis

from gateway.adapters.redis import gate as adapter
from gateway.adapters.redis import gate_lobby
from gateway.adapters.redis.gate import GateTiming, RedisGate
from gateway.domain.gate import Departure, Entered, Entrance, Place, Reservation
from gateway.domain.money import Budget
from gateway.domain.rate_limit import Algorithm, Claim, Dimension, Limit, Unit

TIMING = GateTiming(answer_seconds=10.0, lease_seconds=60.0)
LIMIT = Limit(Dimension.KEY, Unit.REQUESTS, 3, 86_400.0, Algorithm.SLIDING_WINDOW)
SEATS = Limit(Dimension.KEY, Unit.CONCURRENT, 8)
PLENTY = Place("one", 1000)


async def nothing_spent(subject: str, since: int) -> int:
    return 0


@asynccontextmanager
async def process(url: str, prefix: str, source: str | None = None) -> AsyncIterator[RedisGate]:
    """Yield a gate as a process of its own would have it."""
    async with Redis.from_url(url) as client:
        gate = RedisGate(
            client, prefix=f"{prefix}calls:", spent=nothing_spent, timing=TIMING, source=source
        )
        yield gate
        await gate.aclose()


@pytest.fixture
async def gate(redis_url: str, redis_prefix: str) -> AsyncIterator[RedisGate]:
    """A gate on an empty database, whose departures wait for company as long as they may."""
    async with Redis.from_url(redis_url) as client:
        await client.flushdb()
    async with process(redis_url, redis_prefix) as found:
        yield found


@pytest.fixture
async def other(redis_url: str, redis_prefix: str) -> AsyncIterator[RedisGate]:
    """What another process sees."""
    async with process(redis_url, redis_prefix) as found:
        yield found


def left(holder: str) -> Departure:
    return Departure(holder, tokens=0, cost_microusd=0)


async def test_a_store_that_has_lost_the_library_is_given_it_again(
    gate: RedisGate, redis_url: str
) -> None:
    one = Claim(LIMIT, "k", 1)
    await gate.enter(Entrance("a", (one,)))
    name, _ = adapter.library(adapter.script())
    async with Redis.from_url(redis_url) as client:
        await client.function_delete(name)

    answer = await gate.enter(Entrance("b", (one,)))
    assert isinstance(answer, Entered)
    assert not answer.is_degraded
    assert answer.levels[0].remaining == 1


async def test_two_versions_of_the_library_count_together(
    gate: RedisGate, redis_url: str, redis_prefix: str
) -> None:
    one = Claim(LIMIT, "k", 1)
    async with process(redis_url, redis_prefix, adapter.script() + "\n-- the next") as newer:
        answers = [
            await each.enter(Entrance(f"{turn}.{name}", (one,)))
            for turn in range(2)
            for name, each in (("old", gate), ("new", newer))
        ]

    assert [isinstance(answer, Entered) for answer in answers] == [True, True, True, False]


async def test_who_leaves_plenty_waits_for_the_next_who_enters(
    gate: RedisGate, other: RedisGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_lobby, "HOLD_SECONDS", 3600.0)
    await gate.enter(Entrance("a", places=(PLENTY,)))
    await gate.leave(left("a"))
    assert await other.in_flight("one") == 1

    await gate.enter(Entrance("b"))
    assert await other.in_flight("one") == 0


async def test_nobody_here_is_refused_for_what_waits_to_be_given_back(
    gate: RedisGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_lobby, "HOLD_SECONDS", 3600.0)
    budget = Budget("key:k", 100)
    for number in range(5):
        holder = f"h{number}"
        wanted = Entrance(holder, reservations=(Reservation(budget, 90),), places=(PLENTY,))
        assert isinstance(await gate.enter(wanted), Entered)
        await gate.leave(left(holder))


@pytest.mark.parametrize(
    "scarce",
    [
        Entrance("a", (Claim(SEATS, "k", 1),), places=(PLENTY,)),
        Entrance("a", places=(Place("one", 2),)),
        Entrance("a", reservations=(Reservation(Budget("key:k", 100), 60),), places=(PLENTY,)),
    ],
    ids=["a concurrent limit", "few places", "little money"],
)
async def test_who_holds_what_may_be_scarce_gives_it_back_at_once(
    gate: RedisGate, other: RedisGate, monkeypatch: pytest.MonkeyPatch, scarce: Entrance
) -> None:
    monkeypatch.setattr(gate_lobby, "HOLD_SECONDS", 3600.0)
    await gate.enter(scarce)
    await gate.leave(left("a"))

    async with asyncio.timeout(20):
        while await other.in_flight("one"):
            pass


async def test_what_is_given_back_is_told_before_the_gate_closes(
    redis_url: str, redis_prefix: str, other: RedisGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_lobby, "HOLD_SECONDS", 3600.0)
    async with process(redis_url, redis_prefix) as closing:
        await closing.enter(Entrance("closing", places=(Place("two", 1000),)))
        await closing.leave(left("closing"))

    assert await other.in_flight("two") == 0
