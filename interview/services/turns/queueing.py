"""A place in the queue for the turn just planned, before anything of it is recorded."""

import contextlib
from collections.abc import Iterator
from uuid import UUID

from interview.domain import events as ev
from interview.domain.errors import QueueFullError
from interview.domain.ports import Ports, Refusal, stream_id
from interview.domain.room import Record, Status
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
    place = ports.stage.reserve(stream)
    if isinstance(place, Refusal):
        tracing.rejected(place.reason)
        raise QueueFullError(
            "The panel is hearing too many candidates; your words are kept, send them again soon.",
            retry_after_seconds=place.retry_after_seconds,
        )
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
