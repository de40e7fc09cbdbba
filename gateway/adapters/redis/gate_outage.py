"""Whether the store can be asked: a breaker of the gate's own, for a store gone or slow.

A slow store is worse than a dead one: every request waits for it. So its answers have to come
within tens of milliseconds, a few that do not end the asking, and only a probe beside the
requests goes on, until one comes back in time.
"""

import asyncio
import contextvars
import logging
from collections.abc import Awaitable, Callable

from gateway import metrics
from gateway.domain.errors import StateUnavailableError

N_FAILURES = 3

_logger = logging.getLogger(__name__)


class Outage:
    """Counts failures in a row; says once when the store is away, and once when it is back."""

    def __init__(
        self,
        probe: Callable[[], Awaitable[object]],
        *,
        on_away: Callable[[], None],
        on_back: Callable[[], Awaitable[None]],
        probe_seconds: float,
    ) -> None:
        self._probe = probe
        self._on_away = on_away
        self._on_back = on_back
        self._probe_seconds = probe_seconds
        self._n_failures = 0
        self._probing: asyncio.Task[None] | None = None
        self.is_away = False

    def worked(self) -> None:
        """Note an answer in time."""
        self._n_failures = 0

    def failed(self, error: BaseException) -> None:
        """Note an answer that did not come; after a few, stop asking."""
        self._n_failures += 1
        if self.is_away or self._n_failures < N_FAILURES:
            return
        self.is_away = True
        metrics.GATE_AWAY.set(1)
        cause = type(error.__cause__ or error).__name__
        _logger.warning("gateway.gate_degraded", extra={"error_type": cause})
        self._on_away()
        self._probing = asyncio.get_running_loop().create_task(
            # Of no request in particular.
            self._until_back(),
            context=contextvars.Context(),
        )

    async def aclose(self) -> None:
        """Stop probing."""
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.gather(self._probing, return_exceptions=True)

    async def _until_back(self) -> None:
        while True:
            await asyncio.sleep(self._probe_seconds)
            try:
                await self._probe()
            except StateUnavailableError:
                continue
            break
        self._n_failures = 0
        self.is_away = False
        metrics.GATE_AWAY.set(0)
        _logger.info("gateway.gate_restored")
        await self._on_back()
