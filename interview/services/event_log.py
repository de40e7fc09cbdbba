"""The only writer of room events.

A write takes the fold from the snapshot kept on the room's row (plus the few events after it) and
appends where that fold ends: facts, fold and the row's top are one statement, which does nothing
when somebody else has written meanwhile. Who cannot decide again locks the row first. What readers
and workers must learn leaves after the commit.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from interview import metrics
from interview.domain.errors import RoomNotFoundError
from interview.domain.events import Event, EventType, RoomSettled, TurnFirstToken, TurnSegment
from interview.domain.ports import Fact, Outbox
from interview.domain.reactions import REACTIONS
from interview.domain.room import Record, Room, fold
from interview.models import Room as RoomRow
from interview.models import RoomEvent
from interview.services import event_codec


def load(room_id: UUID) -> Room:
    """Return the room as it stands; raise RoomNotFoundError."""
    row = RoomRow.objects.filter(pk=room_id).first()
    if row is None:
        raise RoomNotFoundError("There is no such room.")
    return state_of(row)


def state_of(row: RoomRow) -> Room:
    """Return the fold of the row's log: its snapshot and the events after it."""
    snapshot = msgspec.convert(row.snapshot, Room) if row.snapshot else Room()
    if row.snapshot_offset == row.top_offset:
        return snapshot
    return fold(snapshot, read(row.pk, after=row.snapshot_offset))


def lock(room_id: UUID) -> RoomRow:
    """Return the room's row, locked until the transaction ends; raise RoomNotFoundError."""
    row = next(iter(RoomRow.objects.raw(_LOCK, [room_id])), None)
    if row is None:
        raise RoomNotFoundError("There is no such room.")
    return row


def read(room_id: UUID, *, after: int = 0, limit: int | None = None) -> list[Event]:
    """Return the events with offsets above ``after``, in order, at most ``limit``."""
    rows = RoomEvent.objects.filter(room_id=room_id, offset__gt=after).order_by("offset")
    return [_event(row) for row in (rows if limit is None else rows[:limit])]


def latest(room_id: UUID, types: Sequence[EventType], *, limit: int) -> list[Event]:
    """Return the newest ``limit`` events of these types, in order."""
    rows = RoomEvent.objects.filter(room_id=room_id, type__in=types).order_by("-offset")
    return [_event(row) for row in reversed(rows[:limit])]


def _event(row: RoomEvent) -> Event:
    payload = event_codec.from_json(row.type, row.data)
    return Event(row.offset, row.at, payload, row.turn_id or None)


_LOCK = "SELECT * FROM interview_room WHERE id = %s FOR UPDATE"

_APPEND = """
WITH room AS (
    UPDATE interview_room SET
        snapshot = %(snapshot)s::jsonb, snapshot_offset = %(top_offset)s,
        top_offset = %(top_offset)s, status = %(status)s, mode = %(mode)s,
        language = %(language)s, turn_id = %(turn_id)s, turn_state = %(turn_state)s,
        turn_epoch = %(turn_epoch)s, result = %(result)s, score = %(score)s,
        -- The reaper's note was about the turn as it was.
        silent_since = CASE WHEN turn_id = %(turn_id)s AND turn_state = %(turn_state)s
                            THEN silent_since END,
        changed_at = %(changed_at)s
    WHERE id = %(room)s AND top_offset = %(before)s
    RETURNING id
)
INSERT INTO interview_roomevent (room_id, "offset", type, turn_id, at, data)
SELECT room.id, fact."offset", fact.type, fact.turn_id, %(at)s, fact.data
FROM room, jsonb_to_recordset(%(facts)s::jsonb)
    AS fact("offset" integer, type text, turn_id text, data jsonb)
"""


def append(row: RoomRow, record: Record, *, outbox: Outbox) -> None:
    """Write the record's events and the fold they lead to; ``row`` must be locked.

    Call inside the transaction that locked the row. Readers and workers are told on commit.
    """
    if not append_next(row.pk, record, outbox=outbox):
        raise IntegrityError(f"room {row.pk} was written to although it was locked")
    for name, value in _repeated(record.room).items():
        setattr(row, name, value)


def append_next(room_id: UUID, record: Record, *, outbox: Outbox) -> bool:
    """Write the record if nothing has been written since the room it began with, and say so."""
    room, events = record.room, list(record.events)
    rows = [event_codec.row_of(room_id, event) for event in events]
    arguments: dict[str, UUID | str | int | datetime] = {
        **_repeated(room),
        "room": room_id,
        "before": room.offset - len(events),
        "snapshot": msgspec.json.encode(room).decode(),
        "facts": msgspec.json.encode([event_codec.kept(row) for row in rows]).decode(),
        "at": record.at,
        "changed_at": timezone.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_APPEND, arguments)
        if not cursor.rowcount:
            return False
    facts = [event_codec.envelope(row) for row in rows]
    transaction.on_commit(lambda: _send(room_id, room, events, facts, outbox))
    return True


def _repeated(room: Room) -> dict[str, str | int]:
    """Return what the room's row repeats of the fold, by column."""
    turn = room.turn
    return {
        "top_offset": room.offset,
        "status": room.status.value,
        "mode": room.mode.value,
        "language": room.language,
        "turn_id": turn.id if turn else "",
        "turn_state": turn.state.value if turn else "",
        "turn_epoch": turn.epoch if turn else 0,
        "result": room.result.value if room.result else "",
        "score": room.score,
    }


_OUTCOMES = {
    EventType.TURN_DONE: "ok",
    EventType.TURN_CANCELLED: "cancelled",
    EventType.TURN_FAILED: "error",
    EventType.TURN_REJECTED: "rejected",
}


def _count(room: Room, event: Event) -> None:
    """Count what is committed, whoever wrote it; an answer without a place has no turn."""
    if event.type is EventType.ANSWER_SUBMITTED:
        metrics.ANSWERS.labels("taken").inc()
    elif isinstance(event.payload, RoomSettled):
        metrics.ROOMS_SETTLED.labels(room.mode.value, event.payload.result.value).inc()
    elif event.type in _OUTCOMES and event.turn_id is None:
        metrics.ANSWERS.labels("refused").inc()
    elif event.type in _OUTCOMES:
        metrics.TURNS.labels(_OUTCOMES[event.type]).inc()


def _send(
    room_id: UUID, room: Room, events: Sequence[Event], facts: Sequence[Fact], outbox: Outbox
) -> None:
    outbox.publish(room_id, facts)
    for event in events:
        _count(room, event)
        for job in REACTIONS.get(event.type, ()):
            outbox.enqueue(job, (str(room_id), event.turn_id or ""))


_APPEND_TO_STREAMING_TURN = """
WITH room AS (
    UPDATE interview_room SET top_offset = top_offset + 1
    WHERE id = %(room)s AND turn_id = %(turn)s AND turn_epoch = %(epoch)s
      AND turn_state = 'streaming'
    RETURNING top_offset
)
INSERT INTO interview_roomevent (room_id, "offset", type, turn_id, at, data)
SELECT %(room)s, top_offset, %(type)s, %(turn)s, %(at)s, %(data)s FROM room
RETURNING "offset"
"""


def append_while_streaming(
    room_id: UUID,
    payload: TurnSegment | TurnFirstToken,
    *,
    turn_id: str,
    epoch: int,
    at: datetime,
    outbox: Outbox,
) -> Event | None:
    """Append a piece of the turn being spoken; None when the turn is fenced or over.

    One statement: the row's lock, the fence and the next offset at once. The snapshot stays
    behind until the turn ends; `state_of` reads the pieces after it.
    """
    row = RoomEvent(
        room_id=room_id,
        type=payload.type.value,
        turn_id=turn_id,
        at=at,
        data=event_codec.to_json(payload),
    )
    arguments: dict[str, UUID | str | int | datetime] = {
        "room": room_id,
        "turn": turn_id,
        "epoch": epoch,
        "type": row.type,
        "at": at,
        "data": msgspec.json.encode(row.data).decode(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_APPEND_TO_STREAMING_TURN, arguments)
        written = cursor.fetchone()
    if written is None:
        metrics.FENCED_OUTPUT.inc()
        return None
    row.offset = written[0]
    outbox.publish(room_id, [event_codec.envelope(row)])
    return Event(row.offset, at, payload, turn_id)
