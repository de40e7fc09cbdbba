"""Facts to JSON and back: the form they have in the log and on every wire.

Payload classes cannot have a field called ``from``; here the names get their public form.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from interview.domain import events as ev
from interview.domain.events import PAYLOADS, Event, EventType, Payload

_PUBLIC_NAMES: dict[type[Payload], dict[str, str]] = {
    ev.HpChanged: {"old": "from", "new": "to"},
    ev.ApprovalChanged: {"old": "from", "new": "to"},
    ev.TurnDegraded: {"origin": "from"},
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
    names = _private_names(payload_type)
    plain = {names.get(key, key): value for key, value in data.items()} if names else data
    return msgspec.convert(plain, payload_type)


@cache
def _private_names(payload_type: type[Payload]) -> dict[str, str]:
    names = _PUBLIC_NAMES.get(payload_type, {})
    return {public: private for private, public in names.items()}


def envelope(event: Event) -> dict[str, Any]:
    """Return the event as readers get it: offset, type, at, data, and the turn if there is one."""
    shell: dict[str, Any] = {
        "offset": event.offset,
        "type": event.type.value,
        "at": event.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "data": to_json(event.payload),
    }
    if event.turn_id is not None:
        shell["turn_id"] = event.turn_id
    return shell
