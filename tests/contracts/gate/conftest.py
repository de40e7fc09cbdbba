"""The gate under test, in memory and in Redis."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from tests.contracts.gates import GateTwin, memory_gate, redis_gate


@pytest.fixture
async def gate(twin: str, redis_url: str, prefix: str) -> AsyncIterator[GateTwin]:
    """The gate under test."""
    if twin == "memory":
        yield memory_gate()
        return
    async with Redis.from_url(redis_url) as client:
        yield await redis_gate(client, prefix=prefix)
