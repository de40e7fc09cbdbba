"""Rooms: open, read, answer, interrupt, ask again, change, leave."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Router, Status

from interview import runtime, selectors
from interview.api.auth import VisitorAuth, address_of, set_player, visitor
from interview.api.schemas import (
    AnswerIn,
    AnswerOut,
    CancelIn,
    CancelOut,
    HintOut,
    ResumeRef,
    RoomIn,
    SettingsIn,
    ShareOut,
)
from interview.domain.errors import InvalidInputError
from interview.domain.game import Opening
from interview.models import Resume
from interview.services import addresses, editions, hints, players, resumes, rooms
from interview.services.turns import answering, stopping

router = Router(tags=["rooms"], auth=VisitorAuth())


@router.post("", url_name="rooms", response={201: dict[str, Any]})
def create_room(
    request: HttpRequest, response: HttpResponse, body: RoomIn
) -> Status[dict[str, Any]]:
    """Take the seat; the answer also holds ``room_token``, for programs, once."""
    engine = rooms.engine_for(body.engine, ports=runtime.ports())
    addresses.check(address_of(request), addresses.Taken.ROOM)
    player = visitor(request).player or players.new_player()
    set_player(response, player)
    rooms.check_has_room_left(player)
    edition = editions.publish(body.scenery)
    resume = _resume(player, body.resume, body.language)
    opening = Opening(
        mode=body.mode,
        language=body.language,
        seed=rooms.new_seed() if body.seed is None else body.seed,
        resume_id=str(resume.pk),
        strategy=body.strategy,
        engine=engine.value,
        nickname=body.nickname,
    )
    opened = rooms.open_room(edition, opening, owner=player, resume=resume, ports=runtime.ports())
    room = selectors.room_json(selectors.room_by_id(opened.id))
    return Status(201, {**room, "room_token": opened.token})


def _resume(player: UUID, ref: ResumeRef, language: str) -> Resume:
    if ref.text is not None:
        return resumes.add_text(owner=player, text=ref.text)
    if ref.sample is not None:
        return resumes.add_sample(owner=player, sample=ref.sample, language=language)
    if ref.id is not None:
        return resumes.owned(owner=player, resume_id=ref.id)
    raise InvalidInputError("Bring a résumé: text, sample or id.")


@router.get("/{room_id}", url_name="room", response=dict[str, Any])
def read_room(request: HttpRequest, room_id: UUID) -> dict[str, Any]:
    """Return the folded state of the room."""
    return selectors.room_json(selectors.readable_room(room_id, visitor(request)))


@router.post("/{room_id}/answer", url_name="answer", response={202: AnswerOut})
def answer(request: HttpRequest, room_id: UUID, body: AnswerIn) -> Status[AnswerOut]:
    """Answer the question on the table."""
    selectors.check_owner(room_id, visitor(request))
    taken = answering.submit_answer(
        room_id=room_id, text=body.text, client_id=body.client_id, ports=runtime.ports()
    )
    return Status(202, AnswerOut(turn_id=taken.turn_id, round=taken.round, offset=taken.offset))


@router.post("/{room_id}/cancel", url_name="cancel", response={202: CancelOut})
def cancel(request: HttpRequest, room_id: UUID, body: CancelIn | None = None) -> Status[CancelOut]:
    """Interrupt whoever is speaking or about to."""
    selectors.check_owner(room_id, visitor(request))
    wanted = body or CancelIn(turn_id=None, epoch=None)
    taken = stopping.cancel_turn(
        room_id=room_id,
        turn_id=wanted.turn_id,
        epoch=wanted.epoch,
        by="user",
        ports=runtime.ports(),
    )
    return Status(202, CancelOut(turn_id=taken.turn_id, state=taken.state))


@router.post("/{room_id}/retry", url_name="retry", response={202: AnswerOut})
def retry(request: HttpRequest, room_id: UUID) -> Status[AnswerOut]:
    """Have the last question asked again, after an interruption or a failure."""
    selectors.check_owner(room_id, visitor(request))
    taken = answering.retry_turn(room_id=room_id, ports=runtime.ports())
    return Status(202, AnswerOut(turn_id=taken.turn_id, round=taken.round, offset=taken.offset))


@router.post("/{room_id}/hint", url_name="hint", response=HintOut)
def hint(request: HttpRequest, room_id: UUID) -> HintOut:
    """Buy a hint on the question on the table; the same one again is free."""
    selectors.check_owner(room_id, visitor(request))
    return HintOut(hint=hints.take_hint(room_id=room_id, ports=runtime.ports()))


@router.post("/{room_id}/leave", url_name="leave", response=dict[str, Any])
def leave(request: HttpRequest, room_id: UUID) -> dict[str, Any]:
    """Leave the seat: with the win when the goal is reached, else the room is abandoned."""
    selectors.check_owner(room_id, visitor(request))
    rooms.leave(room_id=room_id, ports=runtime.ports())
    return selectors.room_json(selectors.room_by_id(room_id))


@router.post("/{room_id}/share", url_name="share", response={201: ShareOut})
def share(request: HttpRequest, room_id: UUID) -> Status[ShareOut]:
    """Make a link that lets others watch; making another one ends it."""
    selectors.check_owner(room_id, visitor(request))
    token = rooms.share(room_id=room_id)
    page = reverse("room-page", args=[room_id])
    return Status(201, ShareOut(token=token, page=f"{page}?token={token}"))


@router.patch("/{room_id}/settings", url_name="settings", response=dict[str, Any])
def change_settings(request: HttpRequest, room_id: UUID, body: SettingsIn) -> dict[str, Any]:
    """Change strategy, pace, difficulty or language; effective with the next turn planned."""
    selectors.check_owner(room_id, visitor(request))
    rooms.change_settings(
        room_id=room_id,
        strategy=body.strategy,
        pace=body.pace,
        difficulty=body.difficulty,
        language=body.language,
        ports=runtime.ports(),
    )
    return selectors.room_json(selectors.room_by_id(room_id))
