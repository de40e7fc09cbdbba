"""What to do after an attempt has failed: the same target, another one, wait, or give up.

Pure: an error, a policy and what is left of the request give the next step. Nothing is started
that cannot finish in what is left.
"""

from dataclasses import dataclass

from gateway.domain.catalog import RetryPolicy
from gateway.domain.errors import (
    ConnectionFailedError,
    Failover,
    GatewayError,
    ProviderError,
    ProviderTimeoutError,
    StreamTruncatedError,
    UpstreamError,
)
from gateway.domain.messages import Deadlines

FIRST_BACKOFF_SECONDS = 0.2
LONGEST_BACKOFF_SECONDS = 8.0
FIRST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.25
SHORTEST_ATTEMPT_SECONDS = 0.05
SHARE_OF_THE_FIRST = 0.6  # what one attempt may use up while others are left to ask

# Broken over the request or on the way: worth one more try, not several.
_ONCE = (UpstreamError, ConnectionFailedError, StreamTruncatedError)


@dataclass(frozen=True, slots=True)
class Again:
    """Ask the same target after so many seconds."""

    after_seconds: float


@dataclass(frozen=True, slots=True)
class NextTarget:
    """Ask the next target now; ``needs_more_room`` when the prompt was too long for this one."""

    needs_more_room: bool = False


@dataclass(frozen=True, slots=True)
class WaitForTarget:
    """Everybody rests: look again after so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Tell the caller."""

    reason: str


Step = Again | NextTarget | WaitForTarget | GiveUp


@dataclass(frozen=True, slots=True)
class Situation:
    """Where a request stands when an attempt has failed.

    ``n_here`` are the attempts at this target, ``n_attempts`` all of them. ``has_other`` says
    that another target could be asked now (for a prompt too long: one with more room);
    ``rest_seconds`` is when the first of those that rest is back.
    """

    n_attempts: int
    n_here: int
    remaining_seconds: float
    has_other: bool = False
    rest_seconds: float | None = None


def next_step(
    error: GatewayError, policy: RetryPolicy, situation: Situation, *, roll: float
) -> Step:
    """Return what to do; ``roll`` in [0, 1) is the jitter of a backoff."""
    if not isinstance(error, ProviderError) or error.failover is Failover.NEVER:
        return GiveUp("final")
    if situation.n_attempts >= policy.n_attempts:
        return GiveUp("attempts")
    if situation.remaining_seconds < SHORTEST_ATTEMPT_SECONDS:
        return GiveUp("deadline")
    if error.failover is Failover.LARGER_CONTEXT:
        return NextTarget(needs_more_room=True) if situation.has_other else GiveUp("final")
    wait = _wait_here(error, policy, situation, roll=roll)
    if wait is not None and _fits(wait, situation):
        return Again(wait)
    if situation.has_other:
        return NextTarget()
    if situation.rest_seconds is not None and _fits(situation.rest_seconds, situation):
        return WaitForTarget(situation.rest_seconds)
    return GiveUp("targets")


def backoff_seconds(n_failures: int, *, roll: float) -> float:
    """Return how long to wait after the ``n_failures``-th failure in a row (1, 2 ...).

    Doubles up to eight seconds; ``roll`` takes away up to half of it.
    """
    return _doubled(
        FIRST_BACKOFF_SECONDS, n_failures - 1, longest=LONGEST_BACKOFF_SECONDS, roll=roll
    )


def pause_seconds(attempt: int, *, roll: float) -> float:
    """Return how long to wait for a place after the ``attempt``-th refusal (0, 1 ...).

    Doubles up to a quarter of a second; ``roll`` takes away up to half of it.
    """
    return _doubled(FIRST_PAUSE_SECONDS, attempt, longest=LONGEST_PAUSE_SECONDS, roll=roll)


def _doubled(first: float, n_times: int, *, longest: float, roll: float) -> float:
    """Return ``first``, doubled so often up to ``longest``, less up to half of it.

    ``roll`` is in [0, 1): those who were refused together do not come back together.
    """
    return min(longest, first * (1 << min(n_times, 10))) * (1 - roll / 2)


def carved(
    deadlines: Deadlines, remaining_seconds: float, *, has_other: bool, is_streamed: bool = True
) -> Deadlines | None:
    """Return the deadlines of one attempt within what is left; None when nothing can be done.

    While others are left to ask, one attempt may not use up the whole rest before its first
    content. An answer that comes in one piece may take as long as a first and a next piece.
    """
    if remaining_seconds < SHORTEST_ATTEMPT_SECONDS:
        return None
    ceiling = remaining_seconds * (SHARE_OF_THE_FIRST if has_other else 1.0)
    first = deadlines.first_seconds
    if not is_streamed:
        first += deadlines.idle_seconds
    if first <= ceiling and deadlines.total_seconds <= remaining_seconds and is_streamed:
        return deadlines
    return Deadlines(
        connect_seconds=min(deadlines.connect_seconds, ceiling),
        first_seconds=min(first, ceiling),
        idle_seconds=deadlines.idle_seconds,
        total_seconds=min(deadlines.total_seconds, remaining_seconds),
    )


def _wait_here(
    error: ProviderError, policy: RetryPolicy, situation: Situation, *, roll: float
) -> float | None:
    """Return how long to wait before asking the same target again; None when not to ask it."""
    n_retries = min(policy.n_retries, 1) if isinstance(error, _ONCE) else policy.n_retries
    if not error.retryable or situation.n_here > n_retries:
        return None
    if isinstance(error, ProviderTimeoutError) and situation.has_other:
        return None  # it was given its time
    if error.retry_after_seconds is None:
        return backoff_seconds(situation.n_here, roll=roll)
    if situation.has_other and not policy.waits_for_primary:
        return None
    return error.retry_after_seconds


def _fits(wait_seconds: float, situation: Situation) -> bool:
    return wait_seconds + SHORTEST_ATTEMPT_SECONDS <= situation.remaining_seconds
