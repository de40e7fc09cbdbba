"""Rooms as those may read them who may, and pages of their logs."""

import hmac
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.urls import reverse

from interview.domain.errors import EpochChangedError, OffsetOutOfRangeError, RoomNotFoundError
from interview.domain.room import Status
from interview.domain.turn import Turn, TurnState
from interview.models import Room as RoomRow
from interview.models import RoomEvent
from interview.services import event_codec, event_log
from interview.services.players import Visitor
from interview.services.rooms import token_hash

PAGE_SIZE = 500


def readable_room(room_id: UUID, visitor: Visitor) -> RoomRow:
    """Return the row for its owner, its token or a share token; raise RoomNotFoundError."""
    row = RoomRow.objects.filter(pk=room_id).first()
    if row is None or not (_is_owner(row, visitor) or _matches(row.share_token_hash, visitor)):
        raise RoomNotFoundError("There is no such room, or it is not yours.")
    return row


def check_owner(room_id: UUID, visitor: Visitor) -> None:
    """Raise RoomNotFoundError unless the visitor owns the room or bears its token."""
    row = RoomRow.objects.only("owner", "token_hash").filter(pk=room_id).first()
    if row is None or not _is_owner(row, visitor):
        raise RoomNotFoundError("There is no such room, or it is not yours.")


def _is_owner(row: RoomRow, visitor: Visitor) -> bool:
    """Return whether this is the player, or the bearer of the token; addresses get logged."""
    is_player = visitor.player is not None and visitor.player == row.owner
    return is_player or (visitor.is_bearer and _matches(row.token_hash, visitor))


def _matches(stored_hash: str, visitor: Visitor) -> bool:
    return bool(stored_hash and visitor.token) and hmac.compare_digest(
        stored_hash, token_hash(visitor.token)
    )


def room_by_id(room_id: UUID) -> RoomRow:
    """Return the row without asking who wants it; for callers that have asked."""
    return RoomRow.objects.get(pk=room_id)


def check_reader(row: RoomRow, *, epoch: str | None, offset: int) -> None:
    """Raise EpochChangedError or OffsetOutOfRangeError when the reader cannot go on from there."""
    if epoch is not None and epoch != row.epoch:
        raise EpochChangedError("This room's log was replaced; read the room again.")
    if offset > row.top_offset:
        raise OffsetOutOfRangeError(f"The log ends at {row.top_offset}.")


def facts_after(room_id: UUID, offset: int) -> list[dict[str, Any]]:
    """Return the next facts as readers get them, at most a page; no fold, no typed payloads."""
    rows = RoomEvent.objects.filter(room_id=room_id, offset__gt=offset).order_by("offset")
    return [event_codec.envelope(row) for row in rows[:PAGE_SIZE]]


def streaming_turn(room_id: UUID) -> Turn | None:
    """Return the turn being spoken, or None."""
    row = RoomRow.objects.filter(pk=room_id, turn_state=TurnState.STREAMING).first()
    return event_log.state_of(row).turn if row is not None else None


def top_offsets(room_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return the top offset of each room that exists, in one query."""
    rows = RoomRow.objects.filter(pk__in=list(room_ids)).values_list("pk", "top_offset")
    return dict(rows)


def live_rooms(player: UUID | None) -> list[RoomRow]:
    """Return the player's unsettled rooms, the last touched first, at most six."""
    if player is None:
        return []
    rows = RoomRow.objects.filter(owner=player).exclude(status=Status.SETTLED)
    return list(rows.order_by("-changed_at")[:6])


def room_json(row: RoomRow) -> dict[str, Any]:
    """Return the Room object of the API: the folded state, for anybody who may read it."""
    room = event_log.state_of(row)
    turn = room.turn
    return {
        "id": str(row.pk),
        "scenery": room.scenery,
        "scenery_version": room.scenery_version,
        "mode": room.mode.value,
        "language": room.language,
        "status": room.status.value,
        "round": room.round,
        "par": room.par,
        "hp": room.hp,
        "approval": room.approval,
        "convinced": room.convinced,
        "turn": None if turn is None else _turn_json(turn),
        "epoch": row.epoch,
        "offset": row.top_offset,
        "result": room.result.value if room.result else None,
        "reason": room.reason or None,
        "score": room.score,
        "rounds": room.rounds_answered,
        "ranked": room.is_ranked,
        "goal_reached": room.goal_reached,
        "seed": room.seed,
        "engine": room.engine,
        "settings": {
            "strategy": room.strategy.value,
            "pace": room.pace.value,
            "difficulty": room.difficulty,
            "language": room.language,
        },
        "links": {
            "events": reverse("room-events", args=[row.pk]),
            "page": reverse("room-page", args=[row.pk]),
            "settlement": reverse("room-settlement", args=[row.pk]),
        },
    }


def _turn_json(turn: Turn) -> dict[str, Any]:
    return {
        "id": turn.id,
        "speaker": turn.speaker,
        "state": turn.state.value,
        "epoch": turn.epoch,
    }
