"""Bulkheads in Redis: places are leases with an id and an expiry, never a bare counter."""

from collections.abc import Iterable

from redis.asyncio import Redis

from gateway.adapters.redis import scripts
from gateway.adapters.redis.faults import translated


class RedisBulkhead:
    """Places at providers, counted once for all processes."""

    def __init__(self, client: Redis, *, prefix: str, lease_seconds: float) -> None:
        self._script = client.register_script(scripts.source("bulkhead"))
        self._prefix = prefix
        self._lease_ms = round(lease_seconds * 1000)

    async def acquire(self, name: str, holder: str, *, limit: int) -> bool:
        """Take a place; False when all are taken."""
        return await self._run(name, "acquire", limit, [holder]) == 1

    async def renew(self, name: str, holders: Iterable[str]) -> None:
        """Keep the places alive."""
        await self._run(name, "renew", 0, list(holders))

    async def release(self, name: str, holder: str) -> None:
        """Give the place back."""
        await self._run(name, "release", 0, [holder])

    async def in_flight(self, name: str) -> int:
        """Return the number of places held now."""
        return await self._run(name, "count", 0, [])

    async def _run(self, name: str, operation: str, limit: int, holders: list[str]) -> int:
        with translated():
            answer: int = await self._script(
                keys=[f"{self._prefix}bulkhead:{name}"],
                args=[operation, self._lease_ms, limit, *holders],
            )
        return answer
