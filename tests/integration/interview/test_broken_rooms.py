"""One room that cannot be read any more costs no other room its housekeeping."""

from datetime import timedelta

import pytest
from django.utils import timezone

from interview.domain.room import Status
from interview.models import Room as RoomRow
from interview.services import reaper, rooms
from tests.factories.rooms import Play
from tests.integration.interview.conftest import Seat

AT_ONCE = reaper.Patience(streaming=timedelta(0), queued=timedelta(0))


def die_speaking(play: Play) -> Play:
    """Let a worker say the first words and be lost."""
    play.stage.vanishing = True
    play.speak()
    return play


def spoil(play: Play) -> None:
    """Leave a snapshot that no version of the game has written."""
    RoomRow.objects.filter(pk=play.room_id).update(snapshot={"hp": "a lot"})


def test_a_broken_room_does_not_keep_the_reaper_from_the_others(
    seat: Seat, caplog: pytest.LogCaptureFixture
):
    lost = die_speaking(seat())
    broken = die_speaking(seat())
    lost.reap()
    spoil(broken)

    assert lost.reap(AT_ONCE) == 1

    assert lost.row.turn_state == "failed"
    (skipped,) = [record for record in caplog.records if record.message == "reaper.room_skipped"]
    assert skipped.__dict__["room_id"] == str(broken.room_id)


def test_a_broken_room_does_not_keep_idle_ones_open(seat: Seat, caplog: pytest.LogCaptureFixture):
    idle = seat().speak()
    broken = seat().speak()
    RoomRow.objects.update(changed_at=timezone.now() - timedelta(days=2))
    spoil(broken)

    assert rooms.close_idle(ports=idle.ports) == 1

    assert idle.room.status is Status.SETTLED
    assert "rooms.idle_skipped" in [record.message for record in caplog.records]


def test_an_idle_rooms_speaker_is_told_to_stop(seat: Seat):
    play = seat()
    waiting = list(play.stage.waiting)
    RoomRow.objects.update(changed_at=timezone.now() - timedelta(days=2))

    rooms.close_idle(ports=play.ports)

    assert waiting
    assert play.stage.waiting == []
    assert play.stage.interrupted == {waiting[0]: "deadline"}
