"""THE pipeline: what happens to every request, in order.

    admit      take the ticket's place among those that run
    bulkhead   take a place at the provider
    call       ask, under four deadlines and the order to stop
    observe    count, time and trace what came back

Every place taken is given back on every exit, also when the consumer is cancelled. A consumer
that stays gets exactly one terminal delta, last.
"""

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field, replace
from uuid import uuid4

from gateway import metrics
from gateway.domain.bulkhead import pause_seconds
from gateway.domain.catalog import Catalog, Target
from gateway.domain.errors import (
    DeadlinePhase,
    GatewayError,
    ProviderBusyError,
    ProviderTimeoutError,
    QueueExpiredError,
    StoppedError,
    StreamTruncatedError,
    UnknownProviderError,
)
from gateway.domain.messages import (
    ChatRequest,
    Delta,
    Failed,
    Finish,
    FinishReason,
    Terminal,
    TextDelta,
    Usage,
    UsageSource,
    UsageUpdate,
)
from gateway.domain.ports import Ports
from gateway.domain.speech import Ticket
from gateway.domain.tokens import estimated_tokens
from gateway.services import observation, shielding
from gateway.services.heartbeat import Heart
from gateway.services.observation import Observation
from gateway.services.watchdog import Watchdog

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Call:
    """One request on its way through, and what is known about it so far."""

    request: ChatRequest
    watchdog: Watchdog
    ticket: Ticket | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    holder: str = field(default_factory=lambda: uuid4().hex)
    closed_at: float | None = None
    observed: Observation = field(init=False)
    _said: list[str] = field(default_factory=list)
    _reported: Usage | None = None

    def __post_init__(self) -> None:
        """Begin to observe."""
        self.observed = observation.begin(self.request, self.attributes)

    @property
    def is_closed(self) -> bool:
        """Whether nothing of this call is open at the provider (any more)."""
        return self.observed.issued_at is None or self.closed_at is not None

    def take(self, delta: Delta) -> None:
        """Count one delta."""
        if isinstance(delta, TextDelta):
            self.observed.text_arrived()
            self._said.append(delta.text)
        elif isinstance(delta, UsageUpdate):
            self._reported = delta.usage

    def usage(self, terminal: Terminal) -> Usage:
        """Return what the call used: the provider's final word, else our count of it."""
        if terminal.usage is not None:
            return terminal.usage
        reported = self._reported or Usage(
            input_total=sum(estimated_tokens(message.text) for message in self.request.messages)
        )
        spoken = estimated_tokens("".join(self._said))
        return Usage(
            input_total=reported.input_total,
            output_total=max(reported.output_total, spoken),
            source=UsageSource.ESTIMATED,
        )


async def stream(call: Call, *, ports: Ports, heart: Heart) -> AsyncGenerator[Delta, None]:
    """Yield Start, text and usage, then exactly one Finish or Failed; failures never raise."""
    terminal: Terminal = Failed(StreamTruncatedError("the stream stopped without a terminal mark"))
    try:
        async with AsyncExitStack() as places:
            await _admit(call, places, ports=ports, heart=heart)
            await _take_place(call, places, ports=ports, heart=heart)
            async with aclosing(_ask(call, ports=ports)) as deltas:
                async for delta in deltas:
                    if isinstance(delta, Finish | Failed):
                        terminal = delta
                        break
                    yield delta
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
    if isinstance(terminal, Finish) and terminal.reason is FinishReason.CANCELLED:
        _note_stop(call)
    usage = call.usage(terminal)
    call.observed.ended(terminal, usage)
    yield replace(terminal, usage=usage)


async def _admit(call: Call, places: AsyncExitStack, *, ports: Ports, heart: Heart) -> None:
    """Move the ticket to the running ones; wait for a running place when there is none."""
    if call.ticket is None:
        return
    queue, ticket = call.ticket.queue, call.ticket.id
    policy = ports.queues[queue]
    places.push_async_callback(shielding.give_back, lambda: ports.admissions.release(queue, ticket))
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
    places.enter_context(heart.keep_ticket(call.ticket))


async def _take_place(call: Call, places: AsyncExitStack, *, ports: Ports, heart: Heart) -> None:
    """Take a place at the provider; wait a bounded time when all are taken."""
    name, holder = call.request.provider, call.holder
    policy = ports.bulkheads.get(name)
    if policy is None:
        raise UnknownProviderError(name)
    places.push_async_callback(shielding.give_back, lambda: ports.bulkhead.release(name, holder))
    try:
        await _until_granted(
            call,
            lambda: ports.bulkhead.acquire(name, holder, limit=policy.limit),
            seconds=policy.wait_seconds,
        )
    except ProviderTimeoutError:
        raise ProviderBusyError("every place at the provider stayed taken") from None
    places.enter_context(heart.keep_place(name, holder))


async def _ask(call: Call, *, ports: Ports) -> AsyncGenerator[Delta, None]:
    """Yield the provider's deltas, each awaited under the deadline of its phase."""
    target = _target(call.request, ports.catalog())
    provider = ports.providers.get(target.provider.adapter)
    if provider is None:
        raise UnknownProviderError(target.provider.adapter)
    # One provider per request and no price yet: the choice is the first candidate, at no cost.
    call.observed.routed(decision="primary", cost_score=0.0)
    deadlines = call.request.deadlines or ports.deadlines
    call.watchdog.start_total(deadlines)
    call.observed.issued()
    phase, seconds = DeadlinePhase.CONNECT, deadlines.connect_seconds
    try:
        async with aclosing(provider.stream(call.request, target)) as deltas:
            while True:
                delta = await call.watchdog.until(deltas.__anext__, seconds=seconds, phase=phase)
                call.take(delta)
                yield delta
                if isinstance(delta, TextDelta):
                    phase, seconds = DeadlinePhase.IDLE, deadlines.idle_seconds
                elif phase is DeadlinePhase.CONNECT:
                    phase, seconds = DeadlinePhase.FIRST, deadlines.first_seconds
    except StopAsyncIteration:
        return
    finally:
        call.closed_at = time.time()


def _target(request: ChatRequest, catalog: Catalog) -> Target:
    """Return the first target of the request's route, at the provider it pins if it pins one."""
    route = catalog.routes.get(request.model)
    for target in route.targets if route else ():
        if request.provider in {"", target.provider.name}:
            return target
    raise UnknownProviderError(request.provider)


async def _until_granted(call: Call, ask: Callable[[], Awaitable[bool]], *, seconds: float) -> None:
    """Ask until the answer is yes, with growing pauses, under the order to stop."""

    async def granted() -> None:
        attempt = 0
        while not await ask():
            await asyncio.sleep(pause_seconds(attempt, roll=random.random()))
            attempt += 1

    await call.watchdog.until(granted, seconds=seconds, phase=DeadlinePhase.CONNECT)


def _note_stop(call: Call) -> None:
    order = call.watchdog.order
    if order is not None:
        call.observed.stopped(order, at=call.closed_at or time.time())
