"""A clock that strikes for all who wait at once: one timer of the loop, however many they are."""

import asyncio
import math


class Ticks:
    """The next strikes of one loop, and who waits for each."""

    def __init__(self, seconds: float) -> None:
        """Strike every so many seconds of the loop's time, when somebody waits."""
        self._seconds = seconds
        self._waiting: dict[int, list[asyncio.Future[None]]] = {}

    async def wait_until(self, due_at: float) -> None:
        """Return at the first strike that is not before a time of the loop."""
        loop = asyncio.get_running_loop()
        number = math.ceil(due_at / self._seconds)
        waiting = self._waiting.get(number)
        if waiting is None:
            waiting = self._waiting[number] = []
            loop.call_at(number * self._seconds, self._strike, number)
        struck = loop.create_future()
        waiting.append(struck)
        await struck

    def _strike(self, number: int) -> None:
        for struck in self._waiting.pop(number):
            if not struck.done():  # who was told to stop waits no longer
                struck.set_result(None)
