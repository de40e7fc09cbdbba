"""Reads: what may be seen, by whom, and in which form."""

from interview.selectors.content import claim_json, open_sceneries, resume_json, scenery_json
from interview.selectors.rooms import (
    PAGE_SIZE,
    check_owner,
    check_reader,
    facts_after,
    live_rooms,
    readable_room,
    room_by_id,
    room_json,
    streaming_turn,
    top_offsets,
)

__all__ = [
    "PAGE_SIZE",
    "check_owner",
    "check_reader",
    "claim_json",
    "facts_after",
    "live_rooms",
    "open_sceneries",
    "readable_room",
    "resume_json",
    "room_by_id",
    "room_json",
    "scenery_json",
    "streaming_turn",
    "top_offsets",
]
