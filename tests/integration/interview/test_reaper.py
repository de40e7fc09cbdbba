"""Nobody waits for ever: lost workers, lost jobs, a store that forgot, people who went away."""

from datetime import timedelta

import pytest
from django.utils import timezone

from interview.domain import events as ev
from interview.domain.jobs import Job
from interview.domain.room import Status
from interview.models import Room as RoomRow
from interview.services import event_log, reaper, rooms
from tests.factories.rooms import Play
from tests.factories.threads import elsewhere
from tests.integration.interview.conftest import Seat

AT_ONCE = reaper.Patience(streaming=timedelta(0), queued=timedelta(0))
FAR = timedelta(days=1)
PATIENT = reaper.Patience(streaming=FAR, queued=FAR, expired=FAR)


def vanish(play: Play) -> Play:
    """Let a worker say the first words and die."""
    play.stage.vanishing = True
    play.speak()
    play.stage.vanishing = False
    return play


def be_silent_for(play: Play, seconds: float) -> None:
    """Let the silence the reaper has noted be so old."""
    since = timezone.now() - timedelta(seconds=seconds)
    RoomRow.objects.filter(pk=play.room_id).update(silent_since=since)


def wait_for(play: Play, seconds: float) -> None:
    """Let the room have been untouched for so long."""
    changed_at = timezone.now() - timedelta(seconds=seconds)
    RoomRow.objects.filter(pk=play.room_id).update(changed_at=changed_at)


def jobs(play: Play) -> list[tuple[Job, tuple[str, ...]]]:
    """Return the jobs handed out since the room was opened."""
    return play.outbox.jobs[1:]


# --- lost workers ---------------------------------------------------------------------------


def test_a_turn_whose_worker_died_is_failed_at_the_second_look(play: Play):
    vanish(play)

    assert play.reap() == 0
    assert play.row.silent_since is not None
    be_silent_for(play, 2)
    assert play.reap() == 1

    assert play.log[-1].payload == ev.TurnFailed(
        "lost_worker", retryable=True, kept_text=play.room.planned_text[:40]
    )
    assert play.row.silent_since is None
    assert play.reap() == 0


def test_the_room_goes_on_after_a_lost_worker(play: Play):
    vanish(play)
    play.reap(AT_ONCE)
    play.reap(AT_ONCE)

    assert play.retry().turn_id == "t2"
    play.speak()
    assert play.answer().turn_id == "t3"


def test_a_turn_that_is_being_spoken_is_left_alone(play: Play):
    vanish(play)
    play.stage.speaking.add(f"{play.room_id}.t1.1")

    assert [play.reap(AT_ONCE) for _ in range(3)] == [0, 0, 0]
    assert play.row.silent_since is None


def test_a_worker_that_is_heard_again_starts_with_a_clean_slate(play: Play):
    """A restart of the store takes the leases away for a moment; the speakers put them back."""
    vanish(play)
    stream = f"{play.room_id}.t1.1"
    play.reap()
    play.stage.speaking.add(stream)
    be_silent_for(play, 60)
    play.reap()
    play.stage.speaking.discard(stream)

    assert play.reap() == 0
    assert play.row.turn_state == "streaming"


def test_silence_in_the_queue_is_not_held_against_the_speaker(play: Play):
    play.reap(PATIENT)
    be_silent_for(play, 60)

    vanish(play)

    assert play.row.silent_since is None
    assert play.reap() == 0
    assert play.row.turn_state == "streaming"


def test_silence_of_one_turn_is_not_held_against_the_next(play: Play):
    play.reap(PATIENT)
    be_silent_for(play, 60)
    play.speak().answer()

    assert play.row.silent_since is None
    assert play.reap() == 0
    assert len(jobs(play)) == 1


def test_a_worker_that_finishes_while_the_reaper_looks_has_the_last_word(
    play: Play, monkeypatch: pytest.MonkeyPatch
):
    vanish(play)
    play.reap(AT_ONCE)
    lock = event_log.lock

    def finish_first(room_id: object) -> RoomRow:
        monkeypatch.setattr(event_log, "lock", lock)
        elsewhere(play.cancel)
        elsewhere(play.leave)
        return lock(room_id)  # type: ignore[arg-type]

    monkeypatch.setattr(event_log, "lock", finish_first)

    assert play.reap(AT_ONCE) == 0
    assert play.kinds()[-2:] == ["turn.cancelled", "room.settled"]


# --- lost jobs ------------------------------------------------------------------------------


def test_a_job_that_got_lost_is_handed_out_again(play: Play):
    assert play.reap() == 0
    be_silent_for(play, 7)

    assert play.reap() == 1

    assert jobs(play) == [(Job.RUN_TURN, (str(play.room_id), "t1"))]
    assert play.kinds()[-1] == "turn.queued"
    assert play.reap() == 0


def test_a_turn_that_waited_too_long_is_refused_and_its_place_is_freed(play: Play):
    play.reap()
    wait_for(play, 121)

    assert play.reap() == 1

    refused = play.log[-1]
    assert refused.payload == ev.TurnRejected("queue_expired", reaper.RETRY_AFTER_SECONDS)
    assert refused.turn_id == "t1"
    assert play.stage.waiting == []
    assert (play.room.status, play.room.may_retry) == (Status.AWAITING_ANSWER, True)
    play.speak()
    assert play.kinds()[-1] == "turn.rejected"
    assert play.retry().turn_id == "t2"


def test_rooms_that_wait_for_an_answer_or_are_over_are_none_of_its_business(seat: Seat):
    seat().speak()
    seat().leave()

    assert [seat().cancel().state, seat().speak().reap(AT_ONCE)] == ["cancelled", 0]


def test_one_look_sees_every_room(seat: Seat):
    first = seat()
    others = [seat(ports=first.ports) for _ in range(3)]
    vanish(first)
    first.reap(AT_ONCE)

    assert first.reap(AT_ONCE) == 4
    assert first.kinds()[-1] == "turn.failed"
    assert [other.kinds()[-1] for other in others] == ["turn.queued"] * 3


# --- rooms nobody came back to --------------------------------------------------------------


def test_a_room_untouched_for_a_day_is_closed(seat: Seat):
    waiting, asking, fresh = seat().speak(), seat(), seat().speak()
    for forgotten in (waiting, asking):
        wait_for(forgotten, 25 * 3600)

    assert rooms.close_idle(ports=waiting.ports) == 2

    assert (waiting.room.status, waiting.room.reason) == (Status.SETTLED, "timeout")
    assert asking.kinds()[-2:] == ["turn.cancelled", "room.settled"]
    assert fresh.room.status is Status.AWAITING_ANSWER
    assert rooms.close_idle(ports=waiting.ports) == 0


def test_a_room_whose_candidate_comes_back_at_the_last_moment_stays_open(
    play: Play, monkeypatch: pytest.MonkeyPatch
):
    play.speak()
    wait_for(play, 25 * 3600)
    lock = event_log.lock

    def answer_first(room_id: object) -> RoomRow:
        monkeypatch.setattr(event_log, "lock", lock)
        play.answer()
        return lock(room_id)  # type: ignore[arg-type]

    monkeypatch.setattr(event_log, "lock", answer_first)

    assert rooms.close_idle(ports=play.ports) == 0
    assert play.kinds()[-1] == "turn.queued"
