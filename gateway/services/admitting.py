"""The steps that let a request in: a running place for a turn, then the gate for everybody."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

from gateway import metrics
from gateway.domain.catalog import Catalog
from gateway.domain.errors import (
    BudgetExceededError,
    DeadlinePhase,
    LargerThanLimitError,
    LimitExceededError,
    ProviderTimeoutError,
    QueueExpiredError,
)
from gateway.domain.gate import Barred, Entrance, Place, Reservation
from gateway.domain.meters import can_ever_pass
from gateway.domain.money import Budget
from gateway.domain.ports import Ports
from gateway.domain.rate_limit import Claim, Dimension, Limit, Unit
from gateway.domain.retrying import pause_seconds
from gateway.domain.routing import Candidate, Exclusion, output_tokens_of
from gateway.services import waiting
from gateway.services.calls import Call

EVERYBODY = "all"  # the value a global limit binds


async def start_ticket(call: Call, *, ports: Ports) -> None:
    """Move the ticket to the running ones; wait for a running place when there is none."""
    assert call.ticket is not None
    queue, ticket = call.ticket.queue, call.ticket.id
    policy = ports.queues[queue]
    came_at = time.monotonic()
    waited_seconds: float | None = None
    outcome = "cancelled"

    async def start() -> bool:
        nonlocal waited_seconds
        waited_seconds = await ports.admissions.start(queue, ticket, policy)
        return waited_seconds is not None

    try:
        await _until_granted(call, start, seconds=policy.wait_seconds)
        outcome = "admitted"
    except ProviderTimeoutError:
        outcome = "expired"
        raise QueueExpiredError("no running place came free in time") from None
    finally:
        if waited_seconds is None:
            # Only the queue knows since when; what was waited here is at least true.
            waited_seconds = time.monotonic() - came_at
        metrics.QUEUE_WAIT_SECONDS.labels(queue, outcome).observe(waited_seconds)
    call.observed.waited(waited_seconds)


async def enter(call: Call, *, ports: Ports, record: bytes = b"") -> None:
    """Take all limits, the money and a place in one step, or raise what is used up."""
    candidates = call.candidates()
    unclaimed = waiting.unclaimed(candidates, ports=ports)
    claims = claims_of(call)
    answer = await ports.gate.enter(
        Entrance(
            holder=call.stay.holder,
            claims=claims,
            reservations=reservations_of(call, candidates),
            places=places_of(unclaimed),
            record=record,
        )
    )
    call.stay.levels += answer.levels
    if isinstance(answer, Barred):
        raise _refusal(answer, claims)
    call.stay.is_degraded = answer.is_degraded
    if answer.place is None:
        return
    chosen = unclaimed[answer.place]
    for passed_over in candidates[: candidates.index(chosen)]:
        call.excluded[passed_over.target.id] = Exclusion.NO_PLACE
    call.stay.seat = chosen.target.provider.name


async def take_place(call: Call, candidates: tuple[Candidate, ...], *, ports: Ports) -> Candidate:
    """Return the first candidate with a free place, which is the call's from now on.

    Waits its turn, for a bounded time, when every place is taken; see `waiting.place`.
    """
    before = call.stay.seat
    if before == candidates[0].target.provider.name:
        return candidates[0]
    chosen = await _moved(call, candidates, ports=ports) if before else None
    if chosen is None:
        chosen = await waiting.place(call, candidates, ports=ports)
    call.stay.seat = chosen.target.provider.name
    return chosen


async def _moved(
    call: Call, candidates: tuple[Candidate, ...], *, ports: Ports
) -> Candidate | None:
    """Give the call's place back, and return who has a free one that nobody waits for."""
    before, call.stay.seat = call.stay.seat, ""
    unclaimed = waiting.unclaimed(candidates, ports=ports)
    index = await ports.gate.move(call.stay.holder, places_of(unclaimed))
    waiting.gave_back(before, ports=ports)
    return None if index is None else unclaimed[index]


def places_of(candidates: tuple[Candidate, ...]) -> tuple[Place, ...]:
    """Return the places wanted, in the order of the candidates."""
    return tuple(
        Place(candidate.target.provider.name, candidate.target.provider.n_places)
        for candidate in candidates
    )


def claims_of(call: Call) -> tuple[Claim, ...]:
    """Return what the request wants of every limit that binds it."""
    return tuple(
        Claim(limit, value, _cost(call, limit))
        for limit in _limits(call)
        if (value := _value(call, limit.dimension))
        and not (call.spared.is_counted and limit.unit is Unit.REQUESTS)
    )


async def enter_spared(call: Call, *, ports: Ports) -> None:
    """Count a request that costs nobody anything, or raise which limit on requests is used up.

    Nothing is held and nothing is to be given back: it does not stay.
    """
    claims = tuple(
        Claim(limit, value, 1)
        for limit in _limits(call)
        if limit.unit is Unit.REQUESTS and (value := _value(call, limit.dimension))
    )
    if not claims:
        return
    answer = await ports.gate.enter(Entrance(call.stay.holder, claims=claims, stays=False))
    call.stay.levels = answer.levels
    if isinstance(answer, Barred):
        raise _refusal(answer, claims)
    call.spared.is_counted, call.stay.is_degraded = True, answer.is_degraded


def reservations_of(call: Call, candidates: tuple[Candidate, ...]) -> tuple[Reservation, ...]:
    """Return what is set aside under each budget: the dearest candidate's expected cost."""
    budgets = _budgets(call)
    if not budgets:
        return ()
    amount = _expected_microusd(candidates)
    return tuple(Reservation(budget, amount) for budget in budgets)


def _limits(call: Call) -> tuple[Limit, ...]:
    catalog: Catalog = call.the_catalog()
    key = call.caller.key
    route = call.the_route().limits
    if key is None:
        return catalog.limits + route if route else catalog.limits
    return key.limits + key.tenant.limits + route + catalog.limits


def _budgets(call: Call) -> tuple[Budget, ...]:
    key = call.caller.key
    return () if key is None else key.budgets + key.tenant.budgets


def _value(call: Call, dimension: Dimension) -> str:
    """Return whom a limit of the dimension binds here; empty when it binds nobody."""
    caller, request = call.caller, call.request
    match dimension:
        case Dimension.KEY:
            return caller.key_id
        case Dimension.TENANT:
            return caller.tenant
        case Dimension.USER:
            # A user is a word of its tenant's; two tenants may use the same.
            return f"{caller.tenant}/{request.user}" if request.user else ""
        case Dimension.IP:
            return caller.ip
        case Dimension.ROUTE:
            return caller.api
        case Dimension.MODEL:
            return request.model
        case Dimension.PROVIDER:
            candidates = call.candidates()
            return candidates[0].target.provider.name if candidates else ""
        case Dimension.GLOBAL:
            return EVERYBODY


def _cost(call: Call, limit: Limit) -> int:
    match limit.unit:
        case Unit.TOKENS:
            return call.input_tokens + output_tokens_of(call.request)
        case Unit.MICROUSD:
            return _expected_microusd(call.candidates())
        case _:
            return 1


def _expected_microusd(candidates: tuple[Candidate, ...]) -> int:
    return max((one.expected_microusd for one in candidates), default=0)


def _refusal(barred: Barred, claims: tuple[Claim, ...]) -> LimitExceededError | BudgetExceededError:
    seconds = barred.retry_after_seconds
    if barred.budget:
        return BudgetExceededError(
            "The budget is spent.", budget=barred.budget, retry_after_seconds=seconds
        )
    if seconds is None:
        for claim in claims:
            # By the limit itself: what bars may be one process's share of it.
            if claim.limit.name == barred.limit and _is_too_large(claim):
                return LargerThanLimitError(
                    f"The request may use {claim.cost} of the limit {barred.limit}, which is "
                    f"{claim.limit.amount} in all.",
                    limit=barred.limit,
                    retry_after_seconds=None,
                )
    return LimitExceededError(
        f"The limit {barred.limit} is used up.", limit=barred.limit, retry_after_seconds=seconds
    )


def _is_too_large(claim: Claim) -> bool:
    """Return whether the request, and not the limit, is what would have to change."""
    limit = claim.limit
    is_estimated = limit.unit in {Unit.TOKENS, Unit.MICROUSD}
    return is_estimated and limit.amount > 0 and not can_ever_pass(limit, claim.cost)


async def _until_granted(call: Call, ask: Callable[[], Awaitable[bool]], *, seconds: float) -> None:
    """Ask until the answer is yes, with growing pauses, under the order to stop."""

    async def granted() -> None:
        attempt = 0
        while not await ask():
            await asyncio.sleep(pause_seconds(attempt, roll=random.random()))
            attempt += 1

    await call.watchdog.until(granted, seconds=seconds, phase=DeadlinePhase.CONNECT)
