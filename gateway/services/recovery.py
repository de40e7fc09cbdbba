"""What follows a failed attempt, and what to do when nobody can be asked.

Each of these returns when another attempt may begin, and raises when the call is over.
"""

import random

from gateway.domain import attributes
from gateway.domain.catalog import Ability, Target
from gateway.domain.errors import (
    BreakerOpenError,
    ContextTooLongError,
    Failover,
    GatewayError,
    NoTargetError,
    ProviderError,
    RequestError,
    UnknownProviderError,
)
from gateway.domain.ports import Ports
from gateway.domain.retrying import Again, GiveUp, NextTarget, Situation, next_step
from gateway.domain.routing import Candidate, Exclusion, has_more_room
from gateway.services import routes
from gateway.services.attempts import Attempt
from gateway.services.calls import Call

LONGEST_REST_SECONDS = 10.0  # a caller that would wait longer is told when to come back
SHORTEST_LOOK_SECONDS = 0.02
CLOCKS_APART_SECONDS = 0.02  # who comes back a moment too soon finds the breaker still open
LOOK_SECONDS = 1.0  # somebody else's probe may bring a target back sooner
_PASSING = frozenset({Exclusion.NO_PLACE, Exclusion.PROBE_IN_FLIGHT})
_NEVER = 1_000


async def after_failure(call: Call, attempt: Attempt, error: GatewayError, *, ports: Ports) -> None:
    """Get ready for the next attempt, or raise the error that ends the call."""
    others = _others(call, attempt, error)
    step = next_step(
        error,
        call.the_route().retry,
        Situation(
            n_attempts=len(call.attempts),
            # What was shown cannot be asked for again: only another voice can go on.
            n_here=_NEVER if call.is_answering else _n_here(call, attempt),
            remaining_seconds=call.watchdog.remaining_seconds,
            has_other=bool(others),
            rest_seconds=None if call.is_answering else _rest_seconds(call),
        ),
        roll=random.random(),
    )
    if isinstance(step, GiveUp):
        raise call.broken_by or error
    if isinstance(step, Again):
        call.observed.happened(
            attributes.RETRY, reason=error.error_type, after_seconds=step.after_seconds
        )
        is_ordered = error.retry_after_seconds is not None
        await call.watchdog.sleep(
            step.after_seconds + (CLOCKS_APART_SECONDS if is_ordered else 0.0)
        )
        await _look_again(call, attempt, ports=ports)
        return
    call.again = None
    call.excluded[attempt.target.id] = Exclusion.FAILED
    call.observed.fell_back(error)
    if isinstance(step, NextTarget):
        _keep_only(call, others, Exclusion.UNFIT_TO_GO_ON)
        call.observed.happened(attributes.FALLBACK, reason=error.error_type)
    else:
        await _wait(call, step.seconds, ports=ports)


async def somebody(call: Call, *, ports: Ports) -> tuple[Candidate, ...]:
    """Return who may be asked, after waiting for the first that only rests; or raise why not."""
    while not (candidates := call.candidates()):
        seconds = _rest_seconds(call)
        is_near = seconds is not None and seconds <= min(
            LONGEST_REST_SECONDS, call.watchdog.remaining_seconds
        )
        if seconds is None or not is_near:
            raise _dead_end(call, seconds)
        await _wait(call, seconds, ports=ports)
    return candidates


async def _wait(call: Call, seconds: float, *, ports: Ports) -> None:
    """Wait for whoever rests, and see who may be asked then."""
    call.observed.happened(attributes.WAIT, seconds=seconds)
    pause_seconds = max(SHORTEST_LOOK_SECONDS, min(LOOK_SECONDS, seconds))
    await call.watchdog.sleep(pause_seconds)
    call.observed.rested(pause_seconds)
    call.excluded = {
        target: reason for target, reason in call.excluded.items() if reason not in _PASSING
    }
    await routes.plan(call, ports=ports)


async def _look_again(call: Call, attempt: Attempt, *, ports: Ports) -> None:
    """See that the same target is asked next, unless its breaker has opened meanwhile."""
    choice = call.observed.route_decision, call.observed.cost_score
    decision = await routes.plan(call, ports=ports)
    call.observed.routed(decision=choice[0], cost_score=choice[1])
    same = (one for one in decision.candidates if one.target.id == attempt.target.id)
    call.again = next(same, None)


def _others(call: Call, attempt: Attempt, error: GatewayError) -> list[Candidate]:
    """Return who could be asked instead, after this very failure."""
    if not isinstance(error, ProviderError) or call.decision is None:
        return []
    if call.is_answering and not call.can_go_on:
        return []
    return [
        one
        for one in call.decision.candidates
        if one.target.id not in {*call.excluded, attempt.target.id}
        and (not call.is_answering or _can_go_on_with(call, one.target))
        and (
            error.failover is not Failover.LARGER_CONTEXT
            or has_more_room(one.target, attempt.target)
        )
    ]


def _can_go_on_with(call: Call, target: Target) -> bool:
    """Return whether the target takes an answer begun by somebody else, as it was asked for."""
    original = call.request.original
    return Ability.PREFILL in target.abilities and (
        bool(call.request.messages)
        or (original is not None and original.dialect is target.provider.dialect)
    )


def _keep_only(call: Call, others: list[Candidate], reason: Exclusion) -> None:
    kept = {one.target.id for one in others}
    for one in call.decision.candidates if call.decision else ():
        if one.target.id not in kept:
            call.excluded.setdefault(one.target.id, reason)


def _n_here(call: Call, attempt: Attempt) -> int:
    return sum(one.target.id == attempt.target.id for one in call.attempts)


def _rest_seconds(call: Call) -> float | None:
    """Return when the first target that only rests is back; None when there is none."""
    if call.decision is None:
        return None
    waits = [
        dropped.retry_after_seconds
        for dropped in call.decision.dropped
        if dropped.retry_after_seconds is not None and dropped.target.id not in call.excluded
    ]
    if any(reason in _PASSING for reason in call.excluded.values()):
        waits.append(LOOK_SECONDS)
    return min(waits, default=None)


def _dead_end(call: Call, rest_seconds: float | None) -> GatewayError:
    """Return why nobody is asked: what went wrong before, who rests, or what is impossible."""
    if call.attempts and call.current.error is not None:
        return call.broken_by or call.current.error
    if rest_seconds is None:
        return _impossible(call)
    return BreakerOpenError(
        "Every target behind this model rests after failures.", retry_after_seconds=rest_seconds
    )


def _impossible(call: Call) -> GatewayError:
    """Return why no target of the route could ever serve the request."""
    reasons = {dropped.reason for dropped in call.decision.dropped} if call.decision else set()
    if Exclusion.CONTEXT_TOO_SMALL in reasons:
        return ContextTooLongError("The prompt is longer than any model of this name takes.")
    if reasons == {Exclusion.OTHER_PROVIDER}:
        return UnknownProviderError("The model is not offered by this provider.")
    missing = sorted(reason.value for reason in reasons if reason.value.startswith("no_"))
    if missing:
        return RequestError(f"No model of this name can do that: {', '.join(missing)}.")
    return NoTargetError("There is no target behind this model.")
