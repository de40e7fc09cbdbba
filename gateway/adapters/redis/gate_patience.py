"""How long the store may take to answer, watched by one timer for all calls.

Nearly every answer comes in time, and a task and a timer for each of them would cost more than
most of what else a call does here. So the timer that was set for one call looks, when it comes
round, at whichever call is under way by then.
"""

import asyncio
import contextvars
from types import TracebackType

N_CHANCES = 3
BUSY_SECONDS = 0.005  # a timer that is later than this says that the loop was busy


class Patience:
    """Ends the wait of one task at a time; a loop that was busy is not a slow store.

    Belongs to one event loop. ``with`` raises TimeoutError when it lasts too long.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._waiting: asyncio.Task[object] | None = None
        self._n_cancelling = 0
        self._n_chances = 0
        self._due_at = 0.0
        self._look_at = 0.0
        self._is_looking = False
        self._is_over = False

    def __enter__(self) -> None:
        """Begin to wait, in the running task."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        assert self._waiting is None
        self._waiting, self._n_cancelling = task, task.cancelling()
        self._is_over, self._n_chances = False, N_CHANCES
        self._due_at = loop.time() + self._seconds
        if not self._is_looking:
            self._look_later(loop)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the wait; what it was cancelled for here was its length."""
        task, self._waiting = self._waiting, None
        if self._is_over and task is not None:
            is_only_late = task.uncancel() <= self._n_cancelling
            if is_only_late and kind is asyncio.CancelledError:
                raise TimeoutError("the gate's store is slow") from error

    def _look_later(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_looking, self._look_at = True, self._due_at
        # Of no call in particular, so in the context of none.
        loop.call_at(self._due_at, self._look, context=contextvars.Context())

    def _look(self) -> None:
        self._is_looking = False
        if self._waiting is None:
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        if now >= self._due_at:
            self._n_chances -= 1
            if now < self._look_at + BUSY_SECONDS or not self._n_chances:
                self._is_over = True
                self._waiting.cancel()
                return
            self._due_at = now + self._seconds
        self._look_later(loop)
