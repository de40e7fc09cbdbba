"""An answer as the panel hears it: read once, scored by every persona's weights."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from interview.domain import events as ev
from interview.domain.judgement import Marks
from interview.domain.judging.opinion import Opinion
from interview.domain.judging.weighing import weigh
from interview.domain.position import Position
from interview.domain.questions import Question
from interview.domain.reading.aims import Aim, aim_of
from interview.domain.reading.answers import Answer, read_answer
from interview.domain.reading.reaching import Outcome
from interview.domain.reading.triggers import Trigger
from interview.domain.room import Room, Thread
from interview.domain.scoring import Score, score_answer


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
        aim=_aim(room.thread, question),
    )
    credited = _credited(answer, room)
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


def _aim(thread: Thread, question: Question) -> Aim | None:
    """Return what the follow-up on the table asks for; None when it is the question itself."""
    if thread.depth == 0:
        return None
    asked = thread.used_followups[-1]
    followup = next(each for each in question.followups if each.id == asked)
    return aim_of(question, followup, claim=thread.claim or "")


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


_LACKS = frozenset(
    {
        Trigger.NO_NUMBER,
        Trigger.NUMBER_NO_BASELINE,
        Trigger.WE_NO_I,
        Trigger.NO_TRADEOFF,
        Trigger.NO_FAILURE_MODE,
    }
)


def _credited(answer: Answer, room: Room) -> Answer:
    """Return the answer with what the whole thread has said, if it answers or adds to that.

    Who answers a follow-up lacks only what was lacking before it.
    """
    is_met = answer.reach is not None and answer.reach.outcome is Outcome.MET
    flags = answer.flags
    if is_met:
        flags = tuple(f for f in flags if f not in _LACKS or f in room.last_triggers)
    covered = room.thread.covered if answer.key_points or is_met else ()
    return replace(
        answer,
        flags=flags,
        key_points=tuple(sorted({*answer.key_points, *covered})),
        argued=tuple(sorted({*answer.argued, *covered})),
    )
