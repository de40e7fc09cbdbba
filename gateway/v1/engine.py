"""The pipeline as the edge asks it, on the loop that serves the request."""

import asyncio
import contextlib
from dataclasses import dataclass

from django.conf import settings

from gateway import runtime, snapshot
from gateway.domain.caller import Caller
from gateway.domain.catalog import SCRIPTED, Catalog
from gateway.domain.errors import GatewayError
from gateway.domain.messages import ChatRequest
from gateway.services import completion
from gateway.services.calls import Call
from gateway.services.watchdog import Watchdog
from gateway.v1.delivery import Deltas
from gateway.v1.headers import Account
from gateway.v1.runs import Shelf


@dataclass(frozen=True, slots=True)
class PipelineCall:
    """One call of the pipeline; see `visit.Asked`."""

    call: Call
    deltas: Deltas

    def account(self) -> Account:
        """Return what is known of the call by now."""
        call = self.call
        target = call.target
        return Account(
            provider=target.provider.name if target else call.spared.given_by[0],
            model=target.model if target else call.spared.given_by[1],
            n_attempts=len(call.attempts),
            cache=call.spared.cache,
            coalesced=call.spared.shared,
            is_degraded=call.stay.is_degraded,
            levels=call.stay.levels,
            overhead_seconds=call.overhead_seconds,
            standing=call.stay.standing,
            decision=call.trace(),
        )


def catalog() -> Catalog:
    """Return the snapshot of now."""
    return runtime.engine_here().ports.catalog()


def ask(
    request: ChatRequest, *, caller: Caller, catalog: Catalog, budget_seconds: float | None
) -> PipelineCall:
    """Return the call; nothing happens before its deltas are asked for."""
    engine = runtime.engine_here()
    call = Call(
        request,
        Watchdog(),
        caller=caller,
        catalog=catalog,
        budget_seconds=budget_seconds,
    )
    return PipelineCall(call, completion.stream(call, ports=engine.ports, heart=engine.heart))


def shelf() -> Shelf:
    """Return where the running loop keeps streams that may be taken up again."""
    relay, hub = runtime.engine_here().ports.relay, runtime.hub()
    return Shelf(relay, hub, settings.GATEWAY_RESUME_SECONDS, settings.GATEWAY_RESUME_BYTES)


async def begin() -> None:
    """Read the configuration and connect, so that the first request finds everything there."""
    await asyncio.to_thread(snapshot.start)
    with contextlib.suppress(GatewayError):  # a store that is away is met by each request anew
        await runtime.engine_here().ports.gate.in_flight(SCRIPTED)


async def end() -> None:
    """Write down what is still to be written, and close the engine of the running loop."""
    await runtime.aclose_engine_here()
