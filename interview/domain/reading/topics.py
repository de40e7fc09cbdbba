"""The technologies and skills a text names."""

import re
from collections.abc import Iterator

from interview.domain.reading.lexicon import subjects
from interview.domain.reading.matching import Folded, keyed

_PATTERN, _KEY_OF = keyed((("", subjects.NO_SKILLS), *subjects.TECHNOLOGIES, *subjects.SKILLS))
_CASED = frozenset(subjects.CASED.split())


def named(folded: Folded, start: int = 0, end: int | None = None) -> Iterator[tuple[str, int, int]]:
    """Yield (key, start, end) of each topic named in this part of a folded text."""
    stop = len(folded.text) if end is None else end
    for match in _PATTERN.finditer(folded.text, start, stop):
        if _KEY_OF[match[0]] and _is_meant(folded, match):
            yield _KEY_OF[match[0]], match.start(), match.end()


def first_named(folded: Folded) -> dict[str, tuple[int, int]]:
    """Return the topics a folded text names, with where each is first named."""
    found: dict[str, tuple[int, int]] = {}
    for key, start, end in named(folded):
        found.setdefault(key, (start, end))
    return found


def _is_meant(folded: Folded, match: re.Match[str]) -> bool:
    """Return whether a word that is also plain English was written as a name."""
    return match[0] not in _CASED or folded.quote(match.start(), match.end()) != match[0]
