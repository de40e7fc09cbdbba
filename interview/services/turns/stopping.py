"""A turn is interrupted: the speaker is told, and a speaker who does not obey is cut off."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from interview.domain import events as ev
from interview.domain.errors import NothingToCancelError
from interview.domain.jobs import Job
from interview.domain.ports import Ports, stream_id
from interview.domain.room import Record
from interview.domain.turn import LIVE, TurnState
from interview.models import Room as RoomRow
from interview.services import event_log, tracing

CANCEL_GRACE_SECONDS = 2.0
_CANCELLABLE = LIVE | {TurnState.CANCELLED}


@dataclass(frozen=True, slots=True)
class CancelTaken:
    """The turn that is being stopped, and its state now: streaming until its worker lets go."""

    turn_id: str
    state: str


def cancel_turn(
    *, room_id: UUID, by: str, ports: Ports, turn_id: str | None = None, epoch: int | None = None
) -> CancelTaken:
    """Interrupt the turn being queued or spoken; a second cancel of it changes nothing.

    Raises NothingToCancelError when nobody is speaking, or when the ids name another turn.
    """
    tracing.about(room_id, turn_id)
    with transaction.atomic():
        row = event_log.lock(room_id)
        _check_is_cancellable(row, turn_id, epoch)
        stream = stream_id(row.pk, row.turn_id, row.turn_epoch)
        if row.turn_state == TurnState.QUEUED:
            record = Record(event_log.state_of(row), timezone.now())
            cut_short(record, by=by)
            event_log.append(row, record, outbox=ports.outbox)
        arguments = (str(row.pk), row.turn_id, str(row.turn_epoch), by)
        is_streaming = row.turn_state == TurnState.STREAMING

        def tell() -> None:
            if stop(stream, by=by, ports=ports) and is_streaming:
                ports.outbox.enqueue(
                    Job.FINISH_CANCEL, arguments, delay_seconds=CANCEL_GRACE_SECONDS
                )

        transaction.on_commit(tell)
    return CancelTaken(row.turn_id, row.turn_state)


def _check_is_cancellable(row: RoomRow, turn_id: str | None, epoch: int | None) -> None:
    names_another = (turn_id is not None and turn_id != row.turn_id) or (
        epoch is not None and epoch != row.turn_epoch
    )
    if names_another or row.turn_state not in _CANCELLABLE:
        raise NothingToCancelError("Nobody is speaking.")


def stop(stream: str, *, by: str, ports: Ports) -> bool:
    """Stop the stream and free the place it may still hold; False when it had been told before."""
    is_first = ports.stage.interrupt(stream, by=by)
    ports.stage.give_back(stream)
    return is_first


def live_stream(row: RoomRow) -> str | None:
    """Return the stream of the turn being queued or spoken, if there is one."""
    if row.turn_state not in LIVE:
        return None
    return stream_id(row.pk, row.turn_id, row.turn_epoch)


def cut_short(record: Record, *, by: str, provider_closed: bool = True) -> None:
    """Add the cancel of a turn that is still queued or streaming, keeping what was said."""
    turn = record.room.turn
    if turn is None or not turn.is_live:
        return
    record.add(
        ev.TurnCancelled(
            by=by,
            kept_text=turn.text,
            usage=ev.Usage(),
            provider_closed=provider_closed,
            latency_ms=0,
        ),
        turn.id,
    )


def finish_cancel(*, room_id: UUID, turn_id: str, epoch: int, by: str, ports: Ports) -> None:
    """Close a cancelled turn whose worker has not; late output is fenced by its epoch."""
    with transaction.atomic():
        row = event_log.lock(room_id)
        if (row.turn_id, row.turn_epoch, row.turn_state) != (turn_id, epoch, TurnState.STREAMING):
            return
        record = Record(event_log.state_of(row), timezone.now())
        cut_short(record, by=by, provider_closed=False)
        event_log.append(row, record, outbox=ports.outbox)
