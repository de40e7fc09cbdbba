"""The steps before the gate: an answer kept, or a call that somebody has made already.

Either spares the call of a provider, and with it places, tokens and money. Only what a program or
the house asks once is looked up; a turn that is spoken has a ticket, and a voice of its own.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from gateway.domain.catalog import Route
from gateway.domain.errors import GatewayError
from gateway.domain.messages import Delta, Failed, Finish, Usage
from gateway.domain.ports import Ports
from gateway.services import keeping, sharing
from gateway.services.calls import Call
from gateway.services.heartbeat import Heart

Ask = Callable[[], AsyncGenerator[Delta, None]]


def route_that_spares(call: Call, *, ports: Ports) -> Route | None:
    """Return the call's route when something of its kind may be kept or shared."""
    if call.ticket is not None or call.request.faults:
        return None
    catalog = call.catalog or ports.catalog()
    route = catalog.routes.get(call.request.model)
    if route is None:
        return None
    is_kept = route.cache_seconds > 0 and ports.cache is not None
    return route if is_kept or (route.is_coalesced and ports.runs is not None) else None


async def stream(
    call: Call, route: Route, *, ask: Ask, ports: Ports, heart: Heart
) -> AsyncGenerator[Delta, None]:
    """Yield the answer, asked for only if it has to be, with exactly one terminal delta."""
    if call.catalog is None:
        call.catalog = ports.catalog()
    key = keeping.key_of(call, route)
    if not key:
        deltas = ask()
    elif kept := await keeping.find(call, key, route, ports=ports):
        terminal: Finish | Failed = kept.finish
        call.observed.is_quiet = True  # a line in the log costs more than the answer
        try:
            await keeping.admit(call, kept, ports=ports)
            for delta in kept.deltas:
                yield delta
        except GatewayError as error:
            terminal = Failed(error)
        except (GeneratorExit, asyncio.CancelledError):
            call.observed.abandoned()
            raise
        call.observed.ended(terminal, Usage())
        yield terminal
        return
    elif route.is_coalesced and ports.runs is not None:
        deltas = sharing.stream(call, key, route, ask=ask, ports=ports, heart=heart)
    else:
        deltas = keeping.gathered(call, key, route, ask(), ports=ports)
    async with aclosing(deltas):
        async for delta in deltas:
            yield delta
