"""Who may join a queue of work, at which position, and when the refused should come back."""

import math
from dataclasses import dataclass
from enum import StrEnum

MIN_RETRY_SECONDS = 1
MAX_RETRY_SECONDS = 60
DEGRADED_HEADROOM = 2
WAITING_SECONDS = 900  # a ticket nobody picks up is forgotten after this long


class AdmissionPolicy(StrEnum):
    """What happens past the limit: turn the work away, or take it in a cheaper form."""

    REJECT = "reject"
    DEGRADE = "degrade"


class RefusalReason(StrEnum):
    """Why work was turned away."""

    QUEUE_FULL = "queue_full"


@dataclass(frozen=True, slots=True)
class QueuePolicy:
    """The size of a queue: so many run at once, so many may wait.

    ``wait_seconds`` is how long a worker that has picked a ticket up waits for a running place.
    """

    concurrency: int
    limit: int
    on_full: AdmissionPolicy = AdmissionPolicy.REJECT
    wait_seconds: float = 30.0

    @property
    def ceiling(self) -> int:
        """The highest position that is still let in, in whatever form."""
        return self.limit * (DEGRADED_HEADROOM if self.on_full is AdmissionPolicy.DEGRADE else 1)


@dataclass(frozen=True, slots=True)
class QueueLoad:
    """A queue at one instant; ``mean_hold_seconds`` is how long a place is usually kept."""

    n_waiting: int
    n_running: int
    mean_hold_seconds: float


@dataclass(frozen=True, slots=True)
class Admitted:
    """Let in. ``position`` counts those who must finish first; 0 means at once."""

    position: int
    is_degraded: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Not let in; a place is expected to be free after ``retry_after_seconds``."""

    retry_after_seconds: int
    reason: RefusalReason = RefusalReason.QUEUE_FULL


Admission = Admitted | Refused


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """What a waiting player or an operator may know about a queue."""

    n_waiting: int
    n_running: int
    concurrency: int
    limit: int
    oldest_wait_seconds: float


def position_of(*, rank: int, n_running: int, concurrency: int) -> int:
    """Return how many must finish before the waiting ticket at 0-based ``rank`` starts."""
    return max(0, n_running + rank + 1 - concurrency)


def retry_after_seconds(load: QueueLoad, policy: QueuePolicy) -> int:
    """Return whole seconds until one place is expected to come free, from 1 to 60."""
    expected = load.mean_hold_seconds / max(1, policy.concurrency)
    return min(MAX_RETRY_SECONDS, max(MIN_RETRY_SECONDS, math.ceil(expected)))


def decide(load: QueueLoad, policy: QueuePolicy) -> Admission:
    """Return whether one more piece of work may join.

    Under ``degrade`` the queue stretches to twice its limit, in the cheaper form; a queue
    without any wall would only move the wait to where nobody sees it.
    """
    position = position_of(
        rank=load.n_waiting, n_running=load.n_running, concurrency=policy.concurrency
    )
    if position > policy.ceiling:
        return Refused(retry_after_seconds(load, policy))
    return Admitted(position, is_degraded=position > policy.limit)
