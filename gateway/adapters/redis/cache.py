"""Kept answers on two levels: this process's memory, bounded by bytes, over the shared store."""

import asyncio
import contextlib
import contextvars
from collections import OrderedDict

from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway import metrics
from gateway.adapters.redis import delta_wire
from gateway.domain.kept import Kept

READ_SECONDS = 0.05  # an answer that takes longer to find is asked for
_ENTRY_BYTES = 512  # the key, the entry and what is around them


class RedisAnswerCache:
    """The cache of one event loop."""

    def __init__(self, client: Redis, *, prefix: str, largest_bytes: int) -> None:
        self._client = client
        self._prefix = f"{prefix}kept:"
        self._largest_bytes = largest_bytes
        self._near: OrderedDict[str, Kept] = OrderedDict()
        self._n_bytes = 0
        self._writing: set[asyncio.Task[None]] = set()

    def near(self, key: str) -> Kept | None:
        """Return what this process has kept."""
        kept = self._near.get(key)
        if kept is not None:
            self._near.move_to_end(key)
        return kept

    async def find(self, key: str) -> Kept | None:
        """Return what any process has kept, and remember it here."""
        try:
            async with asyncio.timeout(READ_SECONDS):
                data = await self._client.get(self._prefix + key)
            kept = delta_wire.unpacked(data) if isinstance(data, bytes) else None
        except (RedisError, OSError, TimeoutError, ValueError):
            # Away, slow, or another version's: the answer is asked for as if there were none.
            metrics.CACHE_READ_FAILURES.inc()
            return None
        if kept is not None:
            self._remember(key, kept)
        return kept

    def keep(self, key: str, kept: Kept, *, seconds: float) -> None:
        """Remember the answer here, and send it to the store beside everything else."""
        self._remember(key, kept)
        task = asyncio.get_running_loop().create_task(
            self._store(key, kept, seconds), context=contextvars.Context()
        )
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def aclose(self) -> None:
        """Return once what was kept last has been sent."""
        if self._writing:
            await asyncio.wait(tuple(self._writing))

    async def _store(self, key: str, kept: Kept, seconds: float) -> None:
        with contextlib.suppress(RedisError, OSError):  # it is in memory, and asked for elsewhere
            await self._client.set(
                self._prefix + key, delta_wire.packed(kept), px=max(1, round(seconds * 1000))
            )

    def _remember(self, key: str, kept: Kept) -> None:
        self._forget(key)
        n_bytes = kept.n_bytes + _ENTRY_BYTES
        if n_bytes > self._largest_bytes:
            return
        self._near[key] = kept
        self._n_bytes += n_bytes
        while self._n_bytes > self._largest_bytes:
            self._forget(next(iter(self._near)))

    def _forget(self, key: str) -> None:
        kept = self._near.pop(key, None)
        if kept is not None:
            self._n_bytes -= kept.n_bytes + _ENTRY_BYTES
