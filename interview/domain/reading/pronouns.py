"""Who did it: the candidate, or all of them."""

import re

from interview.domain.reading.lexicon import wording
from interview.domain.reading.matching import terms

_I_ZH = re.compile(r"我(?!们)")
_I_EN = re.compile(rf"(?<![a-z'])(?:{wording.FIRST_PERSON_EN})(?![a-z'])")
_WE = terms(tuple(wording.FIRST_PLURAL.split("|")))


def count_i(text: str) -> int:
    """Return how often a folded text says I."""
    return len(_I_ZH.findall(text)) + len(_I_EN.findall(text))


def count_we(text: str) -> int:
    """Return how often a folded text says we."""
    return len(_WE.findall(text))
