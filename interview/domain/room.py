"""The room: what the log adds up to, and which fact may follow which state.

`fold` is the only way a state comes about. ``TRANSITIONS`` moves the room's status, the table in
`interview.domain.turn` moves the current turn; a fact that neither allows raises.
"""

import hashlib
import json
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import singledispatch
from typing import cast

from interview.domain import events as ev
from interview.domain import modes
from interview.domain.bilingual import Language
from interview.domain.errors import IllegalTransitionError
from interview.domain.events import Event, EventType, Payload, Result
from interview.domain.scenery import Mode, Strategy
from interview.domain.turn import TURN_TRANSITIONS, Turn, TurnState


class Status(StrEnum):
    """Whose move it is."""

    NEW = "new"
    INTERVIEWING = "interviewing"
    AWAITING_ANSWER = "awaiting_answer"
    SCORING = "scoring"
    SETTLED = "settled"


class WinReason(StrEnum):
    """Why a room was won."""

    GOAL_REACHED = "goal_reached"
    PANEL_CONVINCED = "panel_convinced"


class Engine(StrEnum):
    """Who finds the panel's words."""

    SCRIPTED = "scripted"
    MODEL = "model"


class Pace(StrEnum):
    """How fast the panel speaks, as a factor on each persona's own pace."""

    CALM = "calm"
    NORMAL = "normal"
    BRISK = "brisk"

    @property
    def factor(self) -> float:
        """Return the factor on characters per second."""
        return {Pace.CALM: 0.7, Pace.NORMAL: 1.0, Pace.BRISK: 1.8}[self]


_ENDS_A_TURN = (
    EventType.TURN_DONE,
    EventType.TURN_CANCELLED,
    EventType.TURN_FAILED,
)

TRANSITIONS: dict[tuple[Status, EventType], Status] = {
    (Status.NEW, EventType.ROOM_CREATED): Status.INTERVIEWING,
    (Status.NEW, EventType.ROOM_FORKED): Status.INTERVIEWING,
    **{(Status.INTERVIEWING, ended): Status.AWAITING_ANSWER for ended in _ENDS_A_TURN},
    (Status.INTERVIEWING, EventType.TURN_REJECTED): Status.AWAITING_ANSWER,
    (Status.AWAITING_ANSWER, EventType.TURN_REJECTED): Status.AWAITING_ANSWER,
    (Status.AWAITING_ANSWER, EventType.TURN_SPEAKER_SELECTED): Status.INTERVIEWING,
    (Status.AWAITING_ANSWER, EventType.ANSWER_SUBMITTED): Status.SCORING,
    (Status.SCORING, EventType.ANSWER_SCORED): Status.INTERVIEWING,
    (Status.INTERVIEWING, EventType.ROOM_SETTLED): Status.SETTLED,
    (Status.AWAITING_ANSWER, EventType.ROOM_SETTLED): Status.SETTLED,
    (Status.SCORING, EventType.ROOM_SETTLED): Status.SETTLED,
}

# Facts that leave the status alone; legal in any room that has begun and is not settled.
IGNORED = frozenset(
    {
        EventType.RESUME_PARSED,
        EventType.SETTINGS_CHANGED,
        EventType.ROUND_STARTED,
        EventType.GOAL_REACHED,
        EventType.TURN_SPEAKER_SELECTED,
        EventType.TURN_PLANNED,
        EventType.TURN_QUEUED,
        EventType.TURN_STARTED,
        EventType.TURN_FIRST_TOKEN,
        EventType.TURN_SEGMENT,
        EventType.TURN_DEGRADED,
        EventType.FOLLOWUP_FIRED,
        EventType.HINT_TAKEN,
        EventType.HP_CHANGED,
        EventType.APPROVAL_CHANGED,
        EventType.PERSONA_CONVINCED,
        EventType.PERSONA_UNCONVINCED,
        EventType.PERSONA_WALKED_OUT,
        EventType.INTEGRITY_INJECTION,
        EventType.CHECKPOINT_SAVED,
    }
)


@dataclass(slots=True)
class Thread:
    """The root question being pursued and how far into it the panel is."""

    question_id: str = ""
    speaker: str = ""
    fact_id: str | None = None
    claim: str | None = None
    trigger: str | None = None
    depth: int = 0
    used_followups: list[str] = field(default_factory=list)
    covered: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Room:
    """The folded state of one room. Only `fold` changes it."""

    offset: int = 0
    status: Status = Status.NEW
    scenery: str = ""
    scenery_version: int = 0
    mode: Mode = Mode.SURVIVE
    language: Language = "en"
    strategy: Strategy = Strategy.SERIAL
    pace: Pace = Pace.NORMAL
    difficulty: int = 2
    engine: str = "scripted"
    seed: int = 0
    ruleset: str = ""
    edition: str = ""
    nickname: str = ""
    max_rounds: int = 12
    convinced_at: int = 70
    panel: list[str] = field(default_factory=list)
    round: int = 0
    par: float = 0.0
    rounds_answered: int = 0
    hp: int = 100
    hp_at_last_round: int = 100
    approval: dict[str, int] = field(default_factory=dict)
    convinced: list[str] = field(default_factory=list)
    walked_out: list[str] = field(default_factory=list)
    has_asked: list[str] = field(default_factory=list)
    pool: list[str] = field(default_factory=list)
    root_asked_at: dict[str, int] = field(default_factory=dict)
    n_roots: int = 0
    turn: Turn | None = None
    n_turns: int = 0
    thread: Thread = field(default_factory=Thread)
    planned_text: str = ""
    asked: list[str] = field(default_factory=list)
    asked_tags: list[str] = field(default_factory=list)
    spent_facts: list[str] = field(default_factory=list)
    fired_branches: list[str] = field(default_factory=list)
    bags: dict[str, list[int]] = field(default_factory=dict)
    claims: dict[str, float] = field(default_factory=dict)
    sketches: list[list[int]] = field(default_factory=list)
    streak: int = 0
    shielded: bool = False
    level_bonus: int = 0
    n_injections: int = 0
    n_contradictions: int = 0
    n_good: int = 0
    n_hints: int = 0
    hinted: list[str] = field(default_factory=list)
    goal_reached: bool = False
    last_triggers: list[str] = field(default_factory=list)
    result: Result | None = None
    reason: str = ""
    score: int = 0

    @property
    def may_answer(self) -> bool:
        """Return whether the candidate has heard something and is expected to reply."""
        return (
            self.status is Status.AWAITING_ANSWER and self.turn is not None and bool(self.turn.text)
        )

    @property
    def may_retry(self) -> bool:
        """Return whether the last turn broke off and may be asked again."""
        return (
            self.status is Status.AWAITING_ANSWER
            and self.turn is not None
            and self.turn.state in {TurnState.CANCELLED, TurnState.FAILED, TurnState.REJECTED}
        )

    @property
    def is_ranked(self) -> bool:
        """Return whether the run may enter a board: three injections end that."""
        return self.n_injections < modes.INJECTIONS_TO_UNRANK


KEPT_SKETCHES = 24
# An answer that admission refused belongs to no turn.
_MAY_LACK_A_TURN = frozenset({EventType.TURN_REJECTED})
_MOVES_A_TURN = frozenset(kind for _, kind in TURN_TRANSITIONS)


def fold(room: Room, events: Iterable[Event]) -> Room:
    """Return the state after ``events``, leaving ``room`` as it was.

    Events must continue the log without a gap. Raises IllegalTransitionError on a gap or on a
    fact that may not follow.
    """
    room = deepcopy(room)
    for event in events:
        advance(room, event)
    return room


def advance(room: Room, event: Event) -> None:
    """Change ``room`` by the next event of its log; for callers that own the state they pass."""
    if event.offset != room.offset + 1:
        raise IllegalTransitionError(f"offset {event.offset} after {room.offset}")
    _move(room, event)
    _apply(event.payload, room)
    room.offset = event.offset


@dataclass(slots=True)
class Record:
    """A room and the facts decided on it so far; owns the room it is given."""

    room: Room
    at: datetime
    events: list[Event] = field(default_factory=list)

    def add(self, payload: Payload, turn_id: str | None = None) -> None:
        """Place the fact next in the log; raise IllegalTransitionError when it may not follow."""
        event = Event(self.room.offset + 1, self.at, payload, turn_id)
        advance(self.room, event)
        self.events.append(event)


def state_hash(room: Room) -> str:
    """Return the SHA-256 of the state in canonical JSON, as hex; times are no part of it."""
    canonical = json.dumps(asdict(room), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _move(room: Room, event: Event) -> None:
    """Change status and turn together, or neither."""
    status, turn = _next_status(room, event), _next_turn(room, event)
    room.status, room.turn = status, turn


def _next_status(room: Room, event: Event) -> Status:
    status = TRANSITIONS.get((room.status, event.type))
    if status is not None:
        return status
    if event.type in IGNORED and room.status not in {Status.NEW, Status.SETTLED}:
        return room.status
    raise IllegalTransitionError(f"{event.type} cannot follow {room.status}")


def _next_turn(room: Room, event: Event) -> Turn | None:
    kind = event.type
    if kind is EventType.TURN_SPEAKER_SELECTED:
        return _selected(room, event)
    if kind not in _MOVES_A_TURN or (kind in _MAY_LACK_A_TURN and event.turn_id is None):
        return room.turn
    if room.turn is None or room.turn.id != event.turn_id:
        raise IllegalTransitionError(f"{kind} for {event.turn_id}, which is not the current turn")
    return room.turn.moved(kind)


def _selected(room: Room, event: Event) -> Turn:
    if event.turn_id is None or not isinstance(event.payload, ev.TurnSpeakerSelected):
        raise IllegalTransitionError("a speaker is selected for a turn")
    number = room.n_turns + 1
    return Turn(event.turn_id, number=number, speaker=event.payload.speaker, epoch=number)


def _current(room: Room) -> Turn:
    return cast("Turn", room.turn)  # `_next_turn` let no fact of a turn pass without one


@singledispatch
def _apply(_event: Payload, _room: Room) -> None:
    """Change the room by one fact; a fact without a handler is for readers only."""


@_apply.register
def _speaker_selected(event: ev.TurnSpeakerSelected, room: Room) -> None:
    room.n_turns += 1
    if event.speaker not in room.has_asked:
        room.has_asked.append(event.speaker)


@_apply.register
def _room_created(event: ev.RoomCreated, room: Room) -> None:
    room.scenery, room.scenery_version = event.scenery, event.scenery_version
    room.mode, room.language, room.strategy = event.mode, event.language, event.strategy
    room.seed, room.engine, room.ruleset = event.seed, event.engine, event.ruleset
    room.edition, room.nickname = event.edition, event.nickname
    room.panel, room.approval = list(event.panel), dict(event.approval)
    room.hp = room.hp_at_last_round = event.hp
    room.difficulty = event.difficulty
    room.max_rounds, room.convinced_at = event.max_rounds, event.convinced_at


@_apply.register
def _room_settled(event: ev.RoomSettled, room: Room) -> None:
    room.result, room.reason, room.score = event.result, event.reason, event.score


@_apply.register
def _settings_changed(event: ev.SettingsChanged, room: Room) -> None:
    room.strategy = event.strategy or room.strategy
    room.pace = Pace(event.pace) if event.pace else room.pace
    room.difficulty = event.difficulty or room.difficulty
    room.language = event.language or room.language


@_apply.register
def _round_started(event: ev.RoundStarted, room: Room) -> None:
    room.round, room.par = event.round, event.par


@_apply.register
def _goal_reached(event: ev.GoalReached, room: Room) -> None:
    room.goal_reached = True


@_apply.register
def _planned(event: ev.TurnPlanned, room: Room) -> None:
    room.planned_text = event.text
    if event.intent == "repeat":
        return
    if event.intent == "follow_up" and event.followup_id is not None:
        room.thread.depth, room.thread.trigger = event.depth, event.trigger
        room.thread.used_followups.append(event.followup_id)
        return
    room.thread = Thread(
        question_id=event.question_id,
        speaker=event.speaker,
        fact_id=event.fact_id,
        claim=event.claim,
        trigger=event.trigger,
    )
    room.asked.append(event.question_id)
    room.asked_tags.extend(tag for tag in event.tags if tag not in room.asked_tags)
    room.pool = [event.speaker] if event.speaker in room.pool else [*room.pool, event.speaker]
    room.n_roots += 1
    room.root_asked_at[event.speaker] = room.n_roots
    if event.fact_id is not None:
        room.spent_facts.append(event.fact_id)
    if event.intent == "escalate":
        room.level_bonus += 1


@_apply.register
def _queued(event: ev.TurnQueued, room: Room) -> None:
    room.turn = replace(_current(room), epoch=event.epoch)


@_apply.register
def _started(event: ev.TurnStarted, room: Room) -> None:
    room.turn = replace(_current(room), provider=event.provider)


@_apply.register
def _degraded(_event: ev.TurnDegraded, room: Room) -> None:
    room.turn = replace(_current(room), is_degraded=True)


@_apply.register
def _segment(event: ev.TurnSegment, room: Room) -> None:
    turn = _current(room)
    room.turn = replace(turn, text=turn.text + event.text, upto_seq=event.upto_seq)


@_apply.register
def _done(event: ev.TurnDone, room: Room) -> None:
    room.turn = replace(_current(room), text=event.text)


@_apply.register
def _broken_off(event: ev.TurnCancelled | ev.TurnFailed, room: Room) -> None:
    room.turn = replace(_current(room), text=event.kept_text)


@_apply.register
def _answer_scored(event: ev.AnswerScored, room: Room) -> None:
    room.rounds_answered += 1
    room.last_triggers = list(event.triggers)
    room.thread.covered = sorted({*room.thread.covered, *event.key_points})
    room.claims = room.claims | event.claims
    room.sketches = [*room.sketches, event.sketch][-KEPT_SKETCHES:]
    room.n_contradictions += event.contradictions
    room.n_good += event.glyph.startswith("!")
    room.streak = modes.next_streak(room.streak, q=event.q, par=event.par)
    room.shielded = room.shielded or modes.earns_shield(room.streak)
    if event.reaction is not None:
        bag = f"{event.reaction.persona}/{event.reaction.band}"
        used = room.bags.get(bag, [])
        line = event.reaction.line
        room.bags[bag] = [line] if line in used else [*used, line]


@_apply.register
def _followup_fired(event: ev.FollowupFired, room: Room) -> None:
    if event.id.startswith("branch:"):
        room.fired_branches.append(event.id.removeprefix("branch:"))


@_apply.register
def _hint_taken(event: ev.HintTaken, room: Room) -> None:
    room.n_hints += 1
    room.hinted.append(event.question_id)


@_apply.register
def _hp_changed(event: ev.HpChanged, room: Room) -> None:
    room.hp = event.new
    if event.new > 0:
        room.hp_at_last_round = event.new
    if event.shielded:
        room.shielded = False


@_apply.register
def _approval_changed(event: ev.ApprovalChanged, room: Room) -> None:
    room.approval[event.persona] = event.new


@_apply.register
def _convinced(event: ev.PersonaConvinced, room: Room) -> None:
    room.convinced.append(event.persona)


@_apply.register
def _unconvinced(event: ev.PersonaUnconvinced, room: Room) -> None:
    room.convinced.remove(event.persona)


@_apply.register
def _walked_out(event: ev.PersonaWalkedOut, room: Room) -> None:
    room.walked_out.append(event.persona)


@_apply.register
def _injection(event: ev.IntegrityInjection, room: Room) -> None:
    room.n_injections = event.n_seen
