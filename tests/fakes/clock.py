"""Time in tests: it passes by hand."""

import asyncio
from dataclasses import dataclass

import pytest


@dataclass(slots=True)
class Clock:
    """Seconds that pass by hand."""

    now: float = 1_000_000.0

    @property
    def now_us(self) -> int:
        """The time in whole microseconds."""
        return round(self.now * 1_000_000)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


async def settle() -> None:
    """Let everything that can happen now happen."""
    for _ in range(30):
        await asyncio.sleep(0)


class LaterClock:
    """The loop's time, put forward by the test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        self._time, self.put_forward = loop.time, 0.0
        monkeypatch.setattr(loop, "time", lambda: self._time() + self.put_forward)

    async def advance(self, seconds: float) -> None:
        """Let so much time have passed, and what was due then happen."""
        self.put_forward += seconds
        await settle()
