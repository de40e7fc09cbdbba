"""Who may watch, and how many rooms one player may keep open."""

from uuid import uuid4

import pytest

from interview import selectors
from interview.domain.errors import RateLimitedError, RoomNotFoundError
from interview.services import rooms
from interview.services.players import Visitor
from interview.views import room
from tests.factories.rooms import Play
from tests.integration.interview.conftest import Seat


def test_a_shared_room_may_be_read_but_not_played(play: Play):
    watcher = Visitor(token=rooms.share(room_id=play.room_id))

    assert selectors.readable_room(play.room_id, watcher).pk == play.room_id
    with pytest.raises(RoomNotFoundError):
        selectors.check_owner(play.room_id, watcher)


def test_a_new_link_ends_the_one_before(play: Play):
    first = rooms.share(room_id=play.room_id)
    rooms.share(room_id=play.room_id)

    with pytest.raises(RoomNotFoundError):
        selectors.readable_room(play.room_id, Visitor(token=first))


@pytest.mark.parametrize("stranger", [Visitor(), Visitor(player=uuid4()), Visitor(token="guess")])
def test_nobody_else_gets_in(play: Play, stranger: Visitor):
    with pytest.raises(RoomNotFoundError):
        selectors.readable_room(play.room_id, stranger)


def test_a_player_keeps_only_so_many_rooms_open(seat: Seat, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rooms, "MAX_LIVE_ROOMS", 2)
    owner = uuid4()
    first, _ = seat(owner=owner), seat(owner=owner)

    with pytest.raises(RateLimitedError, match="2 interviews open"):
        seat(owner=owner)
    rooms.leave(room_id=first.room_id, ports=first.ports)

    assert seat(owner=owner).row.owner == owner


def test_a_watcher_sees_the_interview_and_not_the_resume(play: Play):
    assert room.shown(play.row)["resume"]["text"]

    shown = room.shown(play.row, is_watching=True)["resume"]

    assert (shown["text"], shown["facts"]) == ("", [])
