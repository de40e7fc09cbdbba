"""A candidate's moves: to take the seat, and to answer."""

from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime

from interview.domain import events as ev
from interview.domain import modes
from interview.domain.bilingual import Language
from interview.domain.errors import NotYourTurnError, RoomSettledError
from interview.domain.game.endings import settle
from interview.domain.game.hearing import Hearing, hear
from interview.domain.game.rounds import next_round
from interview.domain.game.scored import answer_scored
from interview.domain.judgement import Effect, judge
from interview.domain.orchestration import DIRECTED, available
from interview.domain.position import Position
from interview.domain.room import Record, Room, Status
from interview.domain.scenery import Mode, Strategy

RULESET = "2"  # raised whenever the same answers would have other results


@dataclass(frozen=True, slots=True)
class Opening:
    """What a new room is asked to be."""

    mode: Mode
    language: Language
    seed: int
    resume_id: str
    strategy: Strategy | None = None
    engine: str = "scripted"
    nickname: str = ""


def open_room(record: Record, position: Position, opening: Opening) -> None:
    """Seat the candidate and plan the first question."""
    scenery = position.scenery
    record.add(
        ev.RoomCreated(
            scenery=scenery.id,
            scenery_version=scenery.version,
            mode=opening.mode,
            language=opening.language,
            strategy=opening.strategy or scenery.strategy.default,
            seed=opening.seed,
            panel=list(scenery.panel),
            engine=opening.engine,
            ruleset=RULESET,
            edition=position.edition.id,
            hp=modes.MAX_HP,
            approval=dict.fromkeys(scenery.panel, scenery.approval.start),
            difficulty=scenery.difficulty.start,
            nickname=opening.nickname,
            max_rounds=scenery.approval.max_rounds,
            convinced_at=scenery.approval.convinced_at,
        )
    )
    record.add(_resume_parsed(position, opening.resume_id))
    next_round(record, position, answer="")


def take_answer(record: Record, position: Position, *, text: str, client_id: str) -> None:
    """Take the candidate's words: score them, let them act, end the game or plan the next turn."""
    check_may_answer(record.room)
    hearing = hear(record.room, position, text)
    take_hearing(record, position, hearing, text=text, client_id=client_id)


def check_may_answer(room: Room) -> None:
    """Raise RoomSettledError or NotYourTurnError when no answer can be taken now."""
    if room.status is Status.SETTLED:
        raise RoomSettledError("The verdict has fallen; this room takes no more answers.")
    if not room.may_answer:
        raise NotYourTurnError("The panel is not waiting for an answer.")


def take_hearing(
    record: Record, position: Position, hearing: Hearing, *, text: str, client_id: str
) -> None:
    """Let an answer act that has been heard and scored; simulated candidates come in here."""
    submit(record, text=text, client_id=client_id)
    score_hearing(record, position, hearing, text=text)


def submit(record: Record, *, text: str, client_id: str) -> None:
    """Take the candidate's words without weighing them yet; the room is scoring until then."""
    check_may_answer(record.room)
    record.add(ev.AnswerSubmitted(text=text, client_id=client_id), _turn_of(record.room))


def score_hearing(
    record: Record,
    position: Position,
    hearing: Hearing,
    *,
    text: str,
    suggestion: str | None = None,
) -> None:
    """Let the submitted answer act as heard: it ends the game, or the next turn is planned.

    suggestion: whom a director's model proposed to speak next; empty when it failed to.
    """
    room = record.room
    turn_id = _turn_of(room)
    effect = judge(room, position, hearing.marks)
    scored = answer_scored(room, position, hearing, effect)
    if hearing.answer.injections:
        first = list(hearing.answer.injections[0])
        record.add(ev.IntegrityInjection(span=first, n_seen=room.n_injections + 1), turn_id)
    record.add(scored, turn_id)
    _apply_effect(record, hearing.score.reason, effect)
    if effect.ended is not None:
        settle(record, *effect.ended)
    else:
        next_round(record, position, answer=text, suggestion=suggestion)


def director_choices(
    room: Room, position: Position, hearing: Hearing, *, text: str, at: datetime
) -> tuple[str, ...]:
    """Return whom a director may let speak after the submitted answer, in panel order.

    Empty when that is not a director's to decide: another strategy, a follow-up, somebody who
    has waited too long, the end.
    """
    if room.strategy is not Strategy.DIRECTOR:
        return ()
    trial = Record(deepcopy(room), at)
    score_hearing(trial, position, hearing, text=text)
    chosen = [e.payload for e in trial.events if isinstance(e.payload, ev.TurnSpeakerSelected)]
    if not chosen or chosen[-1].reason not in DIRECTED:
        return ()
    return tuple(p for p in available(trial.room) if p != room.thread.speaker)


def _apply_effect(record: Record, reason: str, effect: Effect) -> None:
    room = record.room
    if room.mode is Mode.SURVIVE:
        if effect.hp != room.hp or effect.used_shield:
            record.add(ev.HpChanged(room.hp, effect.hp, reason, shielded=effect.used_shield))
        if effect.reaches_goal and effect.ended is None:
            record.add(ev.GoalReached(round=room.round))
        return
    for persona in effect.unconvinced:
        record.add(ev.PersonaUnconvinced(persona))
    for persona, points in effect.approval.items():
        if points != room.approval[persona]:
            old = room.approval[persona]
            record.add(ev.ApprovalChanged(persona, old, points, reason))
    for persona in effect.newly_convinced:
        record.add(ev.PersonaConvinced(persona))
    for persona in effect.walked_out:
        record.add(ev.PersonaWalkedOut(persona))


def _turn_of(room: Room) -> str | None:
    return room.turn.id if room.turn is not None else None


def _resume_parsed(position: Position, resume_id: str) -> ev.ResumeParsed:
    weaknesses: dict[str, int] = {}
    for fact in position.resume.facts:
        for weakness in fact.weaknesses:
            weaknesses[weakness] = weaknesses.get(weakness, 0) + 1
    return ev.ResumeParsed(
        resume_id=resume_id,
        language=position.resume.language,
        n_facts=len(position.resume.facts),
        weaknesses=weaknesses,
    )
