"""A turn's life: spoken, interrupted at any moment, broken off, asked again."""

from uuid import uuid4

import pytest

from interview.domain import events as ev
from interview.domain.errors import (
    NothingToCancelError,
    NothingToRetryError,
    RoomNotFoundError,
    RoomSettledError,
)
from interview.domain.events import EventType
from interview.domain.jobs import Job
from interview.domain.ports import SpeechFirstToken, SpeechPiece, SpeechSegment, SpeechStarted
from interview.domain.room import Status
from interview.domain.turn import TurnState
from interview.services.turns import speaking, stopping
from tests.factories.rooms import GOOD_ANSWER, Play

ENDS = {EventType.TURN_DONE, EventType.TURN_CANCELLED, EventType.TURN_FAILED}


def ends(play: Play) -> list[str]:
    """Return how the turns ended, in order."""
    return [event.type.value for event in play.log if event.type in ENDS]


def last(play: Play) -> ev.Payload:
    """Return the newest fact."""
    return play.log[-1].payload


def finish_cancel(play: Play, *, turn_id: str = "t1", epoch: int = 1) -> None:
    """Do what the job does that was put off when the turn was cancelled."""
    stopping.finish_cancel(
        room_id=play.room_id, turn_id=turn_id, epoch=epoch, by="user", ports=play.ports
    )


def vanish(play: Play) -> Play:
    """Let a worker say the first words and never be seen again."""
    play.stage.vanishing = True
    play.speak()
    play.stage.vanishing = False
    return play


# --- spoken ---------------------------------------------------------------------------------


def test_a_spoken_turn_leaves_its_segments_and_its_whole_text(play: Play):
    play.stage.segment_characters = 7
    play.speak()

    segments = [e.payload for e in play.log if isinstance(e.payload, ev.TurnSegment)]
    done = last(play)
    assert isinstance(done, ev.TurnDone)
    assert "".join(segment.text for segment in segments) == done.text == play.room.planned_text
    assert [segment.upto_seq for segment in segments] == list(range(1, len(segments) + 1))
    assert play.row.status == "awaiting_answer"


def test_a_turn_handed_out_twice_is_spoken_once(play: Play):
    play.speak()
    top = play.room.offset

    speaking.run_turn(room_id=play.room_id, turn_id="t1", ports=play.ports)

    assert play.room.offset == top
    assert len(play.stage.speeches) == 1


@pytest.mark.parametrize("turn_id", ["t0", "t2", "", "nonsense"])
def test_a_job_for_another_turn_does_nothing(play: Play, turn_id: str):
    speaking.run_turn(room_id=play.room_id, turn_id=turn_id, ports=play.ports)

    assert play.kinds()[-1] == "turn.queued"


def test_a_job_for_no_room_does_nothing(play: Play):
    speaking.run_turn(room_id=uuid4(), turn_id="t1", ports=play.ports)

    assert play.stage.speeches == []


def test_a_turn_that_another_worker_speaks_is_left_alone(play: Play):
    play.stage.speaking.add(f"{play.room_id}.t1.1")

    play.speak()

    assert play.kinds()[-1] == "turn.queued"


def test_a_failure_on_the_way_keeps_what_was_said_and_may_be_answered(play: Play):
    play.stage.segment_characters = 4
    play.stage.failing_after = 12
    play.speak()

    failed = last(play)
    assert failed == ev.TurnFailed(
        "provider_unavailable", retryable=True, kept_text=play.room.planned_text[:12]
    )
    assert play.room.may_retry
    assert play.answer(GOOD_ANSWER).turn_id == "t2"


def test_a_failure_before_the_first_word_ends_the_turn_at_once(play: Play):
    """No provider took it: the candidate must not wait for the reaper to find out."""
    play.stage.failing_at_once = True
    play.speak()

    assert last(play) == ev.TurnFailed("provider_unavailable", retryable=True, kept_text="")
    assert play.room.status is Status.AWAITING_ANSWER
    assert not play.room.may_answer
    assert play.room.may_retry


# --- asked again ----------------------------------------------------------------------------


@pytest.mark.parametrize("broken_by", ["cancel", "failure", "failure before the first word"])
def test_a_turn_that_broke_off_is_asked_again_in_the_same_words(play: Play, broken_by: str):
    planned = play.room.planned_text
    if broken_by == "cancel":
        play.cancel()
    else:
        play.stage.failing_after = 5 if broken_by == "failure" else None
        play.stage.failing_at_once = broken_by != "failure"
        play.speak()
        play.stage.failing_after, play.stage.failing_at_once = None, False

    taken = play.retry()

    assert (taken.turn_id, taken.round) == ("t2", 1)
    play.speak()
    done = last(play)
    assert isinstance(done, ev.TurnDone)
    assert done.text == planned
    assert play.room.turn is not None
    assert (play.room.turn.speaker, play.room.turn.epoch) == ("ada", 2)


def test_nothing_is_asked_again_that_was_asked_to_the_end(play: Play):
    play.speak()

    with pytest.raises(NothingToRetryError):
        play.retry()


@pytest.mark.parametrize("state", ["queued", "streaming", "settled"])
def test_nothing_is_asked_again_while_it_is_asked_or_once_it_is_over(play: Play, state: str):
    if state == "streaming":
        vanish(play)
    elif state == "settled":
        play.leave()

    with pytest.raises(NothingToRetryError):
        play.retry()


def test_a_broken_turn_can_be_asked_again_and_again(play: Play):
    for number in range(2, 6):
        play.cancel()
        assert play.retry().turn_id == f"t{number}"
    play.speak()

    assert play.room.round == 1
    assert play.room.may_answer


# --- interrupted ----------------------------------------------------------------------------


def test_a_cancel_in_the_queue_ends_the_turn_there_and_frees_its_place(play: Play):
    taken = play.cancel()

    assert taken == stopping.CancelTaken("t1", "cancelled")
    cancelled = last(play)
    assert isinstance(cancelled, ev.TurnCancelled)
    assert (cancelled.by, cancelled.kept_text, cancelled.provider_closed) == ("user", "", True)
    assert play.stage.waiting == []
    assert play.stage.interrupted == {f"{play.room_id}.t1.1": "user"}
    play.speak()
    assert play.stage.speeches == []


@pytest.mark.parametrize("moment", [SpeechStarted, SpeechFirstToken, SpeechSegment])
def test_a_cancel_at_any_moment_of_speaking_keeps_what_was_said(
    play: Play, moment: type[SpeechPiece]
):
    play.stage.segment_characters = 6
    states: list[str] = []

    def interrupt(piece: SpeechPiece) -> None:
        if isinstance(piece, moment):
            states.append(play.cancel().state)

    play.stage.after = interrupt
    play.speak()

    assert states == ["streaming"]
    assert ends(play) == ["turn.cancelled"]
    cancelled = last(play)
    assert isinstance(cancelled, ev.TurnCancelled)
    assert cancelled.kept_text == "".join(
        event.payload.text for event in play.log if isinstance(event.payload, ev.TurnSegment)
    )
    assert len(cancelled.kept_text) == (0 if moment is SpeechStarted else 6)
    assert (Job.FINISH_CANCEL, (str(play.room_id), "t1", "1", "user")) in play.outbox.jobs


def test_the_second_cancel_of_a_turn_says_so_and_adds_nothing(play: Play):
    play.cancel()
    top = play.room.offset

    again = [play.cancel(turn_id="t1", epoch=1), play.cancel(turn_id="t1"), play.cancel()]

    assert again == [stopping.CancelTaken("t1", "cancelled")] * 3
    assert play.room.offset == top


def test_the_second_cancel_while_the_first_is_under_way_adds_nothing(play: Play):
    vanish(play)
    first, second = play.cancel(), play.cancel(by="another tab")
    finish_cancel(play)
    third = play.cancel()

    assert [first.state, second.state, third.state] == ["streaming", "streaming", "cancelled"]
    assert ends(play) == ["turn.cancelled"]
    assert [job for job, _ in play.outbox.jobs].count(Job.FINISH_CANCEL) == 1
    assert play.stage.interrupted == {f"{play.room_id}.t1.1": "user"}


@pytest.mark.parametrize("which", [{"turn_id": "t0"}, {"turn_id": "t2"}, {"epoch": 2}])
@pytest.mark.parametrize("state", ["queued", "streaming"])
def test_a_cancel_of_another_turn_changes_nothing(play: Play, state: str, which: dict[str, object]):
    if state == "streaming":
        vanish(play)
    top = play.room.offset

    with pytest.raises(NothingToCancelError):
        play.cancel(**which)

    assert play.room.offset == top
    assert play.stage.interrupted == {}


@pytest.mark.parametrize("state", ["done", "failed", "settled", "settled before"])
def test_there_is_nothing_to_cancel_when_nobody_speaks(play: Play, state: str):
    if state == "settled before":
        play.speak().leave()
    elif state == "failed":
        play.stage.failing_after = 3
        play.speak()
    elif state == "done":
        play.speak()
    else:
        play.speak()
        while play.room.result is None:
            play.answer("No idea.")
            if play.room.result is None:
                play.speak()
    top = play.room.offset

    with pytest.raises(NothingToCancelError):
        play.cancel()

    assert play.room.offset == top


def test_a_room_that_does_not_exist_cannot_be_interrupted(play: Play):
    with pytest.raises(RoomNotFoundError):
        stopping.cancel_turn(room_id=uuid4(), by="user", ports=play.ports)


def test_a_cancelled_turn_is_closed_for_a_worker_that_does_not_answer(play: Play):
    vanish(play).cancel()

    finish_cancel(play)

    cancelled = last(play)
    assert isinstance(cancelled, ev.TurnCancelled)
    assert (cancelled.by, cancelled.provider_closed) == ("user", False)
    assert cancelled.kept_text == play.room.planned_text[:40]
    assert play.room.may_answer


@pytest.mark.parametrize("again", [{}, {"turn_id": "t2"}, {"epoch": 2}])
def test_closing_what_is_closed_or_another_turn_does_nothing(play: Play, again: dict[str, object]):
    vanish(play).cancel()
    if not again:
        finish_cancel(play)
    top = play.room.offset

    finish_cancel(play, **again)  # type: ignore[arg-type]

    assert play.room.offset == top


def test_late_words_of_a_closed_turn_are_fenced(play: Play):
    """The worker hangs in the middle; the turn is closed and asked again; then it wakes up."""
    play.stage.segment_characters = 5
    n_segments = 0

    def hang(piece: SpeechPiece) -> None:
        nonlocal n_segments
        n_segments += isinstance(piece, SpeechSegment)
        if n_segments == 2 and play.row.turn_state == TurnState.STREAMING:
            play.cancel()
            finish_cancel(play)
            play.retry()
            play.stage.interrupted.clear()

    play.stage.after = hang
    play.speak()

    assert play.kinds()[-1] == "turn.queued"
    assert play.row.turn_id == "t2"
    assert play.count(EventType.TURN_SEGMENT) == 2
    assert play.stage.speaking == set()


def test_an_interrupted_question_can_be_answered_with_what_was_heard(play: Play):
    vanish(play).cancel()
    finish_cancel(play)

    assert play.answer().turn_id == "t2"


def test_a_question_of_which_nothing_was_heard_cannot_be_answered(play: Play):
    play.cancel()

    assert not play.room.may_answer
    assert play.room.may_retry


def test_a_new_room_can_be_left_at_once_and_then_nothing_is_asked(play: Play):
    play.leave()
    play.speak()

    assert ends(play) == ["turn.cancelled"]
    assert play.stage.speeches == []
    assert play.stage.waiting == []
    with pytest.raises(RoomSettledError):
        play.leave()
