"""Kept answers and shared runs of one process, for as many services as a test makes."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator

from gateway.domain.kept import Kept
from gateway.domain.messages import Delta, Failed, Finish
from tests.fakes.clock import Clock

LEASE_SECONDS = 4.0


class MemoryAnswerCache:
    """Answers in a dict; ``far`` is the store other processes share."""

    def __init__(self, clock: Clock, far: dict[str, tuple[Kept, float]] | None = None) -> None:
        self.far = {} if far is None else far
        self._clock = clock
        self._near: dict[str, Kept] = {}

    def near(self, key: str) -> Kept | None:
        """Return what is kept here."""
        return self._near.get(key)

    async def find(self, key: str) -> Kept | None:
        """Return what anybody has kept and time has not taken."""
        kept, until = self.far.get(key, (None, 0.0))
        if kept is None or until <= self._clock.now:
            return None
        self._near[key] = kept
        return kept

    def keep(self, key: str, kept: Kept, *, seconds: float) -> None:
        """Keep the answer, here and for others."""
        self._near[key] = kept
        self.far[key] = (kept, self._clock.now + seconds)


class MemoryRunWriter:
    """A run being told."""

    def __init__(self, runs: "MemorySharedRuns", run: str) -> None:
        self._runs = runs
        self._run = run

    def write(self, delta: Delta) -> None:
        """Take the next delta."""
        self._runs.said[self._run].append(delta)
        self._runs.tell()

    async def end(self) -> None:
        """Return at once: everything has been heard."""


class MemorySharedRuns:
    """Leaders, members and what they say; a store that ``is_away`` is the test's to have."""

    def __init__(self, clock: Clock) -> None:
        self.said: dict[str, list[Delta]] = defaultdict(list)
        self._clock = clock
        self._leads: dict[str, tuple[str, float]] = {}
        self._members: dict[str, dict[str, float]] = defaultdict(dict)
        self._news = asyncio.Event()

    async def join(self, key: str, *, member: str) -> str:
        """Return the run to listen to."""
        leader = self._leader(key)
        if leader is not None and leader != member:
            self._members[key][member] = self._clock.now + LEASE_SECONDS
            return leader
        if leader is None:
            self._members.pop(key, None)
        self._leads[key] = (member, self._clock.now + LEASE_SECONDS)
        return member

    async def renew(self, key: str, *, run: str, member: str) -> bool:
        """Keep the member alive; False when the run leads no longer."""
        leader = self._leader(key)
        if run == member:
            if leader not in {None, run}:
                return False
            self._leads[key] = (run, self._clock.now + LEASE_SECONDS)
            return True
        self._members[key][member] = self._clock.now + LEASE_SECONDS
        return leader == run

    async def leave(self, key: str, *, member: str) -> None:
        """Listen no longer."""
        self._members[key].pop(member, None)

    async def retire(self, key: str, *, run: str, is_over: bool) -> bool:
        """Lead no longer; False while others listen to a run that is not over."""
        if self._leader(key) != run:
            return True
        listening = [until for until in self._members[key].values() if until > self._clock.now]
        if listening and not is_over:
            return False
        del self._leads[key]
        self._members.pop(key, None)
        return True

    def write(self, run: str) -> MemoryRunWriter:
        """Return the writer of a run."""
        return MemoryRunWriter(self, run)

    async def follow(self, run: str) -> AsyncGenerator[Delta, None]:
        """Yield what is said in the run from its beginning."""
        index = 0
        while True:
            while index < len(self.said[run]):
                delta = self.said[run][index]
                index += 1
                yield delta
                if isinstance(delta, Finish | Failed):
                    return
            await self._news.wait()

    def tell(self) -> None:
        """Wake everybody who follows."""
        self._news.set()
        self._news = asyncio.Event()

    def _leader(self, key: str) -> str | None:
        leader, until = self._leads.get(key, ("", 0.0))
        return leader if leader and until > self._clock.now else None
