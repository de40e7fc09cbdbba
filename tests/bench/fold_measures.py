"""What `fold` measures, on a database that is there."""

import json
from uuid import uuid4

import msgspec
from django.db import transaction

from interview.domain.events import Event, TurnSegment
from interview.domain.position import Position
from interview.domain.room import Record, Room, fold, state_hash
from interview.models import Room as RoomRow
from interview.selectors import facts_after
from interview.services import event_codec, event_log, resumes
from tests.bench import long_log, seating
from tests.bench.fold import line, timed
from tests.bench.readings import say

N_STEPS = 5


def measure(*, n_events: int) -> None:
    """Print every measure."""
    resume = resumes.add_text(owner=seating.OWNER, text=seating.RESUME)
    position = Position(edition=seating.edition(), resume=resumes.parsed(resume))
    row = RoomRow.objects.create(
        id=uuid4(),
        epoch="b",
        owner=seating.OWNER,
        edition_id=seating.EDITION,
        resume=resume,
        mode="convince",
        language="en",
    )
    growing = _Growing(row, n_events=n_events)
    for record in long_log.rounds(position, resume_id=str(resume.pk), n_events=n_events):
        growing.write(record)
    say()
    _in_memory(growing.events, growing.record.room)
    _stored(row, growing.events)
    growing.report()


class _Growing:
    """Writes a log round by round and keeps what each write took."""

    def __init__(self, row: RoomRow, *, n_events: int) -> None:
        self._row_id = row.pk
        self._n_events = n_events
        self.record = Record(Room(), row.created_at)
        self.events: list[Event] = []
        self._rounds: list[tuple[int, float]] = []

    def write(self, record: Record) -> None:
        """Append what the record has more than the last time, as one round's writes."""
        new = record.events[len(self.events) :]
        self.events.extend(new)
        self.record = record
        self._rounds.append((len(self.events), timed(lambda: self._append(new), repeats=1)[0]))

    def _append(self, new: list[Event]) -> None:
        with transaction.atomic():
            row = event_log.lock(self._row_id)
            event_log.state_of(row)  # as every write does: from the snapshot, never from the log
            event_log.append(
                row, Record(self.record.room, self.record.at, new), outbox=seating.SilentOutbox()
            )

    def report(self) -> None:
        """Print the cost of a round's write by the size of the log."""
        for step in range(N_STEPS):
            low, high = (self._n_events * edge // N_STEPS for edge in (step, step + 1))
            took = [seconds for size, seconds in self._rounds if low < size <= high]
            line(f"round at {low:,}+", took)


def _in_memory(events: list[Event], room: Room) -> None:
    middle = fold(Room(), events[: len(events) // 2])
    later = events[len(events) // 2 :]
    assert state_hash(fold(middle, later)) == state_hash(room)
    line("fold all", timed(lambda: fold(Room(), events)))
    line("fold the later half", timed(lambda: fold(middle, later)))
    line("state hash", timed(lambda: state_hash(room)))
    line("snapshot to JSON", timed(lambda: json.dumps(msgspec.to_builtins(room))))
    stored = json.loads(json.dumps(msgspec.to_builtins(room)))
    line("snapshot from JSON", timed(lambda: msgspec.convert(stored, Room)))
    say(f"{'snapshot size':<22}{len(json.dumps(stored)):,} bytes")
    facts = [json.loads(json.dumps(event_codec.to_json(event.payload))) for event in events]
    kinds = [event.type.value for event in events]
    line("decode all", timed(lambda: [*map(event_codec.from_json, kinds, facts)]))


def _stored(row: RoomRow, events: list[Event]) -> None:
    assert len(event_log.read(row.pk)) == len(events)
    line("read and decode all", timed(lambda: event_log.read(row.pk), repeats=5))
    line("replay to a reader", timed(lambda: _replay(row), repeats=5))
    fresh = RoomRow.objects.get(pk=row.pk)
    line("load for a write", timed(lambda: event_log.state_of(RoomRow.objects.get(pk=row.pk))))
    RoomRow.objects.filter(pk=row.pk).update(turn_state="streaming")
    piece = TurnSegment(
        "a second of speech, as it is cut. " * 3, 1, [(3 * n, 25 * n) for n in range(40)]
    )
    line("append a segment", timed(lambda: _append_piece(fresh, piece), repeats=100))


def _replay(row: RoomRow) -> int:
    offset = 0
    while page := facts_after(row.pk, offset):
        msgspec.json.encode(page)
        offset = page[-1]["offset"]
    return offset


def _append_piece(row: RoomRow, piece: TurnSegment) -> None:
    event_log.append_while_streaming(
        row.pk,
        piece,
        turn_id=row.turn_id,
        epoch=row.turn_epoch,
        at=row.changed_at,
        outbox=seating.SilentOutbox(),
    )
