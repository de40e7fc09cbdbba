"""Several judges of one answer: when they are called, and what they say together.

One judge is enough for most answers. Where a few points more or less would settle something, more
are asked, and of each level the median counts. A chair nobody fills is the rules'; with fewer than
two judges the rules decide alone: a close call is not one voice's to make.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median_low

from interview.domain.judgement import Effect, Marks, judge
from interview.domain.judging.opinion import Opinion
from interview.domain.persona import Dimension
from interview.domain.position import Position
from interview.domain.room import Room

CLOSE_POINTS = 3.0
FEWEST_VOTES = 2
UNCONFIRMED = "unconfirmed"


def is_close_call(room: Room, position: Position, marks: Marks) -> bool:
    """Return whether so few points of q decide if the game ends or whom it wins or loses."""
    outcomes = {
        _settled(judge(room, position, _shifted(marks, by)))
        for by in (-CLOSE_POINTS, 0.0, CLOSE_POINTS)
    }
    return len(outcomes) > 1


def verdict_of(
    votes: Sequence[Opinion], *, rules: Mapping[Dimension, int], n_chairs: int
) -> Opinion:
    """Return the opinion of the judges together: of each dimension the median level.

    A level that a judge gave without a true quote is nobody's vote; the rules' own level sits in
    every chair that is left empty. The quote is that of the first judge who gave the level.
    """
    levels: dict[Dimension, int] = {}
    quotes: dict[Dimension, str] = {}
    rejected: list[Dimension] = []
    for dimension, own in rules.items():
        given = [vote for vote in votes if dimension in vote.levels]
        if not given:
            rejected.append(dimension)
            continue
        said = [vote.levels[dimension] for vote in given]
        level = median_low([*said, *[own] * (n_chairs - len(said))])
        levels[dimension] = level
        quoted = [vote.quotes[dimension] for vote in given if _gave(vote, dimension, level)]
        if quoted:
            quotes[dimension] = quoted[0]
    return Opinion(levels, quotes, tuple(rejected))


def _gave(vote: Opinion, dimension: Dimension, level: int) -> bool:
    return vote.levels[dimension] == level and dimension in vote.quotes


def _shifted(marks: Marks, by: float) -> Marks:
    shifted = {persona: min(100.0, max(0.0, q + by)) for persona, q in marks.by_persona.items()}
    return replace(marks, by_persona=shifted)


def _settled(effect: Effect) -> tuple[object, ...]:
    """Return what of an effect cannot be made good by the next answer."""
    return (
        effect.ended,
        effect.newly_convinced,
        effect.unconvinced,
        effect.walked_out,
        effect.reaches_goal,
    )
