"""Which key points of a question an answer names, and which it says something about.

A word costs nothing: a point counts in full only where a number, an own action, a reason, a price
or a failure stands with it, in its clause or the one beside. The same frame around another word
("next, X is important because it matters") says nothing of either.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from interview.domain.questions import KeyPoint
from interview.domain.reading import word_lists
from interview.domain.reading.marks import arguments
from interview.domain.reading.matching import Folded, clauses, sentences, terms, tokens
from interview.domain.reading.quantities import Quantity

_MAX_MENTIONS = 8
_LEAST_WORDS = 4  # "I did X" says nothing of X
_NUMBER = re.compile(r"\d+")
_SEMICOLON = re.compile(r"[;；]")  # what stands on both sides of it belongs together
_STOP = re.compile(r"(?<!\d)\.(?!\d)")  # with a blank behind it or without

_Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Touched:
    """Ids of key points, in the question's order; what is argued is named, too."""

    named: tuple[str, ...] = ()
    argued: tuple[str, ...] = ()


def touched(
    folded: Folded, quantities: tuple[Quantity, ...], key_points: Sequence[KeyPoint]
) -> Touched:
    """Return the points a text touches; bare lists of words do not count."""
    prose = word_lists.blanked(folded.text)
    reading = _Reading(prose, arguments(folded, quantities))
    mentions = {point.id: list(_mentions(prose, point)) for point in key_points}
    frames = {point: list(reading.frames(places)) for point, places in mentions.items()}
    words_in: dict[str, set[str]] = {}
    for frame, word in (pair for pairs in frames.values() for pair in pairs):
        words_in.setdefault(frame, set()).add(word)
    return Touched(
        named=tuple(point for point, places in mentions.items() if places),
        argued=tuple(
            point
            for point, pairs in frames.items()
            if any(len(words_in[frame]) == 1 for frame, _ in pairs)
        ),
    )


def _mentions(prose: str, point: KeyPoint) -> Iterator[_Place]:
    found = terms(tuple(point.any), is_whole=False).finditer(prose)
    for match, _ in zip(found, range(_MAX_MENTIONS), strict=False):
        yield match.span()


class _Reading:
    """A text's clauses, sentences and arguments."""

    def __init__(self, prose: str, found: Sequence[_Place]) -> None:
        self._prose = prose
        self._arguments = found
        parted = _STOP.sub("\n", prose)
        self._clauses = list(clauses(parted))
        self._clause_starts = [start for start, _ in self._clauses]
        self._sentences = list(sentences(_SEMICOLON.sub(",", parted)))
        self._sentence_starts = [start for start, _ in self._sentences]

    def frames(self, mentions: Sequence[_Place]) -> Iterator[tuple[str, str]]:
        """Yield (what stands around a mention, its word) where that is an argument."""
        for mention in mentions:
            around = self._around(mention)
            frame = self._prose[around[0] : mention[0]] + "*" + self._prose[mention[1] : around[1]]
            frame = _NUMBER.sub("0", frame).strip()
            is_enough = len(tokens(frame)) >= _LEAST_WORDS or "0" in frame
            if is_enough and self._has_argument(around, mention):
                yield frame, self._prose[slice(*mention)]

    def _has_argument(self, around: _Place, mention: _Place) -> bool:
        return any(
            around[0] <= start < around[1] and not (mention[0] <= start and end <= mention[1])
            for start, end in self._arguments
        )

    def _around(self, mention: _Place) -> _Place:
        """Return the clause of a mention and its neighbours, within the sentence."""
        clause = bisect_right(self._clause_starts, mention[0]) - 1
        sentence = bisect_right(self._sentence_starts, mention[0]) - 1
        first, last = self._sentences[max(0, sentence)]
        before = self._clauses[max(0, clause - 1)]
        after = self._clauses[min(len(self._clauses) - 1, clause + 1)]
        return max(first, before[0]), max(mention[1], min(last, after[1]))
