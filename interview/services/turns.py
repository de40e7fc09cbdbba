"""The life of a turn: queued with an answer, spoken by a worker, interrupted, asked again."""

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from interview import metrics
from interview.domain import events as ev
from interview.domain import game
from interview.domain.errors import (
    IdempotencyConflictError,
    InvalidInputError,
    NothingToCancelError,
    QueueFullError,
    UnavailableError,
)
from interview.domain.events import Event, EventType
from interview.domain.jobs import Job
from interview.domain.ports import (
    Ports,
    Refusal,
    SpeakerGoneError,
    Speech,
    SpeechEnded,
    SpeechFirstToken,
    SpeechPiece,
    SpeechSegment,
    SpeechStarted,
    stream_id,
)
from interview.domain.position import Position
from interview.domain.room import Pace, Record, Room, Status, advance
from interview.domain.turn import TurnState
from interview.models import Room as RoomRow
from interview.models import RoomEvent
from interview.services import editions, event_log, pacing, resumes, tracing

logger = logging.getLogger(__name__)

MAX_ANSWER_CHARACTERS = 8_000
CANCEL_GRACE_SECONDS = 2.0
WHOLE_LINE_CPS = 100_000.0
_QUEUED = frozenset({TurnState.QUEUED})
# A turn may end before it began: nobody answered, or no place came free in time.
_LIVE = frozenset({TurnState.QUEUED, TurnState.STREAMING})


@dataclass(frozen=True, slots=True)
class AnswerTaken:
    """Where the answer went: the turn that replies to it (None at the end), round and offset."""

    turn_id: str | None
    round: int
    offset: int


@dataclass(frozen=True, slots=True)
class CancelTaken:
    """The turn that is being stopped, and its state now: streaming until its worker lets go."""

    turn_id: str
    state: str


# --- answers --------------------------------------------------------------------------------


def submit_answer(*, room_id: UUID, text: str, client_id: UUID, ports: Ports) -> AnswerTaken:
    """Record the candidate's answer, its score and the turn that replies.

    The same ``client_id`` and text again gives the same result and does nothing twice. Raises
    InvalidInputError, IdempotencyConflictError, NotYourTurnError, RoomSettledError, and
    QueueFullError: then nothing of the answer was recorded and the same call may be made again.
    """
    tracing.about(room_id)
    _check_answer(text)
    try:
        with transaction.atomic():
            row = event_log.lock(room_id)
            earlier = _taken_before(room_id, text, client_id)
            if earlier is not None:
                return earlier
            record = Record(event_log.state_of(row), timezone.now())
            round_answered = record.room.round
            game.take_answer(record, position_of(row), text=text, client_id=str(client_id))
            with place_for(row.pk, record, ports=ports):
                event_log.append(row, record, outbox=ports.outbox)
    except QueueFullError as refusal:
        _note_refusal(room_id, refusal, ports)
        raise
    return AnswerTaken(
        turn_id=_next_turn(record.room),
        round=round_answered,
        offset=next(e.offset for e in record.events if e.type is EventType.ANSWER_SUBMITTED),
    )


def _check_answer(text: str) -> None:
    if not text.strip():
        raise InvalidInputError("An empty answer is not an answer; say something.")
    if len(text) > MAX_ANSWER_CHARACTERS:
        raise InvalidInputError(f"An answer has at most {MAX_ANSWER_CHARACTERS:,} characters.")
    if "\x00" in text:
        raise InvalidInputError("An answer is text; this has a zero byte in it.")
    if not _is_unicode(text):
        raise InvalidInputError("An answer is text; this has half a character in it.")


def _is_unicode(text: str) -> bool:
    """Return whether no lone half of a surrogate pair came out of a JSON escape."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _taken_before(room_id: UUID, text: str, client_id: UUID) -> AnswerTaken | None:
    answers = RoomEvent.objects.filter(room_id=room_id, type=EventType.ANSWER_SUBMITTED)
    earlier = answers.filter(data__client_id=str(client_id)).first()
    if earlier is None:
        return None
    if earlier.data["text"] != text:
        raise IdempotencyConflictError("This client_id came with another text before.")
    later = RoomEvent.objects.filter(room_id=room_id, offset__gt=earlier.offset)
    scored = later.filter(type=EventType.ANSWER_SCORED).order_by("offset").first()
    queued = later.filter(type=EventType.TURN_QUEUED).order_by("offset").first()
    return AnswerTaken(
        turn_id=queued.turn_id if queued else None,
        round=scored.data["round"] if scored else 0,
        offset=earlier.offset,
    )


def _note_refusal(room_id: UUID, refusal: QueueFullError, ports: Ports) -> None:
    """Tell the room's readers, once until something else happens in the room.

    Between the refusal and this another tab may have been heard, or have left: then the room
    has moved on and there is nothing to tell.
    """
    with transaction.atomic():
        row = event_log.lock(room_id)
        last = RoomEvent.objects.filter(room_id=room_id).order_by("-offset").first()
        if last is None or last.type == EventType.TURN_REJECTED:
            return
        if row.status != Status.AWAITING_ANSWER:
            return
        record = Record(event_log.state_of(row), timezone.now())
        record.add(ev.TurnRejected(refusal.code, refusal.retry_after_seconds or 1))
        event_log.append(row, record, outbox=ports.outbox)


def position_of(row: RoomRow) -> Position:
    """Return the position the room is played from."""
    return Position(edition=editions.read(row.edition_id), resume=resumes.pinned(row.resume_id))


def _next_turn(room: Room) -> str | None:
    return room.turn.id if room.turn is not None and room.status is not Status.SETTLED else None


# --- queueing -------------------------------------------------------------------------------


@contextlib.contextmanager
def place_for(room_id: UUID, record: Record, *, ports: Ports) -> Iterator[None]:
    """Reserve a place for the turn just planned and add it to the record, then run the block.

    A block that fails gives the place back. Raises QueueFullError when there is no place; a
    settled room needs none.
    """
    turn = record.room.turn
    if record.room.status is Status.SETTLED or turn is None:
        yield
        return
    stream = stream_id(room_id, turn.id, turn.epoch)
    place = ports.stage.reserve(stream)
    if isinstance(place, Refusal):
        tracing.rejected(place.reason)
        raise QueueFullError(
            "The panel is hearing too many candidates; your words are kept, send them again soon.",
            retry_after_seconds=place.retry_after_seconds,
        )
    tracing.about(room_id, turn.id)
    tracing.queued(position=place.position)
    try:
        record.add(ev.TurnQueued(position=place.position, epoch=turn.epoch), turn.id)
        if place.is_degraded:
            record.add(ev.TurnDegraded("streamed", "whole_line", "queue_full"), turn.id)
        yield
    except BaseException:
        ports.stage.give_back(stream)
        raise


def retry_turn(*, room_id: UUID, ports: Ports) -> AnswerTaken:
    """Ask the last question again; raise NothingToRetryError when it was asked to the end."""
    with transaction.atomic():
        row = event_log.lock(room_id)
        record = Record(event_log.state_of(row), timezone.now())
        game.repeat_turn(record)
        pacing.check(row, EventType.TURN_PLANNED, at=record.at)
        with place_for(row.pk, record, ports=ports):
            event_log.append(row, record, outbox=ports.outbox)
    return AnswerTaken(_next_turn(record.room), record.room.round, record.room.offset)


# --- speaking -------------------------------------------------------------------------------


def run_turn(*, room_id: UUID, turn_id: str, ports: Ports) -> None:
    """Speak one queued turn to its end; a second run finds it taken and stops.

    Between two pieces no database connection is held.
    """
    row = RoomRow.objects.filter(pk=room_id).first()
    speech = _claimable(row, turn_id)
    if row is None or speech is None:
        return
    run = _Run(speech, ports, queued_at=row.changed_at)
    try:
        with tracing.turn(speech):
            for piece in ports.stage.speak(speech):
                if not run.take(piece):
                    break
                connection.close()
    except SpeakerGoneError:
        return
    except UnavailableError:
        logger.warning("turn.unavailable", extra={"turn_id": turn_id})  # the reaper tries again
    finally:
        connection.close()


def _claimable(row: RoomRow | None, turn_id: str) -> Speech | None:
    """Return what is to be said, or None when the turn is not waiting any more."""
    if row is None or row.turn_id != turn_id or row.turn_state != TurnState.QUEUED:
        return None
    room = event_log.state_of(row)
    if room.turn is None:
        return None
    persona = editions.read(row.edition_id).personas[room.turn.speaker]
    return Speech(
        room_id=row.pk,
        turn_id=turn_id,
        epoch=room.turn.epoch,
        speaker=room.turn.speaker,
        text=room.planned_text,
        characters_per_second=(
            WHOLE_LINE_CPS if room.turn.is_degraded else persona.pace_cps * Pace(room.pace).factor
        ),
        seed=room.seed + room.turn.number,
    )


class _Run:
    """One worker's hold on one turn: writes what is spoken, until fenced or over."""

    def __init__(self, speech: Speech, ports: Ports, *, queued_at: datetime) -> None:
        self._speech = speech
        self._ports = ports
        self._queued_at = queued_at
        self._known: Room | None = None

    def take(self, piece: SpeechPiece) -> bool:
        """Make the piece durable; return False when the turn is no longer ours."""
        if isinstance(piece, SpeechSegment):
            return self._append(ev.TurnSegment(piece.text, piece.upto_seq, list(piece.timing)))
        if isinstance(piece, SpeechFirstToken):
            self._observe_first_words()
            return self._append(ev.TurnFirstToken(piece.ttft_ms))
        if isinstance(piece, SpeechStarted):
            return self._move(self._started(piece), expected=_QUEUED)
        return self._move(self._ended(piece), expected=_LIVE)

    def _observe_first_words(self) -> None:
        waited_seconds = (timezone.now() - self._queued_at).total_seconds()
        # Another host's clock wrote the beginning; below zero only says that the two differ.
        metrics.TURN_TTFT_SECONDS.labels(self._speech.speaker).observe(max(0.0, waited_seconds))

    def _append(self, payload: ev.TurnSegment | ev.TurnFirstToken) -> bool:
        event = event_log.append_while_streaming(
            self._speech.room_id,
            payload,
            turn_id=self._speech.turn_id,
            epoch=self._speech.epoch,
            at=timezone.now(),
            outbox=self._ports.outbox,
        )
        if event is not None:
            self._learn(event)
        return event is not None

    def _learn(self, event: Event) -> None:
        """Take our own piece into the fold we hold; somebody else's in between ends its use."""
        if self._known is not None and event.offset == self._known.offset + 1:
            advance(self._known, event)
        else:
            self._known = None

    def _state(self, row: RoomRow) -> Room:
        """Return the fold; the pieces we wrote ourselves need not be read back."""
        if self._known is not None and self._known.offset == row.top_offset:
            return self._known
        return event_log.state_of(row)

    def _move(self, payload: ev.Payload, *, expected: frozenset[TurnState]) -> bool:
        with transaction.atomic():
            row = event_log.lock(self._speech.room_id)
            is_ours = (row.turn_id, row.turn_epoch) == (self._speech.turn_id, self._speech.epoch)
            if not is_ours or row.turn_state not in expected:
                metrics.FENCED_OUTPUT.inc()
                return False
            record = Record(self._state(row), timezone.now())
            record.add(payload, self._speech.turn_id)
            event_log.append(row, record, outbox=self._ports.outbox)
        self._known = record.room
        return True

    def _started(self, piece: SpeechStarted) -> ev.TurnStarted:
        return ev.TurnStarted(
            speaker=self._speech.speaker,
            provider=piece.provider,
            model=piece.model,
            route_decision=piece.route_decision,
            cost_score=piece.cost_score,
            epoch=self._speech.epoch,
            queue_wait_ms=piece.queue_wait_ms,
        )

    def _ended(self, piece: SpeechEnded) -> ev.Payload:
        usage = ev.Usage(piece.input_tokens, piece.output_tokens, piece.is_estimated)
        if piece.cancelled_by is not None:
            tracing.turn_ended("cancelled")
            return ev.TurnCancelled(
                by=piece.cancelled_by,
                kept_text=piece.text,
                usage=usage,
                provider_closed=piece.provider_closed,
                latency_ms=piece.cancel_latency_ms,
            )
        if piece.failure is not None:
            tracing.turn_ended("error", failure=piece.failure)
            return ev.TurnFailed(piece.failure, piece.is_retryable, piece.text)
        tracing.turn_ended("ok")
        return ev.TurnDone(piece.text, usage, piece.duration_ms, piece.tokens_per_second)


# --- stopping -------------------------------------------------------------------------------


def cancel_turn(
    *, room_id: UUID, by: str, ports: Ports, turn_id: str | None = None, epoch: int | None = None
) -> CancelTaken:
    """Interrupt the turn being queued or spoken; a second cancel of it changes nothing.

    Raises NothingToCancelError when nobody is speaking, or when the ids name another turn.
    """
    tracing.about(room_id, turn_id)
    with transaction.atomic():
        row = event_log.lock(room_id)
        _check_is_cancellable(row, turn_id, epoch)
        stream = stream_id(row.pk, row.turn_id, row.turn_epoch)
        if row.turn_state == TurnState.QUEUED:
            record = Record(event_log.state_of(row), timezone.now())
            cut_short(record, by=by)
            event_log.append(row, record, outbox=ports.outbox)
        if row.turn_state == TurnState.STREAMING:
            arguments = (str(row.pk), row.turn_id, str(row.turn_epoch), by)
            transaction.on_commit(
                lambda: ports.outbox.enqueue(
                    Job.FINISH_CANCEL, arguments, delay_seconds=CANCEL_GRACE_SECONDS
                )
            )
        transaction.on_commit(lambda: stop(stream, by=by, ports=ports))
    return CancelTaken(row.turn_id, row.turn_state)


def _check_is_cancellable(row: RoomRow, turn_id: str | None, epoch: int | None) -> None:
    names_another = (turn_id is not None and turn_id != row.turn_id) or (
        epoch is not None and epoch != row.turn_epoch
    )
    cancellable = {TurnState.QUEUED, TurnState.STREAMING, TurnState.CANCELLED}
    if names_another or row.turn_state not in cancellable:
        raise NothingToCancelError("Nobody is speaking.")


def stop(stream: str, *, by: str, ports: Ports) -> None:
    """Stop the stream and free the place it may still hold."""
    ports.stage.interrupt(stream, by=by)
    ports.stage.give_back(stream)


def live_stream(row: RoomRow) -> str | None:
    """Return the stream of the turn being queued or spoken, if there is one."""
    if row.turn_state not in {TurnState.QUEUED, TurnState.STREAMING}:
        return None
    return stream_id(row.pk, row.turn_id, row.turn_epoch)


def cut_short(record: Record, *, by: str, provider_closed: bool = True) -> None:
    """Add the cancel of a turn that is still queued or streaming, keeping what was said."""
    turn = record.room.turn
    if turn is None or not turn.is_live:
        return
    record.add(
        ev.TurnCancelled(
            by=by,
            kept_text=turn.text,
            usage=ev.Usage(),
            provider_closed=provider_closed,
            latency_ms=0,
        ),
        turn.id,
    )


def finish_cancel(*, room_id: UUID, turn_id: str, epoch: int, by: str, ports: Ports) -> None:
    """Close a cancelled turn whose worker has not; late output is fenced by its epoch."""
    with transaction.atomic():
        row = event_log.lock(room_id)
        if (row.turn_id, row.turn_epoch, row.turn_state) != (turn_id, epoch, TurnState.STREAMING):
            return
        record = Record(event_log.state_of(row), timezone.now())
        cut_short(record, by=by, provider_closed=False)
        event_log.append(row, record, outbox=ports.outbox)
