"""How often faults on purpose strike, in memory and in the store: so often, whoever counts."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from redis.asyncio import Redis

from gateway.adapters.redis.strikes import KEPT_SECONDS, RedisStrikes
from gateway.domain.ports import Strikes
from tests.fakes.strikes import MemoryStrikes


@dataclass(frozen=True, slots=True)
class Twin:
    """The counters as two processes use them."""

    here: Strikes
    there: Strikes


@pytest.fixture
async def strikes(twin: str, redis_url: str, prefix: str) -> AsyncIterator[Twin]:
    """The counters under test."""
    if twin == "memory":
        memory = MemoryStrikes()
        yield Twin(memory, memory)
        return
    async with Redis.from_url(redis_url) as one, Redis.from_url(redis_url) as other:
        await one.flushdb()
        yield Twin(RedisStrikes(one, prefix=prefix), RedisStrikes(other, prefix=prefix))


async def test_a_fault_strikes_so_often_over_all_processes(strikes: Twin) -> None:
    taken = await asyncio.gather(
        *(one.take("r", 7) for _ in range(10) for one in (strikes.here, strikes.there))
    )

    assert sum(taken) == 7


async def test_each_rule_has_a_count_of_its_own(strikes: Twin) -> None:
    assert await strikes.here.take("r", 1)
    assert not await strikes.there.take("r", 1)
    assert await strikes.there.take("s", 1)


async def test_a_rule_that_may_strike_more_often_now_goes_on(strikes: Twin) -> None:
    assert [await strikes.here.take("r", 1) for _ in range(2)] == [True, False]
    assert await strikes.here.take("r", 5)


async def test_a_store_that_is_away_spares_everybody() -> None:
    async with Redis(host="127.0.0.1", port=1) as nobody:
        assert not await RedisStrikes(nobody, prefix="p:").take("r", 5)


async def test_a_counter_outlives_its_rule_by_a_month_at_most(redis_url: str, prefix: str) -> None:
    async with Redis.from_url(redis_url) as client:
        await RedisStrikes(client, prefix=prefix).take("r", 5)
        assert 0 < await client.ttl(f"{prefix}strikes:r") <= KEPT_SECONDS
