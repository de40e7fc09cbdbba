"""Facts on their way to readers: told in order by one task of the process's loop.

Nobody waits for them. What is told is committed already, the job that follows from it need not
stand behind it, and a reader that missed it learns so from its position.
"""

import asyncio
import atexit
import contextvars
import logging
import os
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from channels.layers import BaseChannelLayer, get_channel_layer
from redis.exceptions import RedisError

from gateway import facade

MOST_WAITING = 10_000
LAST_SECONDS = 1.0

logger = logging.getLogger(__name__)

Message = dict[str, Any]


class Notices:
    """What one process tells the groups of the channel layer."""

    def __init__(
        self,
        *,
        layer: Callable[[], BaseChannelLayer] = get_channel_layer,
        run: Callable[[Coroutine[object, object, Any]], Any] = facade.run_on_loop,
    ) -> None:
        """Begin with nothing to tell; ``run`` runs a step on the process's loop."""
        self._layer = layer
        self._run = run
        self.forget()

    def forget(self) -> None:
        """Drop everything untouched: in a forked child neither the loop nor the task exists."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: deque[tuple[str, Message]] = deque()
        self._task: asyncio.Task[None] | None = None

    def tell(self, group: str, message: Message) -> None:
        """Have the group told; may be called from any thread, and returns at once."""
        if self._loop is None:
            self._loop = self._run(_running())
        self._loop.call_soon_threadsafe(self._take, group, message)

    def finish(self) -> None:
        """Return when all is told, or after a moment."""
        if self._loop is not None:
            self._run(self._told())

    def _take(self, group: str, message: Message) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.clear()  # readers find the gap and read the log
            logger.warning("outbox.publish_failed", extra={"outcome": "full"})
        self._waiting.append((group, message))
        if self._task is None:
            # Not in the context of whoever happened to be first.
            self._task = asyncio.get_running_loop().create_task(
                self._tell_all(), context=contextvars.Context()
            )

    async def _tell_all(self) -> None:
        layer = self._layer()
        try:
            while self._waiting:
                await _send(layer, *self._waiting.popleft())
        finally:
            self._task = None

    async def _told(self) -> None:
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=LAST_SECONDS)


async def _send(layer: BaseChannelLayer, group: str, message: Message) -> None:
    try:
        await layer.group_send(group, message)
    except (RedisError, OSError):
        logger.warning("outbox.publish_failed", extra={"group": group})


async def _running() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


notices = Notices()
atexit.register(notices.finish)
os.register_at_fork(after_in_child=notices.forget)
