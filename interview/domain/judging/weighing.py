"""How far a judge's opinion counts: q = 0.4 rules + 0.6 judge, the judge within 25 of the rules.

So the judge moves a mark by 15 at most, whatever it says and whoever made it say that. An answer
the rules have capped, or that spoke to the machinery, is not put to a judge at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from interview.domain.events import Judged
from interview.domain.judging.opinion import Opinion
from interview.domain.persona import Dimension
from interview.domain.reading.answers import Answer
from interview.domain.reading.triggers import Trigger
from interview.domain.scoring import BESIDE_THE_POINT, HONEST_FLOOR, Score, restated

RULES_SHARE = 0.4
MAX_DISTANCE = 25.0
WEIGHED = "weighed"
CAPPED = "capped"
INJECTION = "injection"
GARBLED = "garbled"


@dataclass(frozen=True, slots=True)
class Weighed:
    """A score as it stands after the judge was heard."""

    score: Score
    judged: Judged


def why_not_asked(answer: Answer, score: Score) -> str:
    """Return why the rules decide alone; empty when a judge may be asked.

    Whether an answer is beside the point the rules know by its words; there a judge may differ.
    """
    if answer.injections:
        return INJECTION
    return CAPPED if set(score.caps) - {BESIDE_THE_POINT} else ""


def weigh(
    score: Score,
    opinion: Opinion,
    *,
    answer: Answer,
    weights: Mapping[Dimension, int],
    par: float,
    n_votes: int = 1,
) -> Weighed:
    """Return the score with the opinion weighed in, by one persona's weights.

    ``n_votes`` is how many judges the opinion is of.
    """
    levels = {d: opinion.levels.get(d, level) for d, level in score.levels.items()}
    total = sum(weights.get(d, 0) for d in levels) or 1
    wanted = 25 * sum(weights.get(d, 0) * level for d, level in levels.items()) / total
    heard = max(score.q - MAX_DISTANCE, min(score.q + MAX_DISTANCE, wanted))
    q = RULES_SHARE * score.q + (1 - RULES_SHARE) * heard
    if Trigger.HONEST_UNKNOWN in answer.flags:
        q = max(q, HONEST_FLOOR)
    q = round(max(0.0, min(100.0, q)), 1)
    note = f"rules {score.q:g} x{RULES_SHARE:g} + judge {heard:g} x{1 - RULES_SHARE:g}"
    return Weighed(
        score=restated(score, q=q, par=par, note=note),
        judged=Judged(
            outcome=WEIGHED,
            q_rules=score.q,
            q=round(wanted, 1),
            levels={d.value: level for d, level in opinion.levels.items()},
            quotes={d.value: quote for d, quote in opinion.quotes.items()},
            rejected=[d.value for d in opinion.rejected],
            is_clamped=heard != wanted,
            n_votes=n_votes,
        ),
    )
