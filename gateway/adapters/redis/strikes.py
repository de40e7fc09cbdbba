"""How often faults on purpose have struck: one counter per rule, for all processes."""

import contextlib

from redis.asyncio import Redis

from gateway.adapters.redis.faults import translated
from gateway.domain.errors import StateUnavailableError

KEPT_SECONDS = 30 * 86_400


class RedisStrikes:
    """Counters that outlive every process, and not for ever the rules they are for."""

    def __init__(self, client: Redis, *, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    async def take(self, rule_id: str, n_times: int) -> bool:
        """Return whether this strike is among the first so many; an outage spares everybody."""
        key = f"{self._prefix}strikes:{rule_id}"
        with contextlib.suppress(StateUnavailableError), translated():
            async with self._client.pipeline(transaction=True) as pipe:
                pipe.incr(key)
                pipe.expire(key, KEPT_SECONDS)
                n_struck, _ = await pipe.execute()
            return int(n_struck) <= n_times
        return False
