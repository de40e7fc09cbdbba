"""Whether a target is asked: closed, open for a while, half open for one probe.

Counts and shares of a sliding window decide, slow first tokens among them. Each time it opens
again after a failed probe it stays open twice as long, with jitter. A vendor's own Retry-After
wins over all of it.

    closed ──too many bad──▶ open ──cooldown over──▶ half open ──probe good──▶ closed
                              ▲                          │
                              └───────probe bad──────────┘

The rules are pure: a breaker and a time give the next breaker. The twin in Redis does the same
arithmetic in one script under Redis's own clock.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

N_BUCKETS = 10  # the window slides by a tenth of itself
JITTER = 0.25  # a cooldown is up to a quarter longer, so that processes do not come back together
LONGEST_RETRY_AFTER_SECONDS = 3600.0  # a vendor that asks for more is asked again all the same


class BreakerState(StrEnum):
    """What a breaker lets through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Report(StrEnum):
    """What one attempt says about its target; ``void`` says nothing and gives the probe back."""

    OK = "ok"
    SLOW = "slow"
    FAILED = "failed"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """When it opens: enough reports in the window, and too large a share of them bad.

    A probe that has not reported within ``probe_seconds`` is forgotten: its process may be dead.
    """

    window_seconds: float = 30.0
    min_reports: int = 5
    failure_share: float = 0.5
    slow_share: float = 0.8
    slow_first_seconds: float = 15.0
    cooldown_seconds: float = 5.0
    max_cooldown_seconds: float = 120.0
    long_cooldown_seconds: float = 300.0
    probe_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Standing:
    """A target's breaker as it is known here; ``retry_after_seconds`` counts from now.

    Half open with a ``retry_after_seconds`` above zero means that somebody probes already.
    """

    state: BreakerState = BreakerState.CLOSED
    retry_after_seconds: float = 0.0


CLOSED = Standing()


@dataclass(frozen=True, slots=True)
class Bucket:
    """The reports of one tenth of a window; ``index`` is its number since time began."""

    index: int
    n_ok: int = 0
    n_slow: int = 0
    n_failed: int = 0


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is remembered of one target. ``open_until`` is None while it is closed.

    ``n_openings`` counts those in a row; ``probe_until`` is when the probe in flight is given up.
    """

    buckets: tuple[Bucket, ...] = ()
    open_until: float | None = None
    n_openings: int = 0
    probe_until: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """A report as it weighs: the vendor's own word on when to come back, and a long blame."""

    report: Report
    retry_after_seconds: float | None = None
    is_long: bool = False


def standing(breaker: Breaker, *, at: float) -> Standing:
    """Return what the breaker lets through at the time."""
    if breaker.open_until is None:
        return CLOSED
    if at < breaker.open_until:
        return Standing(BreakerState.OPEN, breaker.open_until - at)
    return Standing(BreakerState.HALF_OPEN, max(0.0, breaker.probe_until - at))


def probed(breaker: Breaker, policy: BreakerPolicy, *, at: float) -> Breaker | None:
    """Return the breaker with its one probe taken; None when there is none to take."""
    if standing(breaker, at=at) != Standing(BreakerState.HALF_OPEN):
        return None
    return replace(breaker, probe_until=at + policy.probe_seconds)


def reported(
    breaker: Breaker, verdict: Verdict, policy: BreakerPolicy, *, at: float, roll: float
) -> Breaker:
    """Return the breaker after one report; ``roll`` in [0, 1) is its jitter."""
    state = standing(breaker, at=at).state
    if verdict.report is Report.VOID:
        return replace(breaker, probe_until=0.0)
    if state is BreakerState.OPEN:
        return _prolonged(breaker, verdict, policy, at=at)
    if state is BreakerState.HALF_OPEN:
        if verdict.report is Report.OK:
            return Breaker()
        return _opened(breaker, verdict, policy, at=at, roll=roll)
    counted = replace(breaker, buckets=_counted(breaker.buckets, verdict.report, policy, at=at))
    if _blames_at_once(verdict) or is_too_bad(counted.buckets, policy):
        return _opened(counted, verdict, policy, at=at, roll=roll)
    return counted


def is_too_bad(buckets: tuple[Bucket, ...], policy: BreakerPolicy) -> bool:
    """Return whether a window's reports open the breaker."""
    n_failed = sum(bucket.n_failed for bucket in buckets)
    n_slow = sum(bucket.n_slow for bucket in buckets)
    n_all = n_failed + n_slow + sum(bucket.n_ok for bucket in buckets)
    if n_all < policy.min_reports:
        return False
    # A failure is at least as bad as a slow answer, so it counts as one too.
    return (
        n_failed >= policy.failure_share * n_all or n_failed + n_slow >= policy.slow_share * n_all
    )


def cooldown_seconds(n_openings: int, policy: BreakerPolicy, *, roll: float) -> float:
    """Return how long the ``n_openings``-th opening in a row lasts: doubling, with jitter."""
    doubled = policy.cooldown_seconds * (1 << min(n_openings - 1, 30))
    return min(policy.max_cooldown_seconds, doubled) * (1 + JITTER * roll)


def _blames_at_once(verdict: Verdict) -> bool:
    return verdict.report is Report.FAILED and (
        verdict.is_long or verdict.retry_after_seconds is not None
    )


def _opened(
    breaker: Breaker, verdict: Verdict, policy: BreakerPolicy, *, at: float, roll: float
) -> Breaker:
    n_openings = breaker.n_openings + 1
    seconds = _ordered_seconds(verdict, policy)
    if seconds is None:
        seconds = cooldown_seconds(n_openings, policy, roll=roll)
    return Breaker(open_until=at + seconds, n_openings=n_openings)


def _prolonged(breaker: Breaker, verdict: Verdict, policy: BreakerPolicy, *, at: float) -> Breaker:
    """Return the open breaker, longer when a late failure says so; other news changes nothing."""
    seconds = _ordered_seconds(verdict, policy)
    until = breaker.open_until
    if verdict.report is not Report.FAILED or seconds is None or until is None:
        return breaker
    return replace(breaker, open_until=max(until, at + seconds))


def _ordered_seconds(verdict: Verdict, policy: BreakerPolicy) -> float | None:
    """Return how long to stay open when somebody has said so: the vendor, else a long blame."""
    if verdict.retry_after_seconds is not None:
        return min(LONGEST_RETRY_AFTER_SECONDS, max(0.0, verdict.retry_after_seconds))
    return policy.long_cooldown_seconds if verdict.is_long else None


def _counted(
    buckets: tuple[Bucket, ...], report: Report, policy: BreakerPolicy, *, at: float
) -> tuple[Bucket, ...]:
    index = int(at / (policy.window_seconds / N_BUCKETS))
    kept = tuple(bucket for bucket in buckets if index - N_BUCKETS < bucket.index < index)
    now = next((bucket for bucket in buckets if bucket.index == index), Bucket(index))
    if report is Report.OK:
        return (*kept, replace(now, n_ok=now.n_ok + 1))
    if report is Report.SLOW:
        return (*kept, replace(now, n_slow=now.n_slow + 1))
    return (*kept, replace(now, n_failed=now.n_failed + 1))
