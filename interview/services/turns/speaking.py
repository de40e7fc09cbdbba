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
from interview.domain.turn import LIVE, TurnState
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
    speech = _claimable(row, turn_id, ports)
    if row is None or speech is None:
        return
    run = _Run(speech, ports, queued_at=row.changed_at)
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


def _claimable(row: RoomRow | None, turn_id: str, ports: Ports) -> Speech | None:
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
            WHOLE_LINE_CPS if room.turn.is_degraded else persona.pace_cps * room.pace.factor
        ),
        seed=room.seed + room.turn.number,
        cue=cues.cue_for(row, room, ports=ports),
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
