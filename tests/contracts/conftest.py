"""Both twins of every gateway port, each with a way to let time pass without waiting."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import cast

import pytest
from redis.asyncio import Redis

from gateway.adapters.redis.admission import RedisAdmissions
from gateway.adapters.redis.cancellation import RedisCancelSignals
from gateway.adapters.redis.leases import RedisLeases
from gateway.adapters.redis.relay import RedisRelay
from gateway.adapters.redis.relay_hub import RedisRelayHub
from gateway.domain.ports import Admissions, CancelSignals, Leases, Relay, RelayHub
from tests.fakes.gateway import (
    LEASE_SECONDS,
    Clock,
    MemoryAdmissions,
    MemoryCancelSignals,
    MemoryLeases,
    MemoryRelay,
)

Age = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class AdmissionsTwin:
    """Queues and the passing of time."""

    port: Admissions
    age: Age


@dataclass(frozen=True, slots=True)
class LeasesTwin:
    """Leases, the passing of time, and a store that loses everything."""

    port: Leases
    age: Age
    forget: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class RelayTwin:
    """Both sides of a relay."""

    port: Relay
    hub: RelayHub


@pytest.fixture(params=["memory", "redis"])
def twin(request: pytest.FixtureRequest) -> str:
    """Which of the two is under test."""
    return str(request.param)


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    """A client on an empty database."""
    async with Redis.from_url(redis_url) as found:
        await found.flushdb()
        yield found


@pytest.fixture
def prefix(redis_prefix: str) -> str:
    """What keys and channels begin with."""
    return f"{redis_prefix}contract:"


def _clock_age(clock: Clock) -> Age:
    async def age(seconds: float) -> None:
        clock.advance(seconds)

    return age


def _redis_age(client: Redis) -> Age:
    """Make everything stored older: its own clock cannot be moved, its times can."""

    async def age(seconds: float) -> None:
        shift_ms = round(seconds * 1000)
        async for key in client.scan_iter():
            kind = await client.type(key)
            if kind == b"zset":
                stored = await client.zrange(key, 0, -1, withscores=True)
                for member, score in cast("list[tuple[bytes, float]]", stored):
                    await client.zadd(key, {member: score - shift_ms})
            elif kind == b"hash":
                for field, value in (await client.hgetall(key)).items():
                    if field == b"until" or key.endswith(b":since"):
                        await client.hset(key, field, str(int(value) - shift_ms))

    return age


@pytest.fixture
def admissions(twin: str, request: pytest.FixtureRequest) -> AdmissionsTwin:
    """The queues under test."""
    if twin == "memory":
        clock = Clock()
        return AdmissionsTwin(MemoryAdmissions(clock), _clock_age(clock))
    client: Redis = request.getfixturevalue("client")
    prefix: str = request.getfixturevalue("prefix")
    port = RedisAdmissions(client, prefix=prefix, lease_seconds=LEASE_SECONDS)
    return AdmissionsTwin(port, _redis_age(client))


@pytest.fixture
def leases(twin: str, request: pytest.FixtureRequest) -> LeasesTwin:
    """The leases under test."""
    if twin == "memory":
        clock = Clock()
        memory = MemoryLeases(clock)

        async def forget_memory() -> None:
            memory.forget()

        return LeasesTwin(memory, _clock_age(clock), forget_memory)
    client: Redis = request.getfixturevalue("client")
    prefix: str = request.getfixturevalue("prefix")

    async def forget_stored() -> None:
        await client.flushdb()

    port = RedisLeases(client, prefix=prefix, lease_seconds=LEASE_SECONDS)
    return LeasesTwin(port, _redis_age(client), forget_stored)


@pytest.fixture
async def cancels(
    twin: str, request: pytest.FixtureRequest, redis_url: str
) -> AsyncIterator[CancelSignals]:
    """The orders to stop under test."""
    if twin == "memory":
        yield MemoryCancelSignals(Clock())
        return
    prefix: str = request.getfixturevalue("prefix")
    async with Redis.from_url(redis_url) as client, Redis.from_url(redis_url) as listening:
        await client.flushdb()
        signals = RedisCancelSignals(client, listening, prefix=prefix)
        yield signals
        await signals.aclose()


@pytest.fixture
async def relay(
    twin: str, request: pytest.FixtureRequest, redis_url: str
) -> AsyncIterator[RelayTwin]:
    """The relay under test."""
    if twin == "memory":
        memory = MemoryRelay()
        yield RelayTwin(memory, memory)
        return
    prefix: str = request.getfixturevalue("prefix")
    async with Redis.from_url(redis_url) as client, Redis.from_url(redis_url) as listening:
        await client.flushdb()
        port = RedisRelay(client, prefix=prefix, flush_seconds=0.001, maxlen=5000, ttl_seconds=60)
        hub = RedisRelayHub(client, listening, prefix=prefix)
        yield RelayTwin(port, hub)
        await port.aclose()
        await hub.aclose()
