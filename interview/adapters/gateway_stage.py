"""The gateway as the game's stage."""

import contextlib
from collections.abc import AsyncGenerator, Generator, Sequence
from dataclasses import replace

from gateway import facade
from interview.adapters.prompts import chat_request
from interview.domain import attributes
from interview.domain.errors import UnavailableError
from interview.domain.ports import (
    Cue,
    Place,
    QueueView,
    Refusal,
    Said,
    SaidSoFar,
    SpeakerGoneError,
    Speech,
    SpeechDegraded,
    SpeechEnded,
    SpeechFirstToken,
    SpeechPiece,
    SpeechSegment,
    SpeechStarted,
    Words,
)
from interview.domain.speaking.manners import Manners

QUEUE = "turns"


class GatewayStage:
    """Turns spoken through ``gateway.facade``; the only place that knows its types."""

    def reserve(self, stream: str) -> Place | Refusal:
        """Return a place in the queue, or why there is none."""
        try:
            admission = facade.admit(QUEUE, stream)
        except facade.StateUnavailableError as error:
            raise UnavailableError("The queue is away for a moment; try again.") from error
        if isinstance(admission, facade.Admitted):
            return Place(admission.position, admission.is_degraded)
        return Refusal(
            reason=admission.reason.value,
            retry_after_seconds=admission.retry_after_seconds,
        )

    def give_back(self, stream: str) -> None:
        """Give an unused place back; a queue that is away forgets it by itself."""
        try:
            facade.release(QUEUE, stream)
        except facade.StateUnavailableError:
            return

    def speak(self, speech: Speech) -> Generator[SpeechPiece, None, None]:
        """Yield the pieces of a turn as the gateway speaks them."""
        try:
            with contextlib.closing(facade.speak(_order(speech))) as pieces:
                for piece in pieces:
                    yield _piece(piece)
        except (facade.LeaseHeldError, facade.FencedError) as error:
            raise SpeakerGoneError(speech.stream_id) from error
        except facade.StateUnavailableError as error:
            raise UnavailableError("The stage is dark for a moment.") from error

    async def words(self, stream: str) -> AsyncGenerator[Sequence[Words], None]:
        """Yield the words of a turn from the relay."""
        async with facade.hub().reader(stream) as reader:
            async for batch in reader.batches():
                words = [_words(item) for item in batch if not isinstance(item, facade.End)]
                if words:
                    yield words

    def queue(self, stream: str) -> QueueView:
        """Return how the queue stands, and this turn's place in it."""
        status = facade.queue_status(QUEUE)
        position = facade.queue_position(QUEUE, stream)
        return QueueView(position, status.n_waiting, status.n_running)

    def interrupt(self, stream: str, *, by: str) -> bool:
        """Stop the turn wherever it is being spoken; the caller's fence holds if this cannot."""
        try:
            return facade.cancel(stream, by=by)
        except facade.StateUnavailableError:
            return True  # nobody knows of an earlier order

    def spoken_now(self, streams: Sequence[str]) -> set[str]:
        """Return those of the turns that a living worker is speaking."""
        by_lease = {_lease(stream): stream for stream in streams}
        return {by_lease[lease] for lease in facade.lease_alive(by_lease)}


def _words(item: facade.Snapshot | facade.Delta) -> Words:
    if isinstance(item, facade.Delta):
        return Said(item.seq, item.text)
    return SaidSoFar(item.text, item.upto_seq)


def _lease(stream: str) -> str:
    return stream.rpartition(".")[0]


def _order(speech: Speech) -> facade.SpeechOrder:
    scripted = facade.ChatRequest(
        request_id=speech.stream_id,
        provider="scripted",
        model="scripted",
        script=facade.Script(
            text=speech.text,
            pace_cps=speech.characters_per_second,
            seed=speech.seed,
        ),
    )
    cue = speech.cue
    return facade.SpeechOrder(
        stream_id=speech.stream_id,
        lease_id=_lease(speech.stream_id),
        epoch=speech.epoch,
        request=scripted if cue is None else _line_request(speech, cue),
        ticket=facade.Ticket(QUEUE, speech.stream_id),
        attributes={
            attributes.ROOM_ID: str(speech.room_id),
            attributes.TURN_ID: speech.turn_id,
        },
        editor=None if cue is None else _Editor(cue.manners),
        # A request of its own: its attempt stands in the ledger beside the model's.
        understudy=replace(scripted, request_id=f"{speech.stream_id}.understudy"),
    )


def _line_request(speech: Speech, cue: Cue) -> facade.ChatRequest:
    request = chat_request(cue.prompt, request_id=speech.stream_id, route=cue.route)
    deadlines = facade.Deadlines(
        connect_seconds=cue.first_seconds,
        first_seconds=cue.first_seconds,
        idle_seconds=cue.first_seconds,
        total_seconds=cue.total_seconds,
    )
    return replace(request, deadlines=deadlines, session=str(speech.room_id))


class _Editor:
    """The house's manners as the gateway asks for them."""

    def __init__(self, manners: Manners) -> None:
        self._manners = manners

    @property
    def is_enough(self) -> bool:
        """Return whether the turn needs no more words of the model."""
        return self._manners.is_enough

    def take(self, text: str) -> str:
        """Return what may be said aloud now."""
        return self._manners.take(text)

    def close(self, failure: str) -> facade.Closing:
        """Return how the turn ends."""
        ending = self._manners.close(failure)
        return facade.Closing(ending.text, ending.reason, ending.instead)


def _piece(piece: facade.Piece) -> SpeechPiece:
    if isinstance(piece, facade.Segment):
        return SpeechSegment(piece.text, piece.upto_seq, piece.timing)
    if isinstance(piece, facade.FirstToken):
        return SpeechFirstToken(piece.ttft_ms)
    if isinstance(piece, facade.Degraded):
        return SpeechDegraded(piece.origin, piece.to, piece.reason)
    if isinstance(piece, facade.Started):
        return SpeechStarted(
            provider=piece.provider,
            model=piece.model,
            route_decision=piece.route_decision,
            cost_score=piece.cost_score,
            queue_wait_ms=piece.queue_wait_ms,
        )
    return _ended(piece)


def _ended(outcome: facade.Outcome) -> SpeechEnded:
    is_cancelled = outcome.finish is facade.FinishReason.CANCELLED
    return SpeechEnded(
        text=outcome.text,
        input_tokens=outcome.usage.input_total,
        output_tokens=outcome.usage.output_total,
        is_estimated=outcome.usage.source is facade.UsageSource.ESTIMATED,
        duration_ms=outcome.duration_ms,
        tokens_per_second=round(outcome.tokens_per_second or 0.0, 1),
        provider_closed=outcome.provider_closed,
        failure=outcome.failure.code if outcome.failure else None,
        is_retryable=outcome.failure.retryable if outcome.failure else True,
        cancelled_by=(outcome.cancelled_by or "unknown") if is_cancelled else None,
        cancel_latency_ms=outcome.cancel_latency_ms or 0,
    )
