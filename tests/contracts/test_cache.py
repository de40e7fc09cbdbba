"""What every AnswerCache promises: whole answers, for as long as was said, whoever kept them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
from redis.asyncio import Redis

from gateway.adapters.redis.cache import RedisAnswerCache
from gateway.domain.kept import Kept
from gateway.domain.messages import (
    Finish,
    FinishReason,
    Passthrough,
    ReasoningDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    Usage,
    UsageSource,
    UsageUpdate,
)
from gateway.domain.ports import AnswerCache
from tests.contracts.conftest import Age
from tests.fakes.gateway import Clock, MemoryAnswerCache

KEPT = Kept(
    deltas=(
        Start("x", "acme", "m-1"),
        ReasoningDelta("hm", "signed"),
        TextDelta('"你\n好\u2028"'),
        ToolCallDelta(0, '{"a":1}', "call-1", "look"),
        Passthrough(b"data: \xff\x00\n\n", 1),
        UsageUpdate(Usage(1, 2, UsageSource.PROVIDER, output_reasoning=1)),
    ),
    finish=Finish(FinishReason.STOP, Usage(3, 9, UsageSource.PROVIDER), "end_turn"),
    provider="acme",
    model="m-1",
    kept_at=100.5,
    n_bytes=700,
    is_bound=True,
)


@dataclass(slots=True)
class CacheTwin:
    """The caches of two processes, and the passing of time in the store."""

    port: AnswerCache
    other: AnswerCache
    age: Age


@pytest.fixture
async def caches(twin: str, redis_url: str, prefix: str) -> AsyncIterator[CacheTwin]:
    """The caches under test."""
    if twin == "memory":
        clock = Clock()
        memory = MemoryAnswerCache(clock)

        async def age_memory(seconds: float) -> None:
            clock.advance(seconds)

        yield CacheTwin(memory, MemoryAnswerCache(clock, memory.far), age_memory)
        return
    async with Redis.from_url(redis_url) as client:
        await client.flushdb()

        async def age(seconds: float) -> None:
            async for key in client.scan_iter():
                left_ms = await client.pttl(key) - round(seconds * 1000)
                await (client.pexpire(key, left_ms) if left_ms > 0 else client.delete(key))

        made = [RedisAnswerCache(client, prefix=prefix, largest_bytes=4000) for _ in range(2)]
        yield CacheTwin(made[0], made[1], age)
        for each in made:
            await each.aclose()


async def sent(cache: AnswerCache) -> None:
    """Wait until what was kept is in the store."""
    if isinstance(cache, RedisAnswerCache):
        await cache.aclose()


async def test_what_nobody_has_kept_is_not_found(caches: CacheTwin) -> None:
    assert caches.port.near("k") is None
    assert await caches.port.find("k") is None


async def test_what_is_kept_is_near_at_once(caches: CacheTwin) -> None:
    caches.port.keep("k", KEPT, seconds=60)
    assert caches.port.near("k") == KEPT


async def test_another_process_finds_it_letter_by_letter_and_has_it_near_from_then_on(
    caches: CacheTwin,
) -> None:
    caches.port.keep("k", KEPT, seconds=60)
    await sent(caches.port)
    assert caches.other.near("k") is None
    assert await caches.other.find("k") == KEPT
    assert caches.other.near("k") == KEPT


async def test_the_store_forgets_it_after_its_seconds(caches: CacheTwin) -> None:
    caches.port.keep("k", KEPT, seconds=60)
    await sent(caches.port)
    await caches.age(61)
    assert await caches.other.find("k") is None


async def test_the_latest_answer_replaces_the_one_before(caches: CacheTwin) -> None:
    later = replace(KEPT, kept_at=200.0)
    caches.port.keep("k", KEPT, seconds=60)
    caches.port.keep("k", later, seconds=60)
    await sent(caches.port)
    assert caches.port.near("k") == later
    assert await caches.other.find("k") == later
