"""How late the timers of an event loop fire: the first sign that something blocks it."""

import asyncio

from config import metrics

_PERIOD_SECONDS = 0.5


async def begin() -> None:
    """Begin to measure the running loop, for as long as it runs."""
    measure(asyncio.get_running_loop())


def measure(loop: asyncio.AbstractEventLoop) -> None:
    """Measure the loop from its own thread, for as long as it runs."""
    due_at = loop.time() + _PERIOD_SECONDS
    loop.call_at(due_at, _observe, loop, due_at)


def _observe(loop: asyncio.AbstractEventLoop, due_at: float) -> None:
    metrics.LOOP_LAG_SECONDS.observe(max(0.0, loop.time() - due_at))
    measure(loop)
