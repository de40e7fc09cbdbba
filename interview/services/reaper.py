"""Nobody waits for ever: find turns without a living worker and bring them to an end.

Works in two looks, so that a restart of Redis, in which leases are gone for a moment, costs
nobody a turn: the first look notes the silence on the row, a later one acts.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django import db
from django.db import transaction
from django.utils import timezone

from interview import metrics
from interview.domain import events as ev
from interview.domain.jobs import Job
from interview.domain.ports import Ports, stream_id
from interview.domain.room import Record, Status
from interview.domain.turn import LIVE, TurnState
from interview.models import Room as RoomRow
from interview.services import event_log
from interview.services.turns import weighing

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a turn may be silent before something is done about it."""

    streaming: timedelta = timedelta(seconds=1.5)
    queued: timedelta = timedelta(seconds=6)
    expired: timedelta = timedelta(seconds=120)
    weighing: timedelta = timedelta(seconds=8)  # beyond what the models may take


def reap(*, ports: Ports, patience: Patience | None = None) -> int:
    """Fail turns whose worker is lost, hand lost jobs out again; return how many it acted on.

    A streaming turn ends as failed with what was made durable of it, so the player gets a
    sentence and a way on. A queued turn is enqueued again (running it twice is safe) and refused
    once it has waited too long.
    """
    patience = patience or Patience()
    rows = RoomRow.objects.filter(turn_state__in=LIVE).defer("snapshot")
    live = {_stream(row): row for row in rows}
    spoken = ports.stage.spoken_now(list(live))
    heard_again = [live[stream].pk for stream in spoken if live[stream].silent_since]
    RoomRow.objects.filter(pk__in=heard_again).update(silent_since=None)
    silent = [row for stream, row in live.items() if stream not in spoken]
    n_weighed = _weigh_forgotten(patience, ports)
    return n_weighed + sum(_look_past_faults(row, patience, ports) for row in silent)


def _weigh_forgotten(patience: Patience, ports: Ports) -> int:
    """Let the rules weigh the answers with which no worker has come back."""
    may_take = timedelta(seconds=ports.models.weighing_seconds)
    given_before = timezone.now() - may_take - patience.weighing
    forgotten = RoomRow.objects.filter(status=Status.SCORING, changed_at__lt=given_before)
    ids = list(forgotten.values_list("pk", flat=True)[:500])
    return sum(_weigh_past_faults(room_id, ports) for room_id in ids)


def _weigh_past_faults(room_id: UUID, ports: Ports) -> bool:
    try:
        is_weighed = weighing.weigh_by_rules(room_id=room_id, ports=ports)
    except db.Error:
        raise
    except Exception:
        logger.exception("reaper.room_skipped", extra={"room_id": str(room_id)})
        return False
    if is_weighed:
        metrics.REAPED_TURNS.labels("weighed").inc()
    return is_weighed


def _stream(row: RoomRow) -> str:
    return stream_id(row.pk, row.turn_id, row.turn_epoch)


def _look_past_faults(row: RoomRow, patience: Patience, ports: Ports) -> bool:
    """Look at the turn; a room that cannot be read must not keep all others waiting."""
    try:
        return _look_at(row, patience, ports)
    except db.Error:
        raise
    except Exception:
        logger.exception("reaper.room_skipped", extra={"room_id": str(row.pk)})
        return False


def _look_at(row: RoomRow, patience: Patience, ports: Ports) -> bool:
    now = timezone.now()
    if row.silent_since is None:
        _note_silence(row, now)
        return False
    silence = now - row.silent_since
    if row.turn_state == TurnState.STREAMING and silence >= patience.streaming:
        return _end(row, ev.TurnFailed("lost_worker", retryable=True), ports)
    if row.turn_state == TurnState.QUEUED and now - row.changed_at >= patience.expired:
        return _end(row, ev.TurnRejected("queue_expired", RETRY_AFTER_SECONDS), ports)
    if row.turn_state == TurnState.QUEUED and silence >= patience.queued:
        _note_silence(row, now)
        ports.outbox.enqueue(Job.RUN_TURN, (str(row.pk), row.turn_id))
        metrics.REAPED_TURNS.labels("enqueued_again").inc()
        return True
    return False


def _note_silence(row: RoomRow, at: datetime) -> None:
    same_turn = RoomRow.objects.filter(pk=row.pk, turn_id=row.turn_id, turn_state=row.turn_state)
    same_turn.update(silent_since=at)


def _end(seen: RoomRow, payload: ev.TurnFailed | ev.TurnRejected, ports: Ports) -> bool:
    with transaction.atomic():
        row = event_log.lock(seen.pk)
        if (row.turn_id, row.turn_state) != (seen.turn_id, seen.turn_state):
            return False
        record = Record(event_log.state_of(row), timezone.now())
        if isinstance(payload, ev.TurnFailed) and record.room.turn is not None:
            payload = ev.TurnFailed(payload.reason, payload.retryable, record.room.turn.text)
        record.add(payload, row.turn_id)
        row.silent_since = None
        event_log.append(row, record, outbox=ports.outbox)
        transaction.on_commit(lambda: ports.stage.give_back(_stream(seen)))
    metrics.REAPED_TURNS.labels(payload.type.value.removeprefix("turn.")).inc()
    return True
