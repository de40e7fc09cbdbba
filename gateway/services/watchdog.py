"""One guard around every wait of a stream: four deadlines, and the order to stop.

A wait is cut from inside the task that waits. No helper task per delta, and no timer either: at
ten thousand deltas a second a process has none to spare. The loop's one round sees who is late.
"""

import asyncio
from collections.abc import Awaitable, Callable
from math import inf
from types import TracebackType
from typing import TypeVar

from gateway.domain.errors import DeadlinePhase, ProviderTimeoutError, StoppedError
from gateway.domain.ports import CancelOrder
from gateway.services.rounds import rounds_here

Result = TypeVar("Result")


class Watchdog:
    """Stops the waits of one stream when time is up or somebody says so.

    A context around any number of waits of one task: each begins with `wait` and is over with
    `came`. What is cut ends the context with StoppedError on order, else with ProviderTimeoutError
    and the phase whose time is up; what was waited for has been unwound by then.
    """

    def __init__(self) -> None:
        self.order: CancelOrder | None = None
        self._loop = asyncio.get_running_loop()
        self._rounds = rounds_here()
        self._task: asyncio.Task[object] | None = None
        self._n_cancels = 0
        self._is_waiting = False
        self._is_cut = False
        self._due_at = inf
        self._phase = DeadlinePhase.TOTAL
        self._total_at = inf
        self._looks_at = inf  # when the round asks for it, which may be long before it is due

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
        return self._total_at - self._loop.time()

    async def sleep(self, seconds: float) -> None:
        """Let time pass, unless the order to stop or the end of the call comes first."""
        await self.until(
            lambda: asyncio.sleep(seconds), seconds=seconds + 1.0, phase=DeadlinePhase.TOTAL
        )

    async def until(
        self, step: Callable[[], Awaitable[Result]], *, seconds: float, phase: DeadlinePhase
    ) -> Result:
        """Return what the step returns, within so many seconds."""
        with self:
            self.wait(self._loop.time() + seconds, phase)
            return await step()

    def wait(self, due_at: float, phase: DeadlinePhase) -> None:
        """Guard what is awaited next, up to a time of the loop."""
        if self.order is not None:
            raise StoppedError(self.order.by)
        if self._total_at < due_at:
            due_at, phase = self._total_at, DeadlinePhase.TOTAL
        self._due_at, self._phase, self._is_waiting = due_at, phase, True
        if due_at < self._looks_at:
            self._look_at(due_at)

    def came(self) -> None:
        """Guard no longer: what was waited for is here."""
        self._is_waiting = False
        if self._is_cut:
            self._forgive()

    def __enter__(self) -> None:
        task = asyncio.current_task(self._loop)
        assert task is not None  # only a task can be cut
        self._task, self._n_cancels = task, task.cancelling()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_waiting, self._looks_at = False, inf
        self._rounds.leave(self)
        is_ours_alone = self._is_cut and self._forgive() <= self._n_cancels
        self._task = None
        # One that came from outside as well goes on its way.
        if is_ours_alone and isinstance(error, asyncio.CancelledError):
            raise self._reason() from None

    def due(self) -> None:
        """Cut the wait if its time is up; it may have moved on since the round was asked."""
        self._looks_at = inf
        if not self._is_waiting:
            return
        if self._due_at <= self._loop.time():
            self._cut()
        else:
            self._look_at(self._due_at)

    def _look_at(self, due_at: float) -> None:
        self._looks_at = due_at
        self._rounds.wait(self, due_at=due_at)

    def _cut(self) -> None:
        if self._is_waiting and not self._is_cut and self._task is not None:
            self._is_cut = True
            self._task.cancel()

    def _forgive(self) -> int:
        """Take back that the task was cancelled; return how many other cancels there are."""
        assert self._task is not None  # only what waits is cut
        self._is_cut = False
        return self._task.uncancel()

    def _reason(self) -> StoppedError | ProviderTimeoutError:
        if self.order is not None:
            return StoppedError(self.order.by)
        return ProviderTimeoutError(f"no answer in time: {self._phase}", phase=self._phase)
