"""The log adds up: folding, transitions, the state hash."""

from copy import deepcopy
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interview.domain import events as ev
from interview.domain.errors import IllegalTransitionError
from interview.domain.events import PAYLOADS, Event, EventType
from interview.domain.ports import Speech
from interview.domain.room import IGNORED, TRANSITIONS, Pace, Record, Room, Status, fold, state_hash
from interview.domain.scenery import Mode, Strategy
from interview.domain.turn import BROKEN_OFF, TURN_TRANSITIONS, TurnState
from interview.services import event_codec
from tests.unit.interview.histories import BEGAN, PAYLOAD_STRATEGIES, histories


@given(histories(), st.data())
def test_a_snapshot_and_the_later_events_fold_to_the_same_room(
    history: list[Event], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(history)))
    whole = fold(Room(), history)

    snapshot = fold(Room(), history[:cut])
    stored = msgspec.convert(msgspec.json.decode(msgspec.json.encode(snapshot)), Room)

    assert fold(stored, history[cut:]) == whole
    assert state_hash(fold(stored, history[cut:])) == state_hash(whole)


@given(histories())
def test_folding_leaves_the_room_it_was_given_alone(history: list[Event]) -> None:
    half = len(history) // 2
    room = fold(Room(), history[:half])
    before = deepcopy(room)

    fold(room, history[half:])

    assert room == before


@given(histories())
def test_times_are_no_part_of_the_state(history: list[Event]) -> None:
    later = [Event(e.offset, e.at + timedelta(days=3), e.payload, e.turn_id) for e in history]

    assert state_hash(fold(Room(), later)) == state_hash(fold(Room(), history))


@given(histories())
def test_every_fact_survives_the_way_to_json_and_back(history: list[Event]) -> None:
    for event in history:
        wire = msgspec.json.decode(msgspec.json.encode(event_codec.to_json(event.payload)))
        assert event_codec.from_json(event.type.value, wire) == event.payload


def test_a_reader_ignores_fields_it_does_not_know() -> None:
    stored = {"round": 3, "par": 59.0, "weather": "fair"}

    assert event_codec.from_json("round.started", stored) == ev.RoundStarted(3, 59.0)


def test_changes_are_from_and_to_on_the_wire() -> None:
    wire = event_codec.to_json(ev.HpChanged(100, 72, "no_number"))

    assert wire == {"from": 100, "to": 72, "reason": "no_number", "shielded": False}


@given(histories(), st.sampled_from(EventType), st.data())
def test_a_fact_without_a_line_in_the_tables_is_refused(
    history: list[Event], kind: EventType, data: st.DataObject
) -> None:
    room = fold(Room(), history)
    payload = data.draw(PAYLOAD_STRATEGIES[kind])
    is_allowed = (room.status, kind) in TRANSITIONS or (
        kind in IGNORED and room.status not in {Status.NEW, Status.SETTLED}
    )
    if not is_allowed:
        with pytest.raises(IllegalTransitionError):
            fold(room, [Event(room.offset + 1, BEGAN, payload)])


def test_a_gap_in_the_log_is_refused() -> None:
    with pytest.raises(IllegalTransitionError, match="offset 2 after 0"):
        fold(Room(), [Event(2, BEGAN, ev.GoalReached(1))])


def test_every_fact_has_a_payload_and_a_line_in_the_tables() -> None:
    in_tables = {kind for _, kind in TRANSITIONS} | IGNORED

    assert set(EventType) == set(PAYLOADS) == set(PAYLOAD_STRATEGIES)
    assert set(EventType) == in_tables


def test_final_turn_states_are_final() -> None:
    assert not [state for state, _ in TURN_TRANSITIONS if state in BROKEN_OFF | {TurnState.DONE}]


def test_a_fact_of_another_turn_is_refused() -> None:
    record = _record_with_a_turn()

    with pytest.raises(IllegalTransitionError, match="not the current turn"):
        record.add(ev.TurnQueued(1, 9), "t9")


def test_a_speaker_is_always_selected_for_a_turn() -> None:
    record = _record_with_a_turn()

    with pytest.raises(IllegalTransitionError, match="selected for a turn"):
        record.add(ev.TurnSpeakerSelected("ada", record.room.strategy, "opens"))


def test_segments_join_to_the_turns_text_and_its_end_replaces_it() -> None:
    record = _record_with_a_turn()
    record.add(ev.TurnQueued(0, 1), "t1")
    record.add(ev.TurnStarted("ada", "scripted", "m", "primary", 0.0, 1), "t1")
    record.add(ev.TurnSegment("What did ", 2), "t1")
    record.add(ev.TurnSegment("you do", 4), "t1")
    assert record.room.turn is not None
    assert (record.room.turn.text, record.room.turn.upto_seq) == ("What did you do", 4)

    record.add(ev.TurnDone("What did you do?", ev.Usage(), 10, 1.0), "t1")

    assert (record.room.turn.text, record.room.turn.state) == ("What did you do?", TurnState.DONE)
    assert record.room.may_answer
    assert not record.room.may_retry


def test_a_turn_cut_before_its_first_word_may_be_asked_again_but_not_answered() -> None:
    record = _record_with_a_turn()
    record.add(ev.TurnQueued(0, 1), "t1")
    record.add(ev.TurnCancelled("candidate", "", ev.Usage(), True, 0), "t1")

    assert record.room.may_retry
    assert not record.room.may_answer


def _record_with_a_turn() -> Record:
    record = Record(Room(), BEGAN)
    record.add(
        ev.RoomCreated(
            scenery="court",
            scenery_version=1,
            mode=Mode.SURVIVE,
            language="en",
            strategy=Strategy.SERIAL,
            seed=1,
            panel=["ada"],
            engine="scripted",
            ruleset="1",
            edition="e",
            hp=100,
            approval={"ada": 40},
            difficulty=2,
        )
    )
    record.add(ev.TurnSpeakerSelected("ada", Strategy.SERIAL, "opens"), "t1")
    return record


def test_a_degraded_turn_is_said_whole_and_remembers_it() -> None:
    record = _record_with_a_turn()
    record.add(ev.TurnQueued(9, 1), "t1")
    assert record.room.turn is not None
    assert record.room.turn.is_live

    record.add(ev.TurnDegraded("streamed", "whole_line", "queue_full"), "t1")

    assert record.room.turn.is_degraded


def test_a_stream_is_named_by_room_turn_and_epoch() -> None:
    room_id = UUID(int=5)
    speech = Speech(room_id, "t3", 4, "ada", "Well.", 28.0, 7)

    assert speech.stream_id == f"{room_id}.t3.4"


def test_paces_are_factors_on_the_personas_own() -> None:
    assert [pace.factor for pace in Pace] == [0.7, 1.0, 1.8]


def _scored(reaction: ev.Reaction | None) -> ev.AnswerScored:
    return ev.AnswerScored(60.0, 55.0, "rules", {}, [], [], "q 60", 1, "ada", reaction=reaction)


def _record_with_an_answer() -> Record:
    record = _record_with_a_turn()
    record.add(ev.TurnQueued(0, 1), "t1")
    record.add(ev.TurnStarted("ada", "scripted", "m", "primary", 0.0, 1), "t1")
    record.add(ev.TurnDone("Well?", ev.Usage(), 10, 1.0), "t1")
    record.add(ev.AnswerSubmitted("So.", "c"), "t1")
    return record


def test_a_line_said_is_remembered_and_silence_is_not() -> None:
    silent, spoken = _record_with_an_answer(), _record_with_an_answer()

    silent.add(_scored(None), "t1")
    spoken.add(_scored(ev.Reaction("ada", "mid", "Hm.", 2)), "t1")

    assert (silent.room.bags, spoken.room.bags) == ({}, {"ada/mid": [2]})


def test_a_side_line_that_fired_is_remembered_and_a_follow_up_is_not() -> None:
    record = _record_with_a_turn()

    record.add(ev.FollowupFired("f1", "no_number"), "t1")
    record.add(ev.FollowupFired("branch:streak.3", "streak.3"), "t1")

    assert record.room.fired_branches == ["streak.3"]
