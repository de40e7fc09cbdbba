"""A follow-up answered: graded by what it asked for, and by nothing else.

What answers it earns relevance. The dimension that was asked about is graded by the words that
answer and by the detail that stands with them; consistency always counts; the rest was not asked
for and is left out. So a short exact answer is a full one, and what is said beside it earns
nothing.
"""

from interview.domain.persona import Dimension
from interview.domain.reading.aims import Want
from interview.domain.reading.reaching import Outcome, Reach
from interview.domain.scoring.findings import MAX_LEVEL, Evidence, Grade, quotes

ANSWERS, LEFT_ASIDE, UNTOLD = "answers", "left_aside", "untold"
OUTCOMES = {Outcome.MET: ANSWERS, Outcome.MISSED: LEFT_ASIDE, Outcome.OPEN: UNTOLD}

ASKED_ABOUT = {
    Want.NUMBER: Dimension.SPECIFICITY,
    Want.MOMENT: Dimension.SPECIFICITY,
    Want.OWNER: Dimension.OWNERSHIP,
    Want.REASON: Dimension.DEPTH,
    Want.DETAIL: Dimension.DEPTH,
}
_LEAST = {Want.NUMBER: 2, Want.MOMENT: 2, Want.OWNER: 1, Want.REASON: 1, Want.DETAIL: 1}
_EXACT = frozenset({Want.NUMBER, Want.MOMENT})


def graded(reached: Reach) -> dict[Dimension, Grade]:
    """Return the grades that answering a follow-up earns: for the point, and for what was asked.

    A number or a day can be exact alone; a name, a reason or a thing needs a detail with it.
    """
    relevance, asked = Dimension.RELEVANCE, ASKED_ABOUT[reached.want]
    is_full = reached.is_sure and (reached.want in _EXACT or reached.n_details > 0)
    level = _LEAST[reached.want] + is_full + min(reached.n_details, 2)
    answer = [Evidence(relevance, reached.quote.quote, ANSWERS)] if reached.quote else []
    return {
        relevance: Grade(MAX_LEVEL - 1 + is_full, tuple(answer)),
        asked: Grade(min(level, MAX_LEVEL), tuple(quotes(asked, reached.marks[:3]))),
    }
