"""Bare lists of words in a text: keywords to please a rule, and no prose."""

import re
from collections.abc import Iterator

from interview.domain.reading import pronouns
from interview.domain.reading.matching import tokens

_LIST_ITEM = re.compile(r"[^,、;。.!?\n]+")


def places(text: str) -> Iterator[tuple[int, int]]:
    """Yield the places of runs of four or more bare words or short phrases: keywords, no prose."""
    run: list[tuple[int, int]] = []
    for match in _LIST_ITEM.finditer(text):
        words = tokens(match[0])
        is_bare = len(words) <= (2 if match[0].isascii() else 4) and bool(words)
        if is_bare and not pronouns.count_i(match[0]):
            run.append(match.span())
            continue
        if len(run) >= 4:
            yield run[0][0], run[-1][1]
        run = []
    if len(run) >= 4:
        yield run[0][0], run[-1][1]


def blanked(text: str) -> str:
    """Return a folded text with its lists blanked out, every other character in its place."""
    kept: list[str] = []
    position = 0
    for start, end in places(text):
        kept += text[position:start], "\n" * (end - start)
        position = end
    return "".join([*kept, text[position:]])


def is_word_list(text: str) -> bool:
    """Return whether most of a folded text is no prose."""
    listed = sum(end - start for start, end in places(text))
    return listed * 2 > len(text)
