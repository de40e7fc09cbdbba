"""One guard around every wait of a stream: four deadlines, and the order to stop.

A wait is cut from inside the task that waits. No helper task per delta, and no timer either: at
ten thousand deltas a second a process has none to spare. The loop's one round sees who is late.
"""

import asyncio
from collections.abc import Awaitable, Callable
from math import inf
from typing import TypeVar

from gateway.domain.errors import DeadlinePhase, ProviderTimeoutError, StoppedError
from gateway.domain.ports import CancelOrder
from gateway.services.rounds import rounds_here

Result = TypeVar("Result")


class Watchdog:
    """Stops the waits of one stream when time is up or somebody says so."""

    def __init__(self) -> None:
        self.order: CancelOrder | None = None
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Task[object] | None = None
        self._is_cut = False
        self._total_at: float | None = None
        self._rounds = rounds_here()

    def stop(self, order: CancelOrder) -> None:
        """Take the order to stop: the wait in progress ends now, the next one never begins."""
        if self.order is None:
            self.order = order
            self._cut()

    @property
    def now(self) -> float:
        """Return the time of its loop."""
        return self._loop.time()

    def end_at(self, total_at: float) -> None:
        """Let the whole call be over at a time of the loop; waiting in a queue does not count."""
        self._total_at = total_at

    @property
    def remaining_seconds(self) -> float:
        """Return what is left of the whole call; for ever until its clock has been started."""
        return inf if self._total_at is None else self._total_at - self._loop.time()

    async def sleep(self, seconds: float) -> None:
        """Let time pass, unless the order to stop or the end of the call comes first."""
        await self.until(
            lambda: asyncio.sleep(seconds), seconds=seconds + 1.0, phase=DeadlinePhase.TOTAL
        )

    async def until(
        self, step: Callable[[], Awaitable[Result]], *, seconds: float, phase: DeadlinePhase
    ) -> Result:
        """Return what the step returns.

        Raises StoppedError on order, ProviderTimeoutError with the phase when ``seconds`` or
        the total have passed; the step has been unwound by then.
        """
        return await self.until_at(step, ends_at=self._loop.time() + seconds, phase=phase)

    async def until_at(
        self, step: Callable[[], Awaitable[Result]], *, ends_at: float, phase: DeadlinePhase
    ) -> Result:
        """Do as `until`, up to a time of the loop."""
        if self.order is not None:
            raise StoppedError(self.order.by)
        task = asyncio.current_task(self._loop)
        assert task is not None  # only a task can be cut
        n_cancels = task.cancelling()
        phase = self._watch(ends_at, phase)
        self._waiting, self._is_cut = task, False
        try:
            return await step()
        except asyncio.CancelledError:
            # Ours alone ends here; one that came from outside as well goes on its way.
            if not self._is_cut or task.cancelling() > n_cancels + 1:
                raise
            if self.order is not None:
                raise StoppedError(self.order.by) from None
            raise ProviderTimeoutError(f"no answer in time: {phase}", phase=phase) from None
        finally:
            self._waiting = None
            self._rounds.leave(self)
            if self._is_cut:
                task.uncancel()

    def due(self) -> None:
        """Cut the wait: its time is up."""
        self._cut()

    def _watch(self, ends_at: float, phase: DeadlinePhase) -> DeadlinePhase:
        """Set the deadline; return whose it is, the phase's or the whole call's."""
        if self._total_at is not None and self._total_at < ends_at:
            ends_at, phase = self._total_at, DeadlinePhase.TOTAL
        self._rounds.wait(self, due_at=ends_at)
        return phase

    def _cut(self) -> None:
        if self._waiting is not None and not self._is_cut:
            self._is_cut = True
            self._waiting.cancel()
