"""One timer for all who wait on a loop.

Nearly every deadline is met long before it is due, and a timer of its own that is set and
cleared costs more than most of what else is done for a request. So whoever waits says when it
is due, and one round looks at all of them: as soon as the first one is, and never more often
than every `ROUND_SECONDS`.
"""

import asyncio
from math import inf
from typing import Protocol
from weakref import WeakKeyDictionary

ROUND_SECONDS = 0.02


class Waiting(Protocol):
    """Whoever waits."""

    def due(self) -> None:
        """Hear that the time has come; it is not waited for any more."""
        ...


class Rounds:
    """Who waits on one loop, and until when by its clock; see `rounds_here`."""

    def __init__(self) -> None:
        self._due: dict[Waiting, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._next_at = inf
        self._walked_at = -inf

    @property
    def now(self) -> float:
        """Return the loop's time."""
        return asyncio.get_running_loop().time()

    def wait(self, one: Waiting, *, due_at: float) -> None:
        """Tell it when the loop's clock has come so far; a later word replaces an earlier one."""
        self._due[one] = due_at
        if due_at < self._next_at:
            self._walk_at(due_at)

    def leave(self, one: Waiting) -> None:
        """Do not tell it any more; the round that was for it finds nobody, or somebody else."""
        self._due.pop(one, None)

    def _walk_at(self, at: float) -> None:
        at = max(at, self._walked_at + ROUND_SECONDS)
        if at >= self._next_at:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._next_at, self._timer = at, asyncio.get_running_loop().call_at(at, self._walk)

    def _walk(self) -> None:
        self._next_at, self._timer = inf, None
        self._walked_at = now = self.now
        late = [one for one, due_at in self._due.items() if due_at <= now]
        for one in late:
            del self._due[one]
        for one in late:
            one.due()
        if self._due:
            self._walk_at(min(self._due.values()))


_rounds: WeakKeyDictionary[asyncio.AbstractEventLoop, Rounds] = WeakKeyDictionary()


def rounds_here() -> Rounds:
    """Return the running loop's rounds."""
    loop = asyncio.get_running_loop()
    found = _rounds.get(loop)
    if found is None:
        found = _rounds[loop] = Rounds()
    return found
