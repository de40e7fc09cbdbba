"""A better answer by rules: the question's own frame, kept numbers, and what was left unsaid.

The frame's blanks are ``__``. A blank is filled only where the words around it say which of the
candidate's own numbers belongs there; nothing is ever made up.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from interview.domain.bilingual import Language, Text
from interview.domain.questions import Question
from interview.domain.reading.answers import Answer
from interview.domain.reading.lexicon.units import SECONDS
from interview.domain.reading.quantities import Quantity
from interview.domain.reading.resume import Fact

MAX_MISSING = 3

_BLANKS = re.compile(r"_{2,}")
_START = re.compile(
    r"(?:从|由|之前是|原来是|接手时是|原来|from|was|stood at|started at) ?$", re.IGNORECASE
)
_RESULT = re.compile(r"(?:到|至|现在是|变成|现在|to|now|reached|became) ?$", re.IGNORECASE)
_ON_TO = re.compile(rf"[^,.;，。；]*{_RESULT.pattern}", re.IGNORECASE)
_SPAN = re.compile(r" ?(?:天|周|个月|年|days?|weeks?|months?|years?)", re.IGNORECASE)
_UNITS = {
    "天": "day",
    "周": "week",
    "个月": "month",
    "年": "year",
    "day": "day",
    "week": "week",
    "month": "month",
    "year": "year",
}
_UNIT_AFTER = re.compile(r" ?(?:ms|毫秒|%|秒|s\b)", re.IGNORECASE)
_LEADING_NUMBER = re.compile(r"[$¥€£]?\d[\d,.]*\d|\d")


@dataclass(frozen=True, slots=True)
class Better:
    """A frame to say it in, the own numbers it kept, and the heaviest points not yet made."""

    text: str
    kept: tuple[str, ...]
    missing: tuple[Text, ...]


def better_answer(
    question: Question, answer: Answer, *, language: Language, fact: Fact | None = None
) -> Better:
    """Return the question's frame with the candidate's numbers, and up to three points to add.

    fact: the claim under attack; its number stands in when the answer named none.
    """
    frame = question.better.pick(language)
    pool = _Pool(answer, fact)
    kept: list[str] = []
    pieces: list[str] = []
    position = 0
    for blank in _BLANKS.finditer(frame):
        behind = frame[blank.end() :]
        words = pool.take(frame[position : blank.start()], _BLANKS.split(behind, maxsplit=1))
        pieces += [frame[position : blank.start()], words or blank[0]]
        kept += [words] if words else []
        position = blank.end()
    pieces.append(frame[position:])
    return Better("".join(pieces), tuple(kept), missing_points(question, answer.key_points))


def missing_points(question: Question, hit: Sequence[str]) -> tuple[Text, ...]:
    """Return the labels of the heaviest key points not touched, three at most."""
    missing = [point for point in question.key_points if point.id not in hit]
    return tuple(p.label for p in sorted(missing, key=lambda p: -p.weight)[:MAX_MISSING])


class _Pool:
    """The candidate's own numbers, each handed out once."""

    def __init__(self, answer: Answer, fact: Fact | None) -> None:
        self._answer = answer
        self._starts = [q for q in answer.numbers if q.is_start and q.unit]
        self._spans = [q for q in answer.numbers if q.unit in SECONDS and not q.key]
        self._results = [
            q for q in answer.numbers if q.unit and not q.is_start and q not in self._spans
        ]
        self._fact = fact.said if fact is not None else ""
        self._is_under_way = False  # a "to __" takes a result only where a "from __" went before

    def take(self, before: str, behind: list[str]) -> str:
        """Return the words for a blank, by what stands before it and up to the next; "" for none.

        Only a pair, from here to there, takes a start and a result: a lone "was __" may mean
        anything.
        """
        after = behind[0]
        span = _SPAN.match(after)
        if span:
            return self._span(span[0].strip().lower().rstrip("s"))
        if _START.search(before) and len(behind) > 1 and _ON_TO.fullmatch(after):
            self._is_under_way = True
            return self._fitted(self._next(self._starts), after)
        if _RESULT.search(before) and self._is_under_way:
            self._is_under_way = False
            words = self._next(self._results) or self._fact
            self._fact = ""
            return self._fitted(words, after)
        return ""

    def _span(self, unit: str) -> str:
        for number in self._spans:
            if number.unit == _UNITS[unit]:
                self._spans.remove(number)
                return f"{number.value:g}"
        return ""

    def _next(self, numbers: list[Quantity]) -> str:
        if not numbers:
            return ""
        number = numbers.pop(0)
        return self._answer.quote(number)

    @staticmethod
    def _fitted(words: str, after: str) -> str:
        """Return the words without their unit when the frame brings its own."""
        number = _LEADING_NUMBER.match(words)
        return number[0] if number and _UNIT_AFTER.match(after) else words
