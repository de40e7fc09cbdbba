"""The step that asks: a target with a free place and its breaker's leave, within the deadlines."""

from dataclasses import replace

from gateway import metrics
from gateway.domain.breaker import Report
from gateway.domain.catalog import Target
from gateway.domain.errors import (
    DeadlinePhase,
    GatewayError,
    ProviderTimeoutError,
    UnknownProviderError,
)
from gateway.domain.messages import ChatRequest, Deadlines, Message, Original, Role
from gateway.domain.ports import Continuation, Ports
from gateway.domain.retrying import carved
from gateway.domain.routing import Candidate, Choice, Exclusion
from gateway.domain.tokens import estimated_tokens
from gateway.services import admitting, faulting, recovery
from gateway.services.attempts import Attempt
from gateway.services.calls import Call

FIRST = "first"
RETRY = "retry"
FALLBACK = "fallback"
GOING_ON = "going_on"
HEDGE = "hedge"

_USUAL = Deadlines()


async def begin(call: Call, *, ports: Ports) -> Attempt:
    """Return the next attempt, asked, with a place at its provider and its breaker's leave."""
    while True:
        candidates = await recovery.somebody(call, ports=ports)
        chosen = await admitting.take_place(call, candidates, ports=ports)
        if not chosen.needs_probe or await ports.breakers.probe(chosen.target.id):
            break
        call.excluded[chosen.target.id] = Exclusion.PROBE_IN_FLIGHT
        call.again = None
    try:
        return issue(call, chosen, has_other=len(candidates) > 1, ports=ports)
    except GatewayError:
        if chosen.needs_probe:
            # Nobody was asked: somebody else may try in our stead.
            await ports.breakers.report(chosen.target.id, Report.VOID)
        raise


def issue(
    call: Call, chosen: Candidate, *, has_other: bool, ports: Ports, is_hedge: bool = False
) -> Attempt:
    """Return an attempt that has been sent on its way; raise when there is no time for one."""
    target = chosen.target
    provider = ports.providers.get(target.provider.adapter)
    if provider is None:
        raise UnknownProviderError(target.provider.adapter)
    deadlines = carved(
        call.deadlines_at(target, ports.deadlines),
        call.watchdog.remaining_seconds,
        has_other=has_other,
        is_streamed=call.request.is_streamed,
    )
    if deadlines is None:
        raise ProviderTimeoutError("no time is left for an attempt", phase=DeadlinePhase.TOTAL)
    cause = HEDGE if is_hedge else _cause(call, chosen)
    if cause in {FALLBACK, GOING_ON}:
        call.observed.routed(decision=Choice.FALLBACK.value, cost_score=chosen.cost_score)
        if call.attempts:
            _count_fallback(call, target)
    attempt = Attempt(call, chosen, deadlines=deadlines, cause=cause, ports=ports)
    if not call.attempts:
        call.said.reader = _reader(call, ports)
    call.attempts.append(attempt)
    call.again = None
    call.closed_at = None
    call.observed.issued(target)
    asked = faulting.faulty(provider, attempt, ports=ports)
    attempt.issue(asked, _request(call, target, deadlines, ports))
    return attempt


def _count_fallback(call: Call, target: Target) -> None:
    before = call.current.target.provider.name
    reason = call.observed.fallback_reason or "none"
    metrics.FALLBACKS.labels(before, target.provider.name, reason).inc()


def _cause(call: Call, chosen: Candidate) -> str:
    """Return why the attempt is made: the first, or what after the one before."""
    if not call.attempts:
        first = call.decision.candidates[0] if call.decision else chosen
        return FIRST if first.target is chosen.target else FALLBACK
    if call.is_answering:
        return GOING_ON
    return RETRY if call.current.target.id == chosen.target.id else FALLBACK


def _reader(call: Call, ports: Ports) -> Continuation | None:
    """Return what reads forwarded bytes, where anybody could go on from them."""
    original = call.request.original
    reader = ports.continuations.get(original.dialect) if original else None
    return reader if reader is not None and call.the_route().can_continue else None


def _request(call: Call, target: Target, deadlines: Deadlines, ports: Ports) -> ChatRequest:
    """Return the request as it is sent: with its deadlines, and with what was said already."""
    request = call.request
    if not call.is_answering:
        known = request.deadlines or target.provider.deadlines or _USUAL
        # An adapter reads no more of them than how long to connect.
        is_known = known.connect_seconds == deadlines.connect_seconds
        return request if is_known else replace(request, deadlines=deadlines)
    said, wanted = call.said.so_far(), request.max_output_tokens
    return replace(
        request,
        deadlines=deadlines,
        original=_prolonged(request.original, said, target, ports),
        messages=(*request.messages, Message.plain(Role.ASSISTANT, said)),
        max_output_tokens=wanted and max(1, wanted - estimated_tokens(said)),
    )


def _prolonged(
    original: Original | None, said: str, target: Target, ports: Ports
) -> Original | None:
    """Return the program's own body with what was said, if the target speaks its dialect."""
    if original is None or original.dialect is not target.provider.dialect:
        return None
    going_on = ports.continuations.get(original.dialect)
    body = going_on.prolonged(original.body, said) if going_on else None
    return None if body is None else replace(original, body=body)
