"""One turn spoken aloud: the pipeline's deltas go to the relay, their text into segments.

Deltas are for those who listen now; segments are for the record. A segment is cut every
second or every 200 characters, whichever comes first, and at the end. An order with an editor
says only what the editor lets through; what the model fails to say the understudy does.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Protocol
from uuid import uuid4

from gateway import metrics
from gateway.domain import attributes
from gateway.domain.caller import Caller
from gateway.domain.errors import (
    FencedError,
    GatewayError,
    QueueExpiredError,
    QueueFullError,
    ShuttingDownError,
)
from gateway.domain.messages import (
    ChatRequest,
    Failed,
    Finish,
    FinishReason,
    Retract,
    Script,
    Start,
    Terminal,
    TextDelta,
    Usage,
)
from gateway.domain.ports import CancelOrder, LeaseClaim, Ports
from gateway.domain.segments import SEGMENT_SECONDS, Segmenter
from gateway.domain.speech import (
    Degraded,
    Editor,
    Failure,
    FirstToken,
    Outcome,
    Piece,
    SpeechOrder,
    Started,
    Ticket,
)
from gateway.services import completion, shielding
from gateway.services.completion import Call
from gateway.services.heartbeat import Heart
from gateway.services.watchdog import Watchdog

FENCED_BY = "fenced"
_REFUSED = frozenset({FinishReason.CONTENT_FILTER, FinishReason.REFUSAL})


class Outbox(Protocol):
    """Where pieces go: a bounded hand-over to whoever writes them down."""

    async def put(self, piece: Piece) -> None:
        """Hand over the piece; wait while the other side is full."""
        ...

    def offer(self, piece: Piece) -> bool:
        """Hand over the piece if there is room now, and say whether there was."""
        ...

    async def written(self) -> None:
        """Return once the outcome handed over is written down."""
        ...


async def cancel(*, stream_id: str, by: str, ports: Ports) -> bool:
    """Order the stream to stop; False when that had been ordered before."""
    return await ports.cancels.send(stream_id, by=by)


async def alive(*, lease_ids: Sequence[str], ports: Ports) -> set[str]:
    """Return those of the turns that somebody speaks right now."""
    return await ports.leases.alive(lease_ids)


async def speak(*, order: SpeechOrder, ports: Ports, heart: Heart, outbox: Outbox) -> None:
    """Speak the turn; put its pieces, one Outcome last.

    Raises LeaseHeldError or FencedError, before any piece, when the turn is not ours.
    """
    claim = LeaseClaim(lease_id=order.lease_id, epoch=order.epoch, owner=uuid4().hex)
    await ports.leases.acquire(claim)
    watchdog = Watchdog()
    try:
        with heart.keep_lease(claim, on_lost=lambda: _fence(watchdog)):
            async with ports.cancels.watch(order.stream_id, watchdog.stop):
                await _Turn(order, watchdog, ports=ports, heart=heart, outbox=outbox).run()
            # A turn whose outcome waits to be written still has a living worker.
            await outbox.written()
    finally:
        await shielding.give_back(lambda: ports.leases.release(claim))


class _Turn:
    """The state of one turn while it is being spoken."""

    def __init__(
        self, order: SpeechOrder, watchdog: Watchdog, *, ports: Ports, heart: Heart, outbox: Outbox
    ) -> None:
        self._order = order
        self._watchdog = watchdog
        self._ports = ports
        self._heart = heart
        self._outbox = outbox
        self._loop = asyncio.get_running_loop()
        self._began_at = self._loop.time()
        self._writer = ports.relay.open(order.stream_id)
        self._segmenter = Segmenter()
        self._timer: asyncio.TimerHandle | None = None
        self._said: list[str] = []
        self._started_as = ""
        self._first_said_at: float | None = None
        self._call = self._asking(order.request, order.ticket)

    def _asking(self, request: ChatRequest, ticket: Ticket | None) -> Call:
        order = self._order
        return Call(
            request=request,
            watchdog=self._watchdog,
            ticket=ticket,
            attributes=order.attributes,
            caller=Caller(room_id=order.attributes.get(attributes.ROOM_ID, "")),
        )

    async def run(self) -> None:
        """Speak to the end, whatever it is."""
        reason = FinishReason.ERROR
        try:
            outcome = self._outcome(await self._close(await self._hear(self._order.editor)))
            reason = outcome.finish
            await self._put_segment()
            await self._outbox.put(outcome)
        finally:
            self._disarm()
            await shielding.finish(self._writer.end(reason.value))

    async def _hear(self, editor: Editor | None) -> Terminal:
        """Say what the provider says, as far as the editor lets it; return how it ended."""
        deltas = completion.stream(self._call, ports=self._ports, heart=self._heart)
        async with aclosing(deltas):
            async for delta in deltas:
                if isinstance(delta, TextDelta):
                    await self._say(delta.text if editor is None else editor.take(delta.text))
                    if editor is not None and editor.is_enough:
                        break
                elif isinstance(delta, Start):
                    await self._start(delta)
                elif isinstance(delta, Retract):
                    # What was heard cannot be unheard; nothing of this answer is said any more.
                    return Finish(FinishReason.CONTENT_FILTER, self._call.usage())
                elif isinstance(delta, Finish | Failed):
                    return delta
        return Finish(FinishReason.STOP, self._call.usage())

    async def _close(self, terminal: Terminal) -> Terminal:
        """Say what the editor still holds, and let the understudy finish what is missing."""
        editor, understudy = self._order.editor, self._order.understudy
        if editor is None or understudy is None or not _may_go_on(terminal):
            return terminal
        closing = editor.close(_complaint(terminal))
        await self._say(closing.text)
        if not closing.reason:
            return Finish(FinishReason.STOP, terminal.usage)
        await self._put_segment()
        origin = self._started_as or self._order.request.model
        await self._outbox.put(Degraded(origin, understudy.model, closing.reason))
        is_paid = bool(self._call.attempts)
        self._call = self._asking(_instead(understudy, closing.instead), None)
        end = await self._hear(None)
        return replace(end, usage=terminal.usage) if is_paid else end

    async def _start(self, start: Start) -> None:
        """Tell who speaks; an understudy who takes over in the middle is told of otherwise."""
        if not self._started_as:
            self._started_as = f"{start.provider}/{start.model}"
            await self._outbox.put(self._started(start))

    async def _say(self, text: str) -> None:
        if not text:
            return
        now = self._loop.time()
        seq = self._writer.write(text)
        if not self._said:
            self._first_said_at = now
            await self._outbox.put(FirstToken(ttft_ms=self._ttft_ms() or 0))
        self._said.append(text)
        self._segmenter.add(text, seq=seq, at=now)
        if self._segmenter.is_due(at=now):
            await self._put_segment()
        elif self._timer is None:
            self._timer = self._loop.call_later(SEGMENT_SECONDS, self._offer_segment)

    async def _put_segment(self) -> None:
        self._disarm()
        if not self._segmenter.is_empty:
            # Sealing makes the record and the relay agree: no later text joins this seq.
            self._writer.seal()
            await self._outbox.put(self._segmenter.cut())

    def _offer_segment(self) -> None:
        """Cut what a silent provider has left lying, unless the other side is full."""
        self._timer = None
        if self._segmenter.is_empty:
            return
        self._writer.seal()
        if self._outbox.offer(self._segmenter.peek()):
            self._segmenter.cut()

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _started(self, start: Start) -> Started:
        observed = self._call.observed
        return Started(
            provider=start.provider,
            model=start.model,
            route_decision=observed.route_decision,
            cost_score=observed.cost_score,
            queue_wait_ms=round(observed.queue_wait_seconds * 1000),
        )

    def _outcome(self, terminal: Terminal) -> Outcome:
        usage = terminal.usage or Usage()
        observed = self._call.observed
        failure = self._failure(terminal)
        order = self._watchdog.order if failure is None else None
        is_cancelled = isinstance(terminal, Finish) and terminal.reason is FinishReason.CANCELLED
        latency = observed.cancel_latency_seconds
        return Outcome(
            text="".join(self._said),
            upto_seq=self._writer.seal(),
            finish=_finish_reason(terminal, failure),
            usage=usage,
            duration_ms=round((self._loop.time() - self._began_at) * 1000),
            ttft_ms=self._ttft_ms(),
            tokens_per_second=observed.tokens_per_second(usage),
            provider_closed=self._call.is_closed,
            failure=failure,
            cancelled_by=order.by if order is not None and is_cancelled else None,
            cancel_latency_ms=round(latency * 1000)
            if is_cancelled and latency is not None
            else None,
        )

    def _failure(self, terminal: Terminal) -> Failure | None:
        if isinstance(terminal, Failed):
            return failure_of(terminal.error)
        order = self._watchdog.order
        if terminal.reason is FinishReason.CANCELLED and order and order.by == FENCED_BY:
            return failure_of(FencedError("a newer epoch of the turn has taken over"))
        return None

    def _ttft_ms(self) -> int | None:
        seconds = self._call.observed.ttft_seconds
        if self._order.editor is not None:
            # What a provider said first may have been held back, or never been said at all.
            said_at, waited = self._first_said_at, self._call.observed.queue_wait_seconds
            seconds = None if said_at is None else said_at - self._began_at - waited
        return None if seconds is None else round(seconds * 1000)


def _may_go_on(terminal: Terminal) -> bool:
    """Return whether the turn is still ours and somebody may speak it."""
    if isinstance(terminal, Failed):
        # Without a running place, or in a process that ends, nobody else may speak either.
        return not isinstance(
            terminal.error, QueueExpiredError | QueueFullError | ShuttingDownError
        )
    return terminal.reason is not FinishReason.CANCELLED


def _complaint(terminal: Terminal) -> str:
    """Return the code of what is wrong with the answer; empty when it came to a good end."""
    if isinstance(terminal, Failed):
        return terminal.error.code
    return terminal.reason.value if terminal.reason in _REFUSED else ""


def _instead(understudy: ChatRequest, text: str) -> ChatRequest:
    script = understudy.script or Script("")
    return replace(understudy, script=replace(script, text=text))


def failure_of(error: GatewayError) -> Failure:
    """Return the error as data."""
    return Failure(code=error.code, retryable=error.retryable, message=str(error))


def _finish_reason(terminal: Terminal, failure: Failure | None) -> FinishReason:
    if failure is not None or isinstance(terminal, Failed):
        return FinishReason.ERROR
    return terminal.reason


def _fence(watchdog: Watchdog) -> None:
    metrics.FENCED.inc()
    watchdog.stop(CancelOrder(by=FENCED_BY, at=time.time()))
