"""Histories of rooms for property tests: any order of facts the tables allow, and no other."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from interview.domain import events as ev
from interview.domain.errors import IllegalTransitionError
from interview.domain.events import Event, EventType, Payload, Result
from interview.domain.room import Record, Room
from interview.domain.scenery import Mode, Strategy

PANEL = ["ada", "ben", "cy"]
BEGAN = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

_words = st.text(min_size=0, max_size=12)
_person = st.sampled_from(PANEL)
_points = st.integers(0, 100)
_usage = st.builds(ev.Usage, st.integers(0, 99), st.integers(0, 99), st.booleans())

PAYLOAD_STRATEGIES: dict[EventType, st.SearchStrategy[Payload]] = {
    EventType.ROOM_CREATED: st.builds(
        ev.RoomCreated,
        scenery=st.just("court"),
        scenery_version=st.just(1),
        mode=st.sampled_from(Mode),
        language=st.sampled_from(["zh", "en"]),
        strategy=st.sampled_from(Strategy),
        seed=st.integers(0, 99),
        panel=st.just(PANEL),
        engine=st.just("scripted"),
        ruleset=st.just("1"),
        edition=st.just("e"),
        hp=st.just(100),
        approval=st.just(dict.fromkeys(PANEL, 40)),
        difficulty=st.integers(1, 5),
    ),
    EventType.ROOM_FORKED: st.builds(ev.RoomForked, _words, st.integers(1, 9), _words),
    EventType.ROOM_SETTLED: st.builds(
        ev.RoomSettled, st.sampled_from(Result), _words, st.integers(0, 999), st.integers(0, 30)
    ),
    EventType.RESUME_PARSED: st.builds(
        ev.ResumeParsed, _words, st.just("en"), st.integers(0, 9), st.just({})
    ),
    EventType.SETTINGS_CHANGED: st.builds(
        ev.SettingsChanged,
        strategy=st.none() | st.sampled_from(Strategy),
        pace=st.none() | st.sampled_from(["calm", "normal", "brisk"]),
        difficulty=st.none() | st.integers(1, 5),
        language=st.none() | st.sampled_from(["zh", "en"]),
    ),
    EventType.ROUND_STARTED: st.builds(ev.RoundStarted, st.integers(1, 30), st.floats(0, 100)),
    EventType.GOAL_REACHED: st.builds(ev.GoalReached, st.integers(1, 30)),
    EventType.TURN_SPEAKER_SELECTED: st.builds(
        ev.TurnSpeakerSelected, _person, st.sampled_from(Strategy), _words
    ),
    EventType.TURN_PLANNED: st.builds(
        ev.TurnPlanned,
        speaker=_person,
        intent=st.sampled_from(["root", "follow_up", "escalate", "branch", "repeat"]),
        question_id=st.sampled_from(["q.a", "q.b", "q.c"]),
        text=_words,
        trigger=st.none() | st.just("no_number"),
        followup_id=st.none() | st.just("f1"),
        fact_id=st.none() | st.just("F1"),
        depth=st.integers(0, 3),
        tags=st.lists(st.sampled_from(["x", "y"]), max_size=2),
    ),
    EventType.TURN_QUEUED: st.builds(ev.TurnQueued, st.integers(0, 9), st.integers(1, 30)),
    EventType.TURN_STARTED: st.builds(
        ev.TurnStarted, _person, _words, _words, _words, st.floats(0, 1), st.integers(1, 30)
    ),
    EventType.TURN_FIRST_TOKEN: st.builds(ev.TurnFirstToken, st.integers(0, 999)),
    EventType.TURN_SEGMENT: st.builds(ev.TurnSegment, _words, st.integers(0, 99)),
    EventType.TURN_DONE: st.builds(
        ev.TurnDone, _words, _usage, st.integers(0, 999), st.floats(0, 99)
    ),
    EventType.TURN_CANCELLED: st.builds(
        ev.TurnCancelled, _words, _words, _usage, st.booleans(), st.integers(0, 999)
    ),
    EventType.TURN_FAILED: st.builds(ev.TurnFailed, _words, st.booleans(), _words),
    EventType.TURN_REJECTED: st.builds(ev.TurnRejected, _words, st.integers(1, 60)),
    EventType.TURN_DEGRADED: st.builds(ev.TurnDegraded, _words, _words, _words),
    EventType.ANSWER_SUBMITTED: st.builds(ev.AnswerSubmitted, _words, _words),
    EventType.ANSWER_SCORED: st.builds(
        ev.AnswerScored,
        q=st.floats(0, 100),
        par=st.floats(0, 100),
        tier=st.just("rules"),
        dimensions=st.just({"depth": 2}),
        evidence=st.lists(st.builds(ev.Evidence, _words, _words, _words), max_size=2),
        caps=st.just([]),
        explain=_words,
        round=st.integers(1, 30),
        persona=_person,
        triggers=st.lists(st.sampled_from(["no_number", "strong"]), max_size=2),
        key_points=st.lists(st.sampled_from(["k1", "k2"]), max_size=2),
        sketch=st.lists(st.integers(0, 99), max_size=4),
        claims=st.dictionaries(st.sampled_from(["a", "b"]), st.floats(0, 9), max_size=2),
        contradictions=st.integers(0, 2),
        reaction=st.none() | st.builds(ev.Reaction, _person, _words, _words, st.integers(0, 7)),
        glyph=st.sampled_from(["", "?", "??", "!", "!!"]),
    ),
    EventType.FOLLOWUP_FIRED: st.builds(
        ev.FollowupFired, st.sampled_from(["f1", "branch:streak.3"]), _words
    ),
    EventType.HINT_TAKEN: st.builds(ev.HintTaken, _words),
    EventType.HP_CHANGED: st.builds(ev.HpChanged, _points, _points, _words, st.booleans()),
    EventType.APPROVAL_CHANGED: st.builds(ev.ApprovalChanged, _person, _points, _points, _words),
    EventType.PERSONA_CONVINCED: st.builds(ev.PersonaConvinced, _person),
    EventType.PERSONA_UNCONVINCED: st.builds(ev.PersonaUnconvinced, _person),
    EventType.PERSONA_WALKED_OUT: st.builds(ev.PersonaWalkedOut, _person),
    EventType.INTEGRITY_INJECTION: st.builds(
        ev.IntegrityInjection, st.just([0, 4]), st.integers(1, 5)
    ),
    EventType.CHECKPOINT_SAVED: st.builds(ev.CheckpointSaved, _words),
}

_OF_A_TURN = frozenset(kind for kind in EventType if kind.value.startswith("turn."))


@st.composite
def histories(draw: st.DrawFn, max_events: int = 60) -> list[Event]:
    """Draw a legal history: each fact is one the room allows at that point."""
    record = Record(Room(), BEGAN)
    record.add(draw(PAYLOAD_STRATEGIES[EventType.ROOM_CREATED]))
    for kind in draw(st.lists(st.sampled_from(EventType), max_size=max_events)):
        _try_to_add(record, draw(PAYLOAD_STRATEGIES[kind]))
    return record.events


def _try_to_add(record: Record, payload: Payload) -> None:
    record.at += timedelta(seconds=1)
    if payload.type is EventType.PERSONA_UNCONVINCED and not record.room.convinced:
        return
    if payload.type is EventType.PERSONA_UNCONVINCED:
        payload = ev.PersonaUnconvinced(record.room.convinced[0])
    try:
        record.add(payload, _turn_of(record.room, payload))
    except IllegalTransitionError:
        return


def _turn_of(room: Room, payload: Payload) -> str | None:
    if payload.type is EventType.TURN_SPEAKER_SELECTED:
        return f"t{room.n_turns + 1}"
    return room.turn.id if room.turn is not None and payload.type in _OF_A_TURN else None
