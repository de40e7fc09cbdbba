"""The candidate's two moves that make the panel speak: an answer, and to be asked again."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from interview.domain import events as ev
from interview.domain import game
from interview.domain.errors import (
    IdempotencyConflictError,
    InvalidInputError,
    QueueFullError,
)
from interview.domain.events import EventType
from interview.domain.jobs import Job
from interview.domain.ports import Ports
from interview.domain.room import Record, Room, Status
from interview.models import Room as RoomRow
from interview.models import RoomEvent
from interview.services import editions, event_log, throttle, tracing
from interview.services.turns import queueing, weighing

MAX_ANSWER_CHARACTERS = 8_000


@dataclass(frozen=True, slots=True)
class AnswerTaken:
    """Where the answer went: the turn that replies to it, round and offset.

    There is no turn at the end, and none yet while models weigh the answer.
    """

    turn_id: str | None
    round: int
    offset: int


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
            earlier = _taken_before(row, text, client_id)
            if earlier is not None:
                return earlier
            record = Record(event_log.state_of(row), timezone.now())
            round_answered = record.room.round
            if weighing.is_needed(record.room, ports):
                _take_to_be_weighed(row, record, text, client_id, ports)
            else:
                _take_at_once(row, record, text, client_id, ports)
    except QueueFullError as refusal:
        _note_refusal(room_id, refusal, ports)
        raise
    return AnswerTaken(
        turn_id=_next_turn(record.room),
        round=round_answered,
        offset=next(e.offset for e in record.events if e.type is EventType.ANSWER_SUBMITTED),
    )


def _take_at_once(row: RoomRow, record: Record, text: str, client_id: UUID, ports: Ports) -> None:
    """Score the answer by the rules and plan the reply, under the lock: a few milliseconds."""
    game.take_answer(record, editions.position_of(row), text=text, client_id=str(client_id))
    with queueing.place_for(row.pk, record, ports=ports):
        event_log.append(row, record, outbox=ports.outbox)


def _take_to_be_weighed(
    row: RoomRow, record: Record, text: str, client_id: UUID, ports: Ports
) -> None:
    """Record the words alone; a worker asks the models and writes what follows from them."""
    game.submit(record, text=text, client_id=str(client_id))
    with queueing.place_ahead(row.pk, record.room, ports=ports):
        event_log.append(row, record, outbox=ports.outbox)
    arguments = (str(row.pk),)
    transaction.on_commit(lambda: ports.outbox.enqueue(Job.WEIGH_ANSWER, arguments))


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


def _taken_before(row: RoomRow, text: str, client_id: UUID) -> AnswerTaken | None:
    answers = RoomEvent.objects.filter(room_id=row.pk, type=EventType.ANSWER_SUBMITTED)
    earlier = answers.filter(data__client_id=str(client_id)).first()
    if earlier is None:
        return None
    if earlier.data["text"] != text:
        raise IdempotencyConflictError("This client_id came with another text before.")
    later = RoomEvent.objects.filter(room_id=row.pk, offset__gt=earlier.offset)
    scored = later.filter(type=EventType.ANSWER_SCORED).order_by("offset").first()
    queued = later.filter(type=EventType.TURN_QUEUED).order_by("offset").first()
    return AnswerTaken(
        turn_id=queued.turn_id if queued else None,
        round=scored.data["round"] if scored else event_log.state_of(row).round,
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


def retry_turn(*, room_id: UUID, ports: Ports) -> AnswerTaken:
    """Ask the last question again; raise NothingToRetryError when it was asked to the end."""
    with transaction.atomic():
        row = event_log.lock(room_id)
        record = Record(event_log.state_of(row), timezone.now())
        game.repeat_turn(record)
        throttle.check(row, EventType.TURN_PLANNED, at=record.at)
        with queueing.place_for(row.pk, record, ports=ports):
            event_log.append(row, record, outbox=ports.outbox)
    return AnswerTaken(_next_turn(record.room), record.room.round, record.room.offset)


def _next_turn(room: Room) -> str | None:
    is_replied_to = room.status not in {Status.SETTLED, Status.SCORING}
    return room.turn.id if room.turn is not None and is_replied_to else None
