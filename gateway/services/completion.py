"""THE pipeline: what happens to every request, in order.

    spare      an answer that is kept, or a call that somebody has made already: see `sparing`
    queue      rooms: a running place for the turn's ticket
    keep       the snapshot it begins with, and the clock of all the time it may take
    route      who may be asked, in order, and why the others not
    enter      the gate: every limit, the money and a place, all or nothing
    answer     breaker, call, retry, failover, continuation, until somebody has answered
    settle     one entry in the ledger per attempt, on every exit
    leave      correct the estimates, give everything back
    observe    count, time and trace what came of it

What is spared is spared before the gate, which then counts the request and nothing else.
Every place taken is given back on every exit, also when the consumer is cancelled. A consumer
that stays gets exactly one terminal delta, last.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from gateway.domain.errors import GatewayError, StoppedError, StreamTruncatedError
from gateway.domain.gate import Departure
from gateway.domain.messages import Delta, Failed, Finish, FinishReason, Terminal
from gateway.domain.ports import Ports
from gateway.services import (
    admitting,
    answering,
    recovery,
    routes,
    settling,
    shielding,
    sparing,
    waiting,
)
from gateway.services.calls import Call
from gateway.services.heartbeat import Heart

__all__ = ["Call", "stream"]

_logger = logging.getLogger(__name__)


def stream(call: Call, *, ports: Ports, heart: Heart) -> AsyncGenerator[Delta, None]:
    """Yield Start, content and usage, then exactly one Finish or Failed; failures never raise."""
    route = sparing.route_that_spares(call, ports=ports)
    if route is None:
        return _asked(call, ports=ports, heart=heart)

    def ask() -> AsyncGenerator[Delta, None]:
        return _asked(call, ports=ports, heart=heart)

    return sparing.stream(call, route, ask=ask, ports=ports, heart=heart)


async def _asked(call: Call, *, ports: Ports, heart: Heart) -> AsyncGenerator[Delta, None]:
    """Yield the answer of whoever can be asked, as `stream` does."""
    terminal: Terminal = Failed(StreamTruncatedError("the stream stopped without a terminal mark"))
    try:
        await _queue(call, ports=ports, heart=heart)
        _keep(call, ports=ports)
        await routes.plan(call, ports=ports)
        await recovery.somebody(call, ports=ports)
        await _enter(call, ports=ports, heart=heart)
        async with aclosing(answering.answer(call, ports=ports)) as deltas:
            async for delta in deltas:
                yield delta
        terminal = call.finish()
    except StoppedError:
        terminal = Finish(FinishReason.CANCELLED)
    except GatewayError as error:
        terminal = Failed(error)
    except (GeneratorExit, asyncio.CancelledError):
        call.observed.abandoned()
        raise
    except Exception as error:  # noqa: BLE001  the pipeline always has a last word
        # An adapter's bug is the turn's failure, not the worker's. The message may quote text.
        _logger.error("gateway.adapter_broke", extra={"error_type": type(error).__name__})
        terminal = Failed(GatewayError("the provider adapter broke"))
    finally:
        await _leave(call, ports=ports, heart=heart)
    if isinstance(terminal, Finish) and terminal.reason is FinishReason.CANCELLED:
        _note_stop(call)
    usage = call.usage()
    call.observed.ended(terminal, usage)
    yield terminal if terminal.usage is usage else replace(terminal, usage=usage)


def _keep(call: Call, *, ports: Ports) -> None:
    """Keep the snapshot of now, and start the clock."""
    if call.catalog is None:
        call.catalog = ports.catalog()
    call.start_clock(ports.deadlines)


async def _queue(call: Call, *, ports: Ports, heart: Heart) -> None:
    """Wait for the running place of a turn's ticket; programs have none and go on at once."""
    if call.ticket is not None:
        await admitting.start_ticket(call, ports=ports)
        heart.keep_ticket(call.ticket)


async def _enter(call: Call, *, ports: Ports, heart: Heart) -> None:
    """Pass the gate; from here on the request is kept alive, and known to whoever finds it."""
    first = call.candidates()[0].target
    call.stay.entered_at = time.time()
    record = settling.record_of(
        call, first, attempt_id=f"{call.request.request_id}/1", began_at=call.stay.entered_at
    )
    call.stay.is_inside = True
    await admitting.enter(call, ports=ports, record=record)
    heart.keep_request(call.stay.holder, lambda: settling.progress_of(call))


async def _leave(call: Call, *, ports: Ports, heart: Heart) -> None:
    """Give everything back; what waits for the store outlives whoever is being cancelled."""
    if call.stay.is_inside:
        heart.let_go(call.stay.holder)
        await ports.gate.leave(settling.departure_of(call))
        for holder in call.stay.other_holders:
            await ports.gate.leave(Departure(holder, tokens=0, cost_microusd=0))
        waiting.left(call, ports=ports)
    if call.ticket is not None:
        ticket = call.ticket
        heart.let_ticket_go(ticket)
        await shielding.give_back(lambda: ports.admissions.release(ticket.queue, ticket.id))


def _note_stop(call: Call) -> None:
    order = call.watchdog.order
    if order is not None:
        call.observed.stopped(order, at=call.closed_at or time.time())
