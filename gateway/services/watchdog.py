"""One guard around every wait of a stream: four deadlines, and the order to stop.

A wait is cut from inside the task that waits, by moving the deadline of its timeout scope. No
helper task per delta: at ten thousand deltas a second a process has none to spare.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from gateway.domain.errors import DeadlinePhase, ProviderTimeoutError, StoppedError
from gateway.domain.messages import Deadlines
from gateway.domain.ports import CancelOrder

Result = TypeVar("Result")


class Watchdog:
    """Stops the waits of one stream when time is up or somebody says so."""

    def __init__(self) -> None:
        self.order: CancelOrder | None = None
        self._scope: asyncio.Timeout | None = None
        self._total_at: float | None = None

    def stop(self, order: CancelOrder) -> None:
        """Take the order to stop: the wait in progress ends now, the next one never begins."""
        if self.order is not None:
            return
        self.order = order
        if self._scope is not None and not self._scope.expired():
            self._scope.reschedule(asyncio.get_running_loop().time())

    def start_total(self, deadlines: Deadlines) -> None:
        """Start the clock of the whole call; waiting for a place does not count."""
        self._total_at = asyncio.get_running_loop().time() + deadlines.total_seconds

    async def until(
        self, step: Callable[[], Awaitable[Result]], *, seconds: float, phase: DeadlinePhase
    ) -> Result:
        """Return what the step returns.

        Raises StoppedError on order, ProviderTimeoutError with the phase when ``seconds`` or
        the total have passed; the step has been unwound by then.
        """
        if self.order is not None:
            raise StoppedError(self.order.by)
        at = asyncio.get_running_loop().time() + seconds
        if self._total_at is not None and self._total_at < at:
            at, phase = self._total_at, DeadlinePhase.TOTAL
        scope = asyncio.timeout_at(at)
        try:
            async with scope:
                self._scope = scope
                return await step()
        except TimeoutError:
            if not scope.expired():
                raise
            if self.order is not None:
                raise StoppedError(self.order.by) from None
            raise ProviderTimeoutError(f"no answer in time: {phase}", phase=phase) from None
        finally:
            self._scope = None
