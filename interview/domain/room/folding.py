"""A log folded into the room it adds up to, and facts added to both at once."""

import hashlib
import json
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from datetime import datetime

from interview.domain.errors import IllegalTransitionError
from interview.domain.events import Event, Payload
from interview.domain.room.effects import apply
from interview.domain.room.state import Room
from interview.domain.room.transitions import next_status, next_turn


def fold(room: Room, events: Iterable[Event]) -> Room:
    """Return the state after ``events``, leaving ``room`` as it was.

    Events must continue the log without a gap. Raises IllegalTransitionError on a gap or on a
    fact that may not follow.
    """
    room = deepcopy(room)
    for event in events:
        advance(room, event)
    return room


def advance(room: Room, event: Event) -> None:
    """Change ``room`` by the next event of its log; for callers that own the state they pass."""
    if event.offset != room.offset + 1:
        raise IllegalTransitionError(f"offset {event.offset} after {room.offset}")
    _move(room, event)
    apply(event.payload, room)
    room.offset = event.offset


@dataclass(slots=True)
class Record:
    """A room and the facts decided on it so far; owns the room it is given."""

    room: Room
    at: datetime
    events: list[Event] = field(default_factory=list)

    def add(self, payload: Payload, turn_id: str | None = None) -> None:
        """Place the fact next in the log; raise IllegalTransitionError when it may not follow."""
        event = Event(self.room.offset + 1, self.at, payload, turn_id)
        advance(self.room, event)
        self.events.append(event)


def state_hash(room: Room) -> str:
    """Return the SHA-256 of the state in canonical JSON, as hex; times are no part of it."""
    canonical = json.dumps(asdict(room), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _move(room: Room, event: Event) -> None:
    """Change status and turn together, or neither."""
    status, turn = next_status(room, event), next_turn(room, event)
    room.status, room.turn = status, turn
