"""How many streams are open in this process: by room and by address, each with a limit."""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.conf import settings

from interview.domain.errors import RateLimitedError

_SOONEST_SECONDS, _LATEST_SECONDS = 5, 15  # spread, so that those refused do not return as one

_by_room: Counter[UUID] = Counter()
_by_address: Counter[str] = Counter()


@contextmanager
def place(room_id: UUID, address: str) -> Iterator[None]:
    """Hold one reader's place; raise RateLimitedError when the room or the address has no more."""
    _check(_by_room[room_id], settings.READERS_PER_ROOM, "This room has all the readers it takes.")
    _check(
        _by_address[address],
        settings.READERS_PER_ADDRESS,
        "This network has all the lines it may hold.",
    )
    _by_room[room_id] += 1
    _by_address[address] += 1
    try:
        yield
    finally:
        _leave(_by_room, room_id)
        _leave(_by_address, address)


def _check(n_open: int, most: int, detail: str) -> None:
    if most and n_open >= most:
        seconds = random.randint(_SOONEST_SECONDS, _LATEST_SECONDS)
        raise RateLimitedError(detail, retry_after_seconds=seconds)


def _leave(places: Counter[Any], key: UUID | str) -> None:
    places[key] -= 1
    if not places[key]:
        del places[key]
