"""Opening, settings, hints, overtime, leaving."""

from uuid import uuid4

import pytest

from interview.domain import events as ev
from interview.domain.errors import (
    InvalidInputError,
    NotYourTurnError,
    ResumeNotFoundError,
    RoomNotFoundError,
    RoomSettledError,
    SceneryNotFoundError,
)
from interview.domain.events import EventType, Result
from interview.domain.room import Pace, Status
from interview.domain.scenery import Mode, Strategy
from interview.services import editions, event_log, hints, resumes
from tests.factories.rooms import GOOD_ANSWERS, POOR_ANSWER, Play, make_edition
from tests.integration.interview.conftest import Seat, offer


def hint(play: Play) -> str:
    """Ask for a hint."""
    return hints.take_hint(room_id=play.room_id, ports=play.ports)


# --- opening --------------------------------------------------------------------------------


def test_a_new_room_has_its_first_question_in_the_queue(play: Play):
    assert play.kinds() == [
        "room.created",
        "resume.parsed",
        "round.started",
        "turn.speaker_selected",
        "turn.planned",
        "turn.queued",
    ]
    row = play.row
    assert (row.status, row.turn_id, row.turn_state, row.top_offset) == (
        "interviewing",
        "t1",
        "queued",
        6,
    )
    assert row.token_hash != play.token
    assert play.stage.waiting == [f"{play.room_id}.t1.1"]


def test_rooms_have_epochs_and_tokens_of_their_own(seat: Seat):
    first, second = seat(), seat()

    assert first.row.epoch != second.row.epoch
    assert first.token != second.token


@pytest.mark.parametrize("scenery", ["elsewhere", ""])
def test_what_is_not_played_cannot_be_published(database: None, scenery: str):
    with pytest.raises(SceneryNotFoundError):
        editions.publish(scenery)


def test_somebody_elses_resume_cannot_be_taken(play: Play):
    with pytest.raises(ResumeNotFoundError):
        resumes.owned(owner=uuid4(), resume_id=play.row.resume_id)


def test_half_a_character_in_a_resume_does_not_break_the_rest_of_it(play: Play):
    row = resumes.add_text(owner=play.owner, text="Cut latency to 310ms \ud83d\x00 in May")

    assert row.text == "Cut latency to 310ms ? in May"


def test_a_room_keeps_the_edition_it_began_with(seat: Seat, monkeypatch: pytest.MonkeyPatch):
    old = seat().speak()
    newer = offer(make_edition(n_questions=2), monkeypatch)
    new = seat(edition=newer)

    old.answer()

    assert old.row.edition_id == "e" * 64
    assert new.row.edition_id == newer.id
    assert editions.read(old.row.edition_id).questions.keys() > newer.questions.keys()


# --- settings -------------------------------------------------------------------------------


def test_what_is_changed_is_recorded_and_the_rest_stays(play: Play):
    room = play.change(pace=Pace.BRISK, difficulty=4)

    assert (room.pace, room.difficulty, room.strategy, room.language) == (
        "brisk",
        4,
        Strategy.SERIAL,
        "en",
    )
    assert play.log[-1].payload == ev.SettingsChanged(pace="brisk", difficulty=4)


def test_changing_nothing_records_nothing(play: Play):
    play.change()

    assert play.count(EventType.SETTINGS_CHANGED) == 0


def test_the_next_turn_is_planned_by_the_new_settings(play: Play):
    play.speak()
    play.change(language="zh", pace=Pace.BRISK)
    play.answer()
    play.speak()

    planned = [e.payload for e in play.log if isinstance(e.payload, ev.TurnPlanned)]
    assert "（中）" in planned[-1].text
    assert play.stage.speeches[-1].characters_per_second == (
        play.stage.speeches[0].characters_per_second * Pace.BRISK.factor
    )


def test_settings_the_scenery_does_not_offer_are_refused(
    seat: Seat, edition: object, monkeypatch: pytest.MonkeyPatch
):
    play = seat(edition=offer(make_edition(languages=("en",)), monkeypatch))

    with pytest.raises(InvalidInputError):
        play.change(language="zh")


def test_settings_of_a_settled_room_stay(play: Play):
    play.leave()

    with pytest.raises(RoomSettledError):
        play.change(difficulty=1)


# --- hints ----------------------------------------------------------------------------------


def test_a_hint_is_paid_for_once_per_question(play: Play):
    play.speak()

    first, again = hint(play), hint(play)

    assert first == again == "From __ to __."
    assert play.count(EventType.HINT_TAKEN) == 1
    assert play.room.n_hints == 1


def test_there_is_no_hint_while_no_question_is_on_the_table(play: Play):
    with pytest.raises(NotYourTurnError):
        hint(play)
    play.leave()
    with pytest.raises(NotYourTurnError):
        hint(play)


def test_a_hint_costs_points_at_the_end(seat: Seat):
    plain, hinted = seat().speak(), seat().speak()
    hint(hinted)
    for play in (plain, hinted):
        play.answer()
        play.leave()

    assert plain.room.score - hinted.room.score == 15


# --- the goal, overtime, leaving ------------------------------------------------------------


def reach_the_goal(seat: Seat, monkeypatch: pytest.MonkeyPatch) -> Play:
    """Play two good rounds where two are asked for."""
    play = seat(edition=offer(make_edition(goal_rounds=2), monkeypatch))
    for answer in GOOD_ANSWERS[:2]:
        play.speak().answer(answer)
    return play


def test_the_goal_is_reached_once_and_the_game_goes_on(seat: Seat, monkeypatch: pytest.MonkeyPatch):
    play = reach_the_goal(seat, monkeypatch)

    assert play.count(EventType.GOAL_REACHED) == 1
    assert play.room.status is Status.INTERVIEWING
    play.speak().answer(GOOD_ANSWERS[2])
    assert play.count(EventType.GOAL_REACHED) == 1
    assert play.room.round == 4


def test_leaving_after_the_goal_is_a_win(seat: Seat, monkeypatch: pytest.MonkeyPatch):
    play = reach_the_goal(seat, monkeypatch)

    room = play.leave()

    assert (room.result, room.reason) == (Result.WON, "goal_reached")


def test_a_win_once_banked_survives_a_poor_overtime(seat: Seat, monkeypatch: pytest.MonkeyPatch):
    play = reach_the_goal(seat, monkeypatch)
    while play.room.result is None:
        play.speak().answer(POOR_ANSWER)

    assert (play.room.result, play.room.goal_reached) == (Result.WON, True)


def test_leaving_before_the_goal_is_giving_up(play: Play):
    room = play.leave()

    assert (room.result, room.reason) == (Result.ABANDONED, "abandoned")
    assert play.row.result == "abandoned"


def test_a_verdict_falls_once(play: Play):
    play.leave()

    with pytest.raises(RoomSettledError):
        play.leave()
    assert play.count(EventType.ROOM_SETTLED) == 1


def test_leaving_stops_the_speaker(play: Play):
    play.stage.vanishing = True
    play.speak()

    play.leave()

    assert play.stage.interrupted == {f"{play.room_id}.t1.1": "user"}


@pytest.mark.parametrize("act", ["leave", "hint", "change"])
def test_no_room_no_act(play: Play, act: str):
    play.room_id = uuid4()

    with pytest.raises(RoomNotFoundError):
        {"leave": play.leave, "hint": lambda: hint(play), "change": play.change}[act]()


def test_a_convince_room_is_won_when_the_panel_is(seat: Seat):
    play = seat(mode=Mode.CONVINCE)
    for answer in GOOD_ANSWERS[:3]:
        play.speak().answer(answer)

    assert (play.room.result, play.room.reason) == (Result.WON, "panel_convinced")
    assert play.count(EventType.PERSONA_CONVINCED) == 3
    assert event_log.load(play.room_id).rounds_answered == 3
