"""One worker speaks one turn: what is said becomes durable piece by piece, until it is over."""

import contextlib
import logging
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from interview import metrics
from interview.domain import events as ev
from interview.domain.errors import UnavailableError
from interview.domain.events import Event
from interview.domain.ports import (
    Ports,
    SpeakerGoneError,
    Speech,
    SpeechDegraded,
    SpeechEnded,
    SpeechFirstToken,
    SpeechPiece,
    SpeechSegment,
    SpeechStarted,
)
from interview.domain.room import Record, Room, advance
from interview.domain.turn import LIVE, Turn, TurnState
from interview.models import Room as RoomRow
from interview.services import editions, event_log, tracing
from interview.services.turns import cues

logger = logging.getLogger(__name__)

WHOLE_LINE_CPS = 100_000.0
_QUEUED = frozenset({TurnState.QUEUED})


def run_turn(*, room_id: UUID, turn_id: str, ports: Ports) -> None:
    """Speak one queued turn to its end; a second run finds it taken and stops.

    Between two pieces no database connection is held.
    """
    row = RoomRow.objects.filter(pk=room_id).first()
    if row is None or row.turn_id != turn_id or row.turn_state != TurnState.QUEUED:
        return
    room = event_log.state_of(row)
    if room.turn is None:
        return
    speech = _speech(row, room, room.turn, ports)
    run = _Run(speech, room, ports, queued_at=row.changed_at)
    try:
        with tracing.turn(speech), contextlib.closing(ports.stage.speak(speech)) as pieces:
            for piece in pieces:
                if not run.take(piece):
                    break
                connection.close()
    except SpeakerGoneError:
        return
    except UnavailableError:
        logger.warning("turn.unavailable", extra={"turn_id": turn_id})  # the reaper tries again
    finally:
        connection.close()


def _speech(row: RoomRow, room: Room, turn: Turn, ports: Ports) -> Speech:
    """Return what is to be said."""
    persona = editions.read(row.edition_id).personas[turn.speaker]
    return Speech(
        room_id=row.pk,
        turn_id=turn.id,
        epoch=turn.epoch,
        speaker=turn.speaker,
        text=room.planned_text,
        characters_per_second=(
            WHOLE_LINE_CPS if turn.is_degraded else persona.pace_cps * room.pace.factor
        ),
        seed=room.seed + turn.number,
        cue=cues.cue_for(row, room, ports=ports),
    )


class _Run:
    """One worker's hold on one turn: writes what is spoken, until fenced or over.

    While nobody else writes to the room, ``known`` is its fold: what the worker wrote itself need
    not be read back, and who appends exactly there needs no lock.
    """

    def __init__(self, speech: Speech, room: Room, ports: Ports, *, queued_at: datetime) -> None:
        self._speech = speech
        self._ports = ports
        self._queued_at = queued_at
        self._known: Room | None = room

    def take(self, piece: SpeechPiece) -> bool:
        """Make the piece durable; return False when the turn is no longer ours."""
        if isinstance(piece, SpeechSegment):
            return self._append(ev.TurnSegment(piece.text, piece.upto_seq, list(piece.timing)))
        if isinstance(piece, SpeechFirstToken):
            self._observe_first_words()
            return self._append(ev.TurnFirstToken(piece.ttft_ms))
        if isinstance(piece, SpeechStarted):
            return self._move(self._started(piece), expected=_QUEUED)
        if isinstance(piece, SpeechDegraded):
            tracing.degraded(piece.reason)
            metrics.DEGRADED_TURNS.labels(piece.reason).inc()
            taken_over = ev.TurnDegraded(piece.origin, piece.to, piece.reason)
            return self._move(taken_over, expected=LIVE)
        # A turn may end before it began: nobody answered, or no place came free in time.
        return self._move(self._ended(piece), expected=LIVE)

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

    def _move(self, payload: ev.Payload, *, expected: frozenset[TurnState]) -> bool:
        known, self._known = self._known, None
        if known is not None and self._is_ours(known.turn, expected):
            record = self._record(known, payload)
            if event_log.append_next(self._speech.room_id, record, outbox=self._ports.outbox):
                self._known = record.room
                return True
        return self._move_locked(payload, expected)

    def _move_locked(self, payload: ev.Payload, expected: frozenset[TurnState]) -> bool:
        with transaction.atomic():
            row = event_log.lock(self._speech.room_id)
            room = event_log.state_of(row)
            if not self._is_ours(room.turn, expected):
                metrics.FENCED_OUTPUT.inc()
                return False
            record = self._record(room, payload)
            event_log.append(row, record, outbox=self._ports.outbox)
        self._known = record.room
        return True

    def _is_ours(self, turn: Turn | None, expected: frozenset[TurnState]) -> bool:
        speech = self._speech
        return (
            turn is not None
            and (turn.id, turn.epoch) == (speech.turn_id, speech.epoch)
            and turn.state in expected
        )

    def _record(self, room: Room, payload: ev.Payload) -> Record:
        record = Record(room, timezone.now())
        record.add(payload, self._speech.turn_id)
        return record

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
