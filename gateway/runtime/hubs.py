"""What the readers of one loop hear streams by."""

import asyncio
import weakref
from dataclasses import dataclass

from redis.asyncio import Redis

from gateway.adapters.redis.relay_hub import RedisRelayHub
from gateway.runtime.stores import key_prefix, store


@dataclass(frozen=True, slots=True)
class _LoopHub:
    """A loop's hub and the clients it listens with."""

    hub: RedisRelayHub
    clients: tuple[Redis, Redis]


_hubs: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _LoopHub] = weakref.WeakKeyDictionary()


def hub() -> RedisRelayHub:
    """Return the running loop's hub."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        clients = store(), store(is_listening=True)
        _hubs[loop] = _LoopHub(RedisRelayHub(*clients, prefix=key_prefix()), clients)
    return _hubs[loop].hub


async def aclose_hub() -> None:
    """Close the running loop's hub and its connections, if it has one."""
    closing = _hubs.pop(asyncio.get_running_loop(), None)
    if closing is None:
        return
    await closing.hub.aclose()
    for client in closing.clients:
        await client.aclose(close_connection_pool=True)
