"""Open a room, change its settings, leave it, close the forgotten ones."""

import hashlib
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django import db
from django.db import transaction
from django.utils import timezone

from interview.domain import game
from interview.domain.bilingual import Language
from interview.domain.errors import (
    EngineUnavailableError,
    InvalidInputError,
    RateLimitedError,
    RoomSettledError,
    SceneryNotFoundError,
)
from interview.domain.events import EventType, SettingsChanged
from interview.domain.game import Opening
from interview.domain.ports import Ports
from interview.domain.position import Edition, Position
from interview.domain.room import Engine, Pace, Record, Room, Status
from interview.domain.scenery import Strategy
from interview.models import Resume as ResumeRow
from interview.models import Room as RoomRow
from interview.services import editions, event_log, resumes, throttle
from interview.services.turns import queueing, stopping

logger = logging.getLogger(__name__)

MAX_LIVE_ROOMS = 20
IDLE_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class OpenedRoom:
    """The new room's id, and the token that does what the owner's cookie does; shown once."""

    id: UUID
    token: str


def open_room(
    edition: Edition, opening: Opening, *, owner: UUID, resume: ResumeRow, ports: Ports
) -> OpenedRoom:
    """Seat a player before the panel of a published edition; the first question is queued.

    Raises SceneryNotFoundError when the scenery is not played like that, RateLimitedError for a
    player with too many rooms, and QueueFullError when the panel has no place.
    """
    check_has_room_left(owner)
    _check_offered(edition, opening)
    position = Position(edition=edition, resume=resumes.parsed(resume))
    token = secrets.token_urlsafe(24)
    row = RoomRow(
        id=uuid4(),
        epoch=secrets.token_hex(4),
        owner=owner,
        token_hash=token_hash(token),
        edition_id=edition.id,
        resume=resume,
    )
    record = Record(Room(), timezone.now())
    game.open_room(record, position, opening)
    with queueing.place_for(row.pk, record, ports=ports), transaction.atomic():
        row.save(force_insert=True)
        event_log.append(row, record, outbox=ports.outbox)
    return OpenedRoom(row.pk, token)


def engine_for(wanted: str, *, ports: Ports) -> Engine:
    """Return who plays when this is asked for; raise EngineUnavailableError for lack of a model.

    ``auto`` takes a model where one is configured and its route leads somewhere.
    """
    if wanted == Engine.SCRIPTED:
        return Engine.SCRIPTED
    speaker = ports.models.speaker
    if speaker and speaker in ports.counsel.routes():
        return Engine.MODEL
    if wanted == Engine.MODEL:
        raise EngineUnavailableError("No model is configured here; choose scripted or auto.")
    return Engine.SCRIPTED


def new_seed() -> int:
    """Return a seed nobody can guess."""
    return secrets.randbelow(2**31)


def check_has_room_left(owner: UUID) -> None:
    """Raise RateLimitedError for a player with too many rooms open."""
    n_live = RoomRow.objects.filter(owner=owner).exclude(status=Status.SETTLED).count()
    if n_live >= MAX_LIVE_ROOMS:
        raise RateLimitedError(
            f"You have {n_live} interviews open; finish or leave one first.",
            retry_after_seconds=60,
        )


def share(*, room_id: UUID) -> str:
    """Return a new token that lets its bearer read the room; an earlier one stops working."""
    token = secrets.token_urlsafe(16)
    RoomRow.objects.filter(pk=room_id).update(share_token_hash=token_hash(token))
    return token


def token_hash(token: str) -> str:
    """Return what is stored of a token: random tokens need no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def _check_offered(edition: Edition, opening: Opening) -> None:
    scenery = edition.scenery
    if opening.mode not in scenery.modes or opening.language not in scenery.languages:
        raise SceneryNotFoundError(f"{scenery.id} is not played in this mode and language.")
    if opening.strategy is not None and opening.strategy not in scenery.strategy.allowed:
        raise InvalidInputError(f"{scenery.id} does not allow the strategy {opening.strategy}.")


def change_settings(
    *,
    room_id: UUID,
    ports: Ports,
    strategy: Strategy | None = None,
    pace: Pace | None = None,
    difficulty: int | None = None,
    language: Language | None = None,
) -> Room:
    """Change what differs and return the room; it takes effect with the next turn planned."""
    with transaction.atomic():
        row = event_log.lock(room_id)
        record = Record(event_log.state_of(row), timezone.now())
        room = record.room
        _check_settings(room, editions.read(row.edition_id), strategy, language)
        change = SettingsChanged(
            strategy=strategy if strategy != room.strategy else None,
            pace=pace.value if pace and pace != room.pace else None,
            difficulty=difficulty if difficulty != room.difficulty else None,
            language=language if language != room.language else None,
        )
        if change != SettingsChanged():
            throttle.check(row, EventType.SETTINGS_CHANGED, at=record.at)
            record.add(change)
            event_log.append(row, record, outbox=ports.outbox)
    return record.room


def _check_settings(
    room: Room, edition: Edition, strategy: Strategy | None, language: Language | None
) -> None:
    if room.status is Status.SETTLED:
        raise RoomSettledError("The verdict has fallen; nothing is left to change.")
    if strategy is not None and strategy not in edition.scenery.strategy.allowed:
        raise InvalidInputError(f"This scenery does not allow the strategy {strategy}.")
    if language is not None and language not in edition.scenery.languages:
        raise InvalidInputError(f"This scenery is not played in {language}.")


def leave(*, room_id: UUID, ports: Ports) -> Room:
    """Settle the room at the candidate's wish: won when the goal is reached, else abandoned."""
    with transaction.atomic():
        row = event_log.lock(room_id)
        record = Record(event_log.state_of(row), timezone.now())
        _end(row, record, game.leave, by="user", ports=ports)
    return record.room


def _end(
    row: RoomRow, record: Record, settle: Callable[[Record], None], *, by: str, ports: Ports
) -> None:
    """Cut off whoever speaks, settle the room, and stop the speaker once that is committed."""
    stream = stopping.live_stream(row)
    stopping.cut_short(record, by=by)
    settle(record)
    event_log.append(row, record, outbox=ports.outbox)
    if stream is not None:
        transaction.on_commit(lambda: stopping.stop(stream, by=by, ports=ports))


def close_idle(*, ports: Ports) -> int:
    """Settle rooms nobody touched for a day; return how many."""
    touched_before = timezone.now() - IDLE_AFTER
    stale = RoomRow.objects.filter(
        status__in=[Status.INTERVIEWING, Status.AWAITING_ANSWER],
        changed_at__lt=touched_before,
    )
    ids = list(stale.values_list("pk", flat=True)[:500])
    return sum(_close_past_faults(room_id, touched_before, ports) for room_id in ids)


def _close_past_faults(room_id: UUID, touched_before: datetime, ports: Ports) -> bool:
    """Close the room; one that cannot be read must not keep all others open."""
    try:
        return _close(room_id, touched_before, ports)
    except db.Error:
        raise
    except Exception:
        logger.exception("rooms.idle_skipped", extra={"room_id": str(room_id)})
        return False


def _close(room_id: UUID, touched_before: datetime, ports: Ports) -> bool:
    with transaction.atomic():
        row = event_log.lock(room_id)
        record = Record(event_log.state_of(row), timezone.now())
        if record.room.status is Status.SETTLED or row.changed_at >= touched_before:
            return False  # the candidate came back, or left, while we were on our way
        _end(row, record, game.time_out, by="deadline", ports=ports)
    return True
