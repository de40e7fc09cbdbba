"""The only writer of room events.

A write locks the room's row, takes the fold from the snapshot kept on it (plus the few events
after it), and appends. ``unique (room, offset)`` turns a lost race into an error, and what
readers and workers must learn leaves after the commit.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from django.db import connection, transaction

from interview import metrics
from interview.domain.errors import RoomNotFoundError
from interview.domain.events import Event, EventType, TurnFirstToken, TurnSegment
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
    row = RoomRow.objects.select_for_update(of=("self",)).filter(pk=room_id).first()
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


def append(row: RoomRow, record: Record, *, outbox: Outbox) -> None:
    """Write the record's events and the fold they lead to; ``row`` must be locked.

    Call inside the transaction that locked the row. Readers and workers are told on commit.
    """
    events = list(record.events)
    rows = [event_codec.row_of(row.pk, event) for event in events]
    RoomEvent.objects.bulk_create(rows)
    _keep_snapshot(row, record.room)
    facts = [event_codec.envelope(each) for each in rows]
    transaction.on_commit(lambda: _send(row, events, facts, outbox))


def _keep_snapshot(row: RoomRow, room: Room) -> None:
    before = (row.turn_id, row.turn_state)
    row.snapshot = msgspec.to_builtins(room)
    row.top_offset = row.snapshot_offset = room.offset
    row.status = room.status.value
    row.mode, row.language = room.mode.value, room.language
    row.turn_id = room.turn.id if room.turn else ""
    row.turn_state = room.turn.state.value if room.turn else ""
    row.turn_epoch = room.turn.epoch if room.turn else 0
    if (row.turn_id, row.turn_state) != before:
        row.silent_since = None  # the reaper's note was about the turn as it was
    row.result = room.result.value if room.result else ""
    row.score = room.score
    row.save()


_OUTCOMES = {
    EventType.TURN_DONE: "ok",
    EventType.TURN_CANCELLED: "cancelled",
    EventType.TURN_FAILED: "error",
    EventType.TURN_REJECTED: "rejected",
}


def _count(row: RoomRow, event: Event) -> None:
    """Count what is committed, whoever wrote it; an answer without a place has no turn."""
    if event.type is EventType.ANSWER_SUBMITTED:
        metrics.ANSWERS.labels("taken").inc()
    elif event.type is EventType.ROOM_SETTLED:
        metrics.ROOMS_SETTLED.labels(row.mode, row.result).inc()
    elif event.type in _OUTCOMES and event.turn_id is None:
        metrics.ANSWERS.labels("refused").inc()
    elif event.type in _OUTCOMES:
        metrics.TURNS.labels(_OUTCOMES[event.type]).inc()


def _send(row: RoomRow, events: Sequence[Event], facts: Sequence[Fact], outbox: Outbox) -> None:
    outbox.publish(row.pk, facts)
    for event in events:
        _count(row, event)
        for job in REACTIONS.get(event.type, ()):
            outbox.enqueue(job, (str(row.pk), event.turn_id or ""))


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
