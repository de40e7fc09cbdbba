"""Where each followed room's log ends, asked for all readers of a process in one query.

The net under the notices: a reader that missed one learns here that it is behind.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator
from uuid import UUID
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from django import db

from interview import selectors

logger = logging.getLogger(__name__)

EVERY_SECONDS = 10.0
TellTop = Callable[[int], None]


class Positions:
    """The watchers of one event loop and the task that serves them while there are any."""

    def __init__(self, every_seconds: float = EVERY_SECONDS) -> None:
        self._every_seconds = every_seconds
        self._watchers: dict[UUID, set[TellTop]] = {}
        self._task: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def watch(self, room_id: UUID, tell: TellTop) -> Iterator[None]:
        """Call ``tell`` with the room's top offset from time to time."""
        self._watchers.setdefault(room_id, set()).add(tell)
        if self._task is None:
            self._task = asyncio.create_task(self._serve(), name="positions")
        try:
            yield
        finally:
            self._watchers[room_id].discard(tell)
            if not self._watchers[room_id]:
                del self._watchers[room_id]
            if not self._watchers and self._task is not None:
                self._task.cancel()
                self._task = None

    async def _serve(self) -> None:
        while True:
            await asyncio.sleep(self._every_seconds)
            try:
                tops = await database_sync_to_async(selectors.top_offsets)(list(self._watchers))
            except db.Error:  # an InterfaceError is no DatabaseError
                logger.warning("positions.unavailable")
                continue
            for room_id, top in tops.items():
                for tell in list(self._watchers.get(room_id, ())):
                    tell(top)


_of_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, Positions] = WeakKeyDictionary()


def positions() -> Positions:
    """Return the running loop's watch."""
    loop = asyncio.get_running_loop()
    if loop not in _of_loop:
        _of_loop[loop] = Positions()
    return _of_loop[loop]
