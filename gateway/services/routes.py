"""The step that decides who may be asked, from the snapshot and from what is known of targets."""

import random
from collections.abc import Mapping

from gateway.domain.breaker import Standing
from gateway.domain.catalog import Route, RoutingPolicy
from gateway.domain.ports import Ports
from gateway.domain.routing import Chance, Decision, decide, needs_of
from gateway.services.calls import Call

_roll = random.Random()
_MEASURED = frozenset({RoutingPolicy.LATENCY_AWARE, RoutingPolicy.LEAST_BUSY})


async def plan(call: Call, *, ports: Ports) -> Decision:
    """Return the candidates in order; note on the call how they were come by."""
    route = call.the_route()
    standings = await ports.breakers.standings(route.target_ids)
    decision = _decision(call, route, standings, ports=ports)
    call.decision = decision
    call.observed.route_policy = decision.policy.value
    first = decision.candidates[0] if decision.candidates else None
    call.observed.routed(
        decision=decision.choice.value, cost_score=first.cost_score if first else 0.0
    )
    if call.observed.is_recording:
        call.observed.traced(decision)
    return decision


def _decision(
    call: Call, route: Route, standings: Mapping[str, Standing], *, ports: Ports
) -> Decision:
    request, memory = call.request, ports.memory
    session = request.session
    return decide(
        route,
        needs_of(request, input_tokens=call.input_tokens),
        pinned=request.provider,
        session=session,
        last_target=memory.last_target(session) if session else "",
        standings=standings,
        vitals=memory.of(route.target_ids) if route.policy in _MEASURED else None,
        chance=Chance(memory.next_turn(route.model), _roll),
    )
