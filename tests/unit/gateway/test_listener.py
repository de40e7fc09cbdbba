"""The one pub/sub connection of a process."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

from redis.asyncio import Redis

from gateway.adapters.redis.listener import Listener


class SlowPubSub:
    """A connection that takes its time to subscribe, and confirms what it subscribed to."""

    def __init__(self) -> None:
        self.may_go_on = asyncio.Event()
        self.is_asked = asyncio.Event()
        self._confirmed: asyncio.Queue[str] = asyncio.Queue()

    async def __aenter__(self) -> "SlowPubSub":
        return self

    async def __aexit__(self, *_: object) -> None:
        """Leave nothing behind."""

    async def subscribe(self, *channels: str) -> None:
        self.is_asked.set()
        await self.may_go_on.wait()
        for channel in channels:
            self._confirmed.put_nowait(channel)

    async def listen(self) -> AsyncIterator[dict[str, Any]]:
        while True:
            yield {"type": "subscribe", "channel": (await self._confirmed.get()).encode()}


class SlowRedis:
    """A client with one such connection."""

    def __init__(self) -> None:
        self.connection = SlowPubSub()

    def pubsub(self) -> SlowPubSub:
        return self.connection


async def test_a_channel_asked_for_while_the_first_is_subscribed_to_is_heard_as_well() -> None:
    client = SlowRedis()
    listener = Listener(cast("Redis", client), on_message=lambda _: None, on_restored=lambda: None)
    first = asyncio.create_task(listener.subscribe("one"))
    await client.connection.is_asked.wait()
    second = asyncio.create_task(listener.subscribe("two"))
    await asyncio.sleep(0)

    client.connection.may_go_on.set()

    await asyncio.wait_for(asyncio.gather(first, second), 5)
    await listener.aclose()
