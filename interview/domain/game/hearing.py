"""An answer as the panel hears it: read once, scored by every persona's weights."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from interview.domain import events as ev
from interview.domain.judgement import Marks
from interview.domain.judging.opinion import Opinion
from interview.domain.judging.weighing import weigh
from interview.domain.position import Position
from interview.domain.questions import Question
from interview.domain.reading.answers import Answer, read_answer
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
