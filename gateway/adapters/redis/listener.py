"""One pub/sub connection that comes back by itself and says when it had been away."""

import asyncio
import contextlib
import contextvars
import logging
from collections.abc import Callable

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 1.0

_logger = logging.getLogger(__name__)


class Listener:
    """Calls back for each message; belongs to the event loop it was first used on.

    Messages that are published while the connection is away are lost: ``on_restored`` tells
    those who care to look at what is stored.
    """

    def __init__(
        self, client: Redis, *, on_message: Callable[[bytes], None], on_restored: Callable[[], None]
    ) -> None:
        self._client = client
        self._on_message = on_message
        self._on_restored = on_restored
        self._channels: dict[str, asyncio.Future[None]] = {}
        self._pubsub: PubSub | None = None
        self._task: asyncio.Task[None] | None = None

    async def subscribe(self, channel: str) -> None:
        """Return once messages of the channel arrive; wait out an outage if there is one."""
        confirmed = self._channels.get(channel)
        if confirmed is None:
            confirmed = asyncio.get_running_loop().create_future()
            self._channels[channel] = confirmed
            if self._task is None:
                self._task = asyncio.get_running_loop().create_task(
                    # Of no turn in particular: the first one's context must not stick to it.
                    self._run(),
                    context=contextvars.Context(),
                )
            elif self._pubsub is not None:
                with contextlib.suppress(RedisError, OSError):
                    await self._pubsub.subscribe(channel)
        await asyncio.shield(confirmed)

    async def aclose(self) -> None:
        """Leave the connection."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        pause_seconds = FIRST_PAUSE_SECONDS
        is_first = True
        while True:
            try:
                async with self._client.pubsub() as pubsub:
                    await self._subscribe_all(pubsub)
                    self._pubsub = pubsub
                    if not is_first:
                        _logger.info("gateway.listener_restored")
                        self._on_restored()
                    is_first, pause_seconds = False, FIRST_PAUSE_SECONDS
                    await self._listen(pubsub)
            except (RedisError, OSError) as error:
                if self._pubsub is not None:
                    _logger.warning(
                        "gateway.listener_lost", extra={"error_type": type(error).__name__}
                    )
            finally:
                self._pubsub = None
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(LONGEST_PAUSE_SECONDS, pause_seconds * 2)

    async def _subscribe_all(self, pubsub: PubSub) -> None:
        """Subscribe to every channel, also to those somebody asks for meanwhile."""
        asked: set[str] = set()
        while new := [channel for channel in self._channels if channel not in asked]:
            await pubsub.subscribe(*new)
            asked.update(new)

    async def _listen(self, pubsub: PubSub) -> None:
        async for message in pubsub.listen():
            if message["type"] == "message":
                self._hand_over(message["data"])
            elif message["type"] == "subscribe":
                confirmed = self._channels.get(message["channel"].decode())
                if confirmed is not None and not confirmed.done():
                    confirmed.set_result(None)

    def _hand_over(self, payload: bytes) -> None:
        try:
            self._on_message(payload)
        except Exception as error:  # noqa: BLE001  one bad message must not deafen the process
            _logger.error("gateway.message_unread", extra={"error_type": type(error).__name__})
