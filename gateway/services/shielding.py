"""Steps that have to be finished even when the one who asked is gone."""

import asyncio
import logging
from collections.abc import Callable, Coroutine

from gateway.domain.errors import StateUnavailableError

_logger = logging.getLogger(__name__)
_running: set[asyncio.Task[None]] = set()


async def finish(step: Coroutine[object, object, None]) -> None:
    """Run the step to its end; a cancelled caller leaves, the step goes on without it."""
    task = asyncio.get_running_loop().create_task(step)
    _running.add(task)
    task.add_done_callback(_running.discard)
    await asyncio.shield(task)


async def give_back(release: Callable[[], Coroutine[object, object, None]]) -> None:
    """Release something held by lease; what cannot be released now runs out by itself."""

    async def attempt() -> None:
        try:
            await release()
        except StateUnavailableError:
            _logger.warning("gateway.release_failed")

    await finish(attempt())
