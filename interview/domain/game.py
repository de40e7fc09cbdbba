"""The game's decisions: a command and a room in, the facts that follow out.

Nothing here writes, waits or looks at a clock; ``at`` is an argument. Each decision returns the
events in order, already placed in the log, and the room they lead to.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime

from interview.domain import events as ev
from interview.domain import modes
from interview.domain.bilingual import Language
from interview.domain.errors import NothingToRetryError, NotYourTurnError, RoomSettledError
from interview.domain.events import Result
from interview.domain.glyphs import glyph
from interview.domain.judgement import Effect, Marks, chance, judge
from interview.domain.judging.opinion import Opinion
from interview.domain.judging.weighing import WEIGHED, weigh
from interview.domain.lines import band_of, react
from interview.domain.orchestration import DIRECTED, Choice, Reason, available, choose_speaker
from interview.domain.planning import Planner
from interview.domain.position import Position
from interview.domain.questions import Question
from interview.domain.reading.answers import Answer, read_answer
from interview.domain.reading.triggers import Trigger
from interview.domain.room import Record, Room, Status, Thread, WinReason
from interview.domain.scenery import Mode, Strategy
from interview.domain.scoring import Score, score_answer

RULESET = "1"
TRAPS = frozenset({Trigger.CONTRADICTION, Trigger.PERFECT_NUMBER})
TRAP_MARGIN = 15.0


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


@dataclass(frozen=True, slots=True)
class Hearing:
    """The answer as read and scored, for every persona's weights.

    ``judged`` is what a judge's model had to say; None where there is none in the room.
    """

    question: Question
    answer: Answer
    scores: Mapping[str, Score]
    marks: Marks
    judged: ev.Judged | None = None

    @property
    def score(self) -> Score:
        """Return the score by the weights of whoever asked."""
        return self.scores[self.marks.asker]


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
    _next_round(record, position, answer="")


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
    scored = _scored(room, position, hearing, effect)
    if hearing.answer.injections:
        first = list(hearing.answer.injections[0])
        record.add(ev.IntegrityInjection(span=first, n_seen=room.n_injections + 1), turn_id)
    record.add(scored, turn_id)
    _apply_effect(record, hearing.score.reason, effect)
    if effect.ended is not None:
        _settle(record, *effect.ended)
    else:
        _next_round(record, position, answer=text, suggestion=suggestion)


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


def repeat_turn(record: Record) -> None:
    """Plan the same question again, after a turn that was cut short, failed or was refused."""
    room = record.room
    if not room.may_retry or room.turn is None:
        raise NothingToRetryError("The last question was asked to the end.")
    thread, last = room.thread, room.turn
    turn_id = _new_turn(record, Choice(last.speaker, Reason.REPEATS))
    record.add(
        ev.TurnPlanned(
            speaker=last.speaker,
            intent="repeat",
            question_id=thread.question_id,
            text=room.planned_text,
            fact_id=thread.fact_id,
            claim=thread.claim,
            depth=thread.depth,
        ),
        turn_id,
    )


def leave(record: Record) -> None:
    """Leave the seat: with the win when the goal is reached, else the room counts as abandoned."""
    if record.room.status is Status.SETTLED:
        raise RoomSettledError("The verdict has fallen already.")
    if record.room.goal_reached:
        _settle(record, Result.WON, WinReason.GOAL_REACHED)
    else:
        _settle(record, Result.ABANDONED, modes.FailureReason.ABANDONED)


def time_out(record: Record) -> None:
    """Close a room nobody came back to."""
    if record.room.goal_reached:
        _settle(record, Result.WON, WinReason.GOAL_REACHED)
    else:
        _settle(record, Result.ABANDONED, modes.FailureReason.TIMEOUT)


def hear(room: Room, position: Position, text: str) -> Hearing:
    """Return the answer as the panel hears it: read once, scored by every persona's weights."""
    question = position.edition.questions[room.thread.question_id]
    answer = read_answer(
        text,
        question=question,
        resume=position.resume,
        language=room.language,
        earlier=[tuple(sketch) for sketch in room.sketches],
        claims=room.claims,
    )
    credited = replace(
        answer,
        key_points=_credited(answer, answer.key_points, room.thread),
        argued=_credited(answer, answer.argued, room.thread),
    )
    scores = {
        persona: score_answer(
            credited,
            question=question,
            weights=position.persona(persona).weights,
            par=room.par,
        )
        for persona in room.panel
    }
    return Hearing(
        question=question,
        answer=answer,
        scores=scores,
        marks=Marks(
            asker=room.thread.speaker,
            by_persona={persona: score.q for persona, score in scores.items()},
            is_contradiction=bool(answer.contradictions),
            is_injection=bool(answer.injections),
        ),
    )


def with_opinion(
    room: Room, position: Position, hearing: Hearing, opinion: Opinion, *, n_votes: int = 1
) -> Hearing:
    """Return the hearing with an opinion of so many judges weighed in, by everybody's weights."""
    weighed = {
        persona: weigh(
            score,
            opinion,
            answer=hearing.answer,
            weights=position.persona(persona).weights,
            par=room.par,
            n_votes=n_votes,
        )
        for persona, score in hearing.scores.items()
    }
    marks = {persona: each.score.q for persona, each in weighed.items()}
    return replace(
        hearing,
        scores={persona: each.score for persona, each in weighed.items()},
        marks=replace(hearing.marks, by_persona=marks),
        judged=weighed[hearing.marks.asker].judged,
    )


def without_opinion(hearing: Hearing, outcome: str) -> Hearing:
    """Return the hearing as the rules have it, with a note why no judge counted."""
    judged = ev.Judged(outcome, q_rules=hearing.score.q)
    return replace(hearing, judged=judged)


def _credited(answer: Answer, own: tuple[str, ...], thread: Thread) -> tuple[str, ...]:
    """Return the key points to count: those of the whole thread, if the answer adds to them."""
    if not answer.key_points:
        return ()
    return tuple(sorted({*own, *thread.covered}))


def _scored(room: Room, position: Position, hearing: Hearing, effect: Effect) -> ev.AnswerScored:
    score, answer = hearing.score, hearing.answer
    before = chance(room)
    best = judge(room, position, _best(room, hearing.question)).chance
    return ev.AnswerScored(
        q=score.q,
        par=room.par,
        tier=_tier(hearing),
        dimensions={dimension.value: value for dimension, value in score.levels.items()},
        evidence=[ev.Evidence(e.dimension, e.quote, e.rule) for e in score.evidence],
        caps=list(score.caps),
        explain=score.explain,
        round=room.round,
        persona=room.thread.speaker,
        triggers=list(score.triggers),
        key_points=list(answer.argued),
        sketch=list(answer.sketch),
        claims=dict(answer.claims),
        contradictions=len(answer.contradictions),
        reaction=_reaction(room, position, hearing),
        glyph=glyph(
            before=before,
            after=effect.chance,
            best=best,
            is_trap_beaten=_is_trap(room) and score.q >= room.par + TRAP_MARGIN,
        ),
        verdict_before=round(before, 1),
        verdict_after=round(effect.chance, 1),
        judged=hearing.judged,
    )


def _tier(hearing: Hearing) -> str:
    is_weighed = hearing.judged is not None and hearing.judged.outcome == WEIGHED
    return "model" if is_weighed else "rules"


def _best(room: Room, question: Question) -> Marks:
    best = float(question.best_q)
    return Marks(asker=room.thread.speaker, by_persona=dict.fromkeys(room.panel, best))


def _is_trap(room: Room) -> bool:
    return room.thread.trigger in TRAPS


def _reaction(room: Room, position: Position, hearing: Hearing) -> ev.Reaction:
    score, answer = hearing.score, hearing.answer
    clash = answer.contradictions[0] if answer.contradictions else None
    return react(
        room,
        position,
        persona=room.thread.speaker,
        band=band_of(score.q, room.par, score.triggers),
        quote=next((e.quote for e in score.evidence if e.quote), ""),
        a=clash.was if clash else "",
        b=clash.said if clash else "",
    )


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


def _next_round(
    record: Record, position: Position, *, answer: str, suggestion: str | None = None
) -> None:
    room = record.room
    number = room.round + 1
    par = modes.survive_par(number) if room.mode is Mode.SURVIVE else modes.convince_par(number)
    record.add(ev.RoundStarted(round=number, par=par))
    choice, plan = next_plan(room, position, answer=answer, suggestion=suggestion)
    turn_id = _new_turn(record, choice)
    if plan.trigger is not None and plan.followup_id is not None:
        record.add(ev.FollowupFired(id=plan.followup_id, trigger=plan.trigger), turn_id)
    record.add(plan, turn_id)


def next_plan(
    room: Room, position: Position, *, answer: str, suggestion: str | None = None
) -> tuple[Choice, ev.TurnPlanned]:
    """Return who speaks next and what they ask: a follow-up, a side line, or a root question."""
    planner = Planner(room, position)
    speaker = room.thread.speaker
    if room.n_roots and speaker not in room.convinced:
        follow_up = planner.follow_up(room.last_triggers)
        if follow_up is not None:
            return Choice(speaker, Reason.FOLLOWS_UP), follow_up
    choice = choose_speaker(
        room, position, answer=answer, sharpness=planner.best_worth, suggestion=suggestion
    )
    for trigger in _plot_triggers(room):
        branch = planner.branch(choice.speaker, trigger)
        if branch is not None:
            return choice, branch
    return choice, planner.root(choice.speaker)


def _plot_triggers(room: Room) -> Sequence[str]:
    streak = [f"streak.{room.streak}"] if room.streak else []
    return [*room.last_triggers, *streak]


def coming_turn(room: Room) -> tuple[str, int]:
    """Return the id and the epoch of the turn that will be planned next."""
    number = room.n_turns + 1
    return f"t{number}", number


def _new_turn(record: Record, choice: Choice) -> str:
    turn_id, _ = coming_turn(record.room)
    record.add(
        ev.TurnSpeakerSelected(
            speaker=choice.speaker,
            strategy=record.room.strategy,
            reason=choice.reason,
            fallback=choice.fallback,
        ),
        turn_id,
    )
    return turn_id


def _settle(record: Record, result: Result, reason: str) -> None:
    room = record.room
    if room.mode is Mode.SURVIVE:
        score = modes.survive_score(
            rounds=room.rounds_answered,
            hp=room.hp_at_last_round,
            n_good=room.n_good,
            n_hints=room.n_hints,
        )
    else:
        score = modes.convince_score(
            is_won=result is Result.WON,
            rounds=room.rounds_answered,
            approval=room.approval,
            n_hints=room.n_hints,
            max_rounds=room.max_rounds,
            convinced_at=room.convinced_at,
        )
    record.add(
        ev.RoomSettled(
            result=result,
            reason=str(reason),
            score=score,
            rounds=room.rounds_answered,
            ranked=room.is_ranked,
        )
    )


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
