"""The score of an answer: six dimensions from evidence, weighted, capped and explained.

q = 25 * sum(weight * level) / sum(weight), then the length rule, the honesty rule and the caps.
Every signal saturates: saying a thing twice, or at length, earns nothing more. Evidence carries a
verbatim quote where there are words to show; an empty quote means that something is missing.
"""

from interview.domain.scoring.findings import BESIDE_THE_POINT, MAX_LEVEL, Evidence
from interview.domain.scoring.marking import CAPS, HONEST_FLOOR, Score, restated, score_answer
from interview.domain.scoring.reasons import HARMFUL, rule_labels

__all__ = [
    "BESIDE_THE_POINT",
    "CAPS",
    "HARMFUL",
    "HONEST_FLOOR",
    "MAX_LEVEL",
    "Evidence",
    "Score",
    "restated",
    "rule_labels",
    "score_answer",
]
