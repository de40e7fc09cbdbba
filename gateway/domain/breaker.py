"""Whether a target is asked: closed, open for a while, half open for one probe.

Counts and shares of a sliding window decide, slow first tokens among them. Each time it opens
again after a failed probe it stays open twice as long, with jitter. A vendor's own Retry-After
wins over all of it.
"""

from dataclasses import dataclass
from enum import StrEnum


class BreakerState(StrEnum):
    """What a breaker lets through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Report(StrEnum):
    """What one attempt says about its target."""

    OK = "ok"
    SLOW = "slow"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """When it opens: enough reports in the window, and too large a share of them bad."""

    window_seconds: float = 30.0
    min_reports: int = 5
    failure_share: float = 0.5
    slow_share: float = 0.8
    slow_first_seconds: float = 15.0
    cooldown_seconds: float = 5.0
    max_cooldown_seconds: float = 120.0
    long_cooldown_seconds: float = 300.0


@dataclass(frozen=True, slots=True)
class Standing:
    """A target's breaker as it is known here; ``retry_after_seconds`` counts from now."""

    state: BreakerState = BreakerState.CLOSED
    retry_after_seconds: float = 0.0
