"""Two at the same time: tabs, workers, a cancel against the last word."""

from uuid import uuid4

import pytest

from interview import selectors
from interview.domain.errors import NothingToCancelError, NothingToRetryError, NotYourTurnError
from interview.domain.events import EventType
from interview.domain.ports import SpeechEnded, SpeechPiece, SpeechSegment
from interview.domain.room import Room, fold
from interview.services.turns import answering, stopping
from tests.factories.rooms import GOOD_ANSWER, GOOD_ANSWERS, Play
from tests.factories.threads import at_once, elsewhere
from tests.integration.interview.conftest import Seat

ENDS = {EventType.TURN_DONE, EventType.TURN_CANCELLED, EventType.TURN_FAILED}


def assert_sound(play: Play) -> None:
    """Check that the log has no gap, no double, and folds to what is kept on the row."""
    assert [event.offset for event in play.log] == list(range(1, play.row.top_offset + 1))
    assert fold(Room(), play.log) == play.room
    terminal = [event.turn_id for event in play.log if event.type in ENDS]
    assert len(terminal) == len(set(terminal))


@pytest.mark.parametrize("attempt", range(5))
def test_of_two_tabs_that_answer_at_once_one_is_heard(seat: Seat, attempt: int):
    play = seat(seed=attempt).speak()

    results = at_once(
        lambda: play.answer(GOOD_ANSWERS[0]),
        lambda: play.answer(GOOD_ANSWERS[1]),
    )

    assert sorted(type(result).__name__ for result in results) == [
        "AnswerTaken",
        "NotYourTurnError",
    ]
    assert play.count(EventType.ANSWER_SUBMITTED) == 1
    assert play.stage.waiting == [f"{play.room_id}.t2.2"]
    assert_sound(play)


def test_one_answer_sent_by_eight_impatient_clicks_is_one_answer(play: Play):
    play.speak()
    client_id = uuid4()

    results = at_once(*[lambda: play.answer(GOOD_ANSWER, client_id=client_id)] * 8)

    assert len(set(map(str, results))) == 1
    assert isinstance(results[0], answering.AnswerTaken)
    assert play.count(EventType.ANSWER_SUBMITTED) == 1
    assert_sound(play)


def test_of_workers_that_race_for_one_turn_one_speaks(play: Play):
    play.stage.segment_characters = 5

    results = at_once(*[play.speak] * 6)

    assert results == [play] * 6
    assert len(play.stage.speeches) == 1
    assert play.kinds().count("turn.started") == 1
    assert play.kinds()[-1] == "turn.done"
    assert_sound(play)


def test_a_worker_without_a_lease_is_fenced_by_the_log(play: Play, monkeypatch: pytest.MonkeyPatch):
    """Both believe the turn is theirs, as when the store of leases was lost: the row decides."""
    monkeypatch.setattr(type(play.stage), "may_speak", lambda _self, _stream: True)
    play.stage.segment_characters = 3

    at_once(*[play.speak] * 4)

    assert play.kinds().count("turn.started") == 1
    done = play.log[-1]
    assert done.type is EventType.TURN_DONE
    assert done.payload.text == play.room.planned_text  # type: ignore[union-attr]
    assert_sound(play)


@pytest.mark.parametrize("attempt", range(5))
def test_a_cancel_against_a_worker_that_takes_the_turn_ends_it_once(seat: Seat, attempt: int):
    play = seat(seed=attempt)
    play.stage.segment_characters = 4

    at_once(play.speak, play.cancel)

    kinds = play.kinds()
    assert kinds[-1] in {"turn.done", "turn.cancelled"}
    assert_sound(play)


def test_a_cancel_that_comes_with_the_last_word_is_told_that_it_is_over(play: Play):
    def interrupt(piece: SpeechPiece) -> None:
        if isinstance(piece, SpeechEnded):
            with pytest.raises(NothingToCancelError):
                elsewhere(play.cancel)

    play.stage.after = interrupt
    play.speak()

    assert play.kinds()[-1] == "turn.done"


@pytest.mark.parametrize("attempt", range(3))
def test_two_cancels_at_once_end_the_turn_once(seat: Seat, attempt: int):
    play = seat(seed=attempt)

    results = at_once(*[play.cancel] * 4)

    assert {str(result) for result in results} == {str(stopping.CancelTaken("t1", "cancelled"))}
    assert play.kinds().count("turn.cancelled") == 1
    assert_sound(play)


@pytest.mark.parametrize("attempt", range(3))
def test_of_two_tabs_that_ask_again_at_once_one_does(seat: Seat, attempt: int):
    play = seat(seed=attempt)
    play.cancel()

    results = at_once(play.retry, play.retry)

    assert sorted(type(result).__name__ for result in results) == [
        "AnswerTaken",
        "NothingToRetryError",
    ]
    assert any(isinstance(result, NothingToRetryError) for result in results)
    assert_sound(play)


@pytest.mark.parametrize("attempt", range(5))
def test_an_answer_against_a_retry_leaves_one_of_them(seat: Seat, attempt: int):
    play = seat(seed=attempt)
    play.stage.vanishing = True
    play.speak()
    play.cancel()
    stopping.finish_cancel(room_id=play.room_id, turn_id="t1", epoch=1, by="user", ports=play.ports)

    results = at_once(play.answer, play.retry)

    lost = [type(r) for r in results if isinstance(r, Exception)]
    assert lost in ([NotYourTurnError], [NothingToRetryError])
    assert_sound(play)


def test_leaving_while_the_panel_speaks_ends_both(play: Play):
    play.stage.segment_characters = 4

    def leave(piece: SpeechPiece) -> None:
        if isinstance(piece, SpeechSegment) and play.row.status != "settled":
            elsewhere(play.leave)

    play.stage.after = leave
    play.speak()

    assert play.kinds()[-2:] == ["turn.cancelled", "room.settled"]
    assert_sound(play)


@pytest.mark.parametrize("attempt", range(3))
def test_settings_changed_from_two_tabs_while_the_panel_speaks_are_all_kept(
    seat: Seat, attempt: int
):
    play = seat(seed=attempt)
    play.stage.segment_characters = 2

    results = at_once(
        play.speak,
        *[lambda level=level: play.change(difficulty=level) for level in (1, 3, 4, 5)],  # type: ignore[misc]
    )

    assert [r for r in results if isinstance(r, Exception)] == []
    assert play.count(EventType.SETTINGS_CHANGED) == 4
    assert play.kinds().count("turn.done") == 1
    assert_sound(play)


def test_many_rooms_at_once_do_not_get_into_each_others_logs(seat: Seat):
    plays = [seat(seed=n) for n in range(6)]

    def one_round(play: Play) -> None:
        play.stage.segment_characters = 9
        play.speak().answer()
        play.speak().answer(GOOD_ANSWERS[1])

    results = at_once(*[lambda play=play: one_round(play) for play in plays])  # type: ignore[misc]

    assert results == [None] * 6
    for play in plays:
        assert play.room.round == 3
        assert_sound(play)
    assert selectors.top_offsets([play.room_id for play in plays]) == {
        play.room_id: play.row.top_offset for play in plays
    }
