"""The fact that an answer was scored, with everything needed to argue with it."""

from interview.domain import events as ev
from interview.domain.game.hearing import Hearing
from interview.domain.glyphs import glyph
from interview.domain.judgement import Effect, Marks, chance, judge
from interview.domain.judging.weighing import WEIGHED
from interview.domain.lines import band_of, react
from interview.domain.persona import Band
from interview.domain.position import Position
from interview.domain.questions import Question
from interview.domain.reading.reaching import Reach
from interview.domain.reading.triggers import Trigger
from interview.domain.room import Room
from interview.domain.scoring import HARMFUL, Score

TRAPS = frozenset({Trigger.CONTRADICTION, Trigger.PERFECT_NUMBER})
TRAP_MARGIN = 15.0


def answer_scored(
    room: Room, position: Position, hearing: Hearing, effect: Effect
) -> ev.AnswerScored:
    """Return the fact: marks, evidence, reaction, and what the answer did to the chances."""
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
        pressed=_pressed(answer.reach),
    )


def _pressed(reached: Reach | None) -> ev.Pressed | None:
    return ev.Pressed(reached.want, reached.outcome) if reached is not None else None


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
    band = band_of(score.q, room.par, score.triggers)
    return react(
        room,
        position,
        persona=room.thread.speaker,
        band=band,
        quote=_quoted(score, band),
        a=clash.was if clash else "",
        b=clash.said if clash else "",
    )


def _quoted(score: Score, band: Band) -> str:
    """Return the words to throw back: nobody mocks a figure that earned its points."""
    fitting = (e for e in score.evidence if band is not Band.LOW or e.rule in HARMFUL)
    return next((e.quote for e in fitting if e.quote), "")
