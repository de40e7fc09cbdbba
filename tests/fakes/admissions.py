"""Bounded queues in memory, and some that break when a place is given back."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.domain.admission import (
    WAITING_SECONDS,
    Admission,
    Admitted,
    QueueLoad,
    QueuePolicy,
    QueueStatus,
    decide,
    position_of,
)
from gateway.domain.errors import GatewayError
from tests.fakes.clock import Clock

LEASE_SECONDS = 4.0


@dataclass(slots=True)
class _Queue:
    waiting: dict[str, float] = field(default_factory=dict)
    running: dict[str, float] = field(default_factory=dict)
    since: dict[str, float] = field(default_factory=dict)
    hold_seconds: float | None = None


class MemoryAdmissions:
    """Bounded queues of one process."""

    def __init__(self, clock: Clock, *, lease_seconds: float = LEASE_SECONDS) -> None:
        self._clock = clock
        self._lease_seconds = lease_seconds
        self._queues: dict[str, _Queue] = defaultdict(_Queue)

    async def admit(self, queue: str, ticket: str, policy: QueuePolicy) -> Admission:
        """Take a place or be refused."""
        found = self._alive(queue)
        if ticket in found.running:
            return Admitted(0)
        if ticket in found.waiting:
            position = self._position(found, ticket, policy)
            return Admitted(position, is_degraded=position > policy.limit)
        load = QueueLoad(len(found.waiting), len(found.running), found.hold_seconds or 0.0)
        answer = decide(load, policy)
        if isinstance(answer, Admitted):
            found.waiting[ticket] = self._clock.now
        return answer

    async def start(self, queue: str, ticket: str, policy: QueuePolicy) -> float | None:
        """Move the ticket to the running ones; None while there is no running place."""
        found = self._alive(queue)
        if ticket not in found.running:
            if len(found.running) >= policy.concurrency:
                return None
            found.since[ticket] = self._clock.now
        arrived = found.waiting.pop(ticket, self._clock.now)
        found.running[ticket] = self._clock.now + self._lease_seconds
        return self._clock.now - arrived

    async def renew(self, queue: str, tickets: Iterable[str]) -> None:
        """Keep running tickets alive."""
        found = self._alive(queue)
        for ticket in tickets:
            found.running[ticket] = self._clock.now + self._lease_seconds
            found.since.setdefault(ticket, self._clock.now)

    async def release(self, queue: str, ticket: str) -> None:
        """Give the place back."""
        found = self._alive(queue)
        found.waiting.pop(ticket, None)
        found.running.pop(ticket, None)
        started = found.since.pop(ticket, None)
        if started is not None:
            kept = self._clock.now - started
            mean = kept if found.hold_seconds is None else found.hold_seconds
            found.hold_seconds = mean * 0.8 + kept * 0.2

    async def position(self, queue: str, ticket: str, policy: QueuePolicy) -> int | None:
        """Return the ticket's position, None when it does not wait."""
        found = self._alive(queue)
        return self._position(found, ticket, policy) if ticket in found.waiting else None

    async def status(self, queue: str, policy: QueuePolicy) -> QueueStatus:
        """Return the load of the queue."""
        found = self._alive(queue)
        oldest = min(found.waiting.values(), default=self._clock.now)
        return QueueStatus(
            n_waiting=len(found.waiting),
            n_running=len(found.running),
            concurrency=policy.concurrency,
            limit=policy.limit,
            oldest_wait_seconds=self._clock.now - oldest,
        )

    def _alive(self, queue: str) -> _Queue:
        found = self._queues[queue]
        for ticket in [name for name, until in found.running.items() if until <= self._clock.now]:
            del found.running[ticket]
            found.since.pop(ticket, None)
        oldest = self._clock.now - WAITING_SECONDS
        for ticket in [name for name, arrived in found.waiting.items() if arrived <= oldest]:
            del found.waiting[ticket]
        return found

    def _position(self, found: _Queue, ticket: str, policy: QueuePolicy) -> int:
        return position_of(
            rank=list(found.waiting).index(ticket),
            n_running=len(found.running),
            concurrency=policy.concurrency,
        )


class BrokenReleases(MemoryAdmissions):
    """Queues whose store is away when a place is given back."""

    def __init__(self, clock: Clock, error: GatewayError) -> None:
        super().__init__(clock)
        self._error = error

    async def release(self, queue: str, ticket: str) -> None:
        """Fail."""
        raise self._error
