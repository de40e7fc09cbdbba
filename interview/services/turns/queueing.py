"""A place in the queue for the turn just planned, before anything of it is recorded."""

import contextlib
from collections.abc import Iterator
from uuid import UUID

from interview.domain import events as ev
from interview.domain.errors import QueueFullError
from interview.domain.game import coming_turn
from interview.domain.ports import Place, Ports, Refusal, stream_id
from interview.domain.room import Record, Room, Status
from interview.services import tracing


@contextlib.contextmanager
def place_for(room_id: UUID, record: Record, *, ports: Ports) -> Iterator[None]:
    """Reserve a place for the turn just planned and add it to the record, then run the block.

    A block that fails gives the place back. Raises QueueFullError when there is no place; a
    settled room needs none.
    """
    turn = record.room.turn
    if record.room.status is Status.SETTLED or turn is None:
        yield
        return
    stream = stream_id(room_id, turn.id, turn.epoch)
    place = _reserved(stream, ports=ports)
    tracing.about(room_id, turn.id)
    tracing.queued(position=place.position)
    try:
        record.add(ev.TurnQueued(position=place.position, epoch=turn.epoch), turn.id)
        if place.is_degraded:
            record.add(ev.TurnDegraded("streamed", "whole_line", "queue_full"), turn.id)
        yield
    except BaseException:
        ports.stage.give_back(stream)
        raise


@contextlib.contextmanager
def place_ahead(room_id: UUID, room: Room, *, ports: Ports) -> Iterator[None]:
    """Reserve a place for the turn that will reply to an answer still to be weighed.

    So whoever is heard is also replied to. Raises QueueFullError when there is no place.
    """
    stream = stream_id(room_id, *coming_turn(room))
    _reserved(stream, ports=ports)
    try:
        yield
    except BaseException:
        ports.stage.give_back(stream)
        raise


def _reserved(stream: str, *, ports: Ports) -> Place:
    place = ports.stage.reserve(stream)
    if isinstance(place, Refusal):
        tracing.rejected(place.reason)
        raise QueueFullError(
            "The panel is hearing too many candidates; your words are kept, send them again soon.",
            retry_after_seconds=place.retry_after_seconds,
        )
    return place
