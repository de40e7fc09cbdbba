"""Facts to JSON and back: the form they have in the log and on every wire.

Payload classes cannot have a field called ``from``; here the names get their public form.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from interview.domain import events as ev
from interview.domain.events import PAYLOADS, Event, EventType, Payload
from interview.models import RoomEvent

_PUBLIC_NAMES: dict[type[Payload], dict[str, str]] = {
    ev.HpChanged: {"old": "from", "new": "to"},
    ev.ApprovalChanged: {"old": "from", "new": "to"},
    ev.TurnDegraded: {"origin": "from"},
}


_PRIVATE_NAMES = {
    payload_type: {public: private for private, public in names.items()}
    for payload_type, names in _PUBLIC_NAMES.items()
}


def to_json(payload: Payload) -> dict[str, Any]:
    """Return the payload as the JSON object that is stored and sent."""
    plain: dict[str, Any] = msgspec.to_builtins(payload)
    names = _PUBLIC_NAMES.get(type(payload))
    return {names.get(key, key): value for key, value in plain.items()} if names else plain


def from_json(kind: str, data: Mapping[str, Any]) -> Payload:
    """Return the payload of a stored fact; fields it does not know are ignored.

    Raises ValueError for a type that is not in the list, msgspec.ValidationError for a payload
    that does not fit its type.
    """
    payload_type = PAYLOADS[EventType(kind)]
    names = _PRIVATE_NAMES.get(payload_type)
    plain = {names.get(key, key): value for key, value in data.items()} if names else data
    return msgspec.convert(plain, payload_type)


def row_of(room_id: UUID, event: Event) -> RoomEvent:
    """Return the row the event is stored as, its payload in the form it has everywhere."""
    return RoomEvent(
        room_id=room_id,
        offset=event.offset,
        type=event.type.value,
        turn_id=event.turn_id or "",
        at=event.at,
        data=to_json(event.payload),
    )


# A question is heard when it is spoken, not when it is planned; the log itself keeps the words.
_UNSAID: dict[str, dict[str, str]] = {EventType.TURN_PLANNED: {"text": ""}}


def envelope(row: RoomEvent) -> dict[str, Any]:
    """Return an event as readers get it: offset, type, at, data, and the turn if there is one.

    The payload goes out as it was written, but for the words of a turn that is only planned: they
    come as they are said, and `turn.done` has all of them.
    """
    unsaid = _UNSAID.get(row.type)
    shell: dict[str, Any] = {
        "offset": row.offset,
        "type": str(row.type),
        "at": row.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "data": row.data if unsaid is None else {**row.data, **unsaid},
    }
    if row.turn_id:
        shell["turn_id"] = row.turn_id
    return shell


def kept(row: RoomEvent) -> dict[str, Any]:
    """Return an event as it is written into the log, by column."""
    return {"offset": row.offset, "type": row.type, "turn_id": row.turn_id, "data": row.data}
