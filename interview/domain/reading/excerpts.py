"""Which words of a line to hold up: the claim and enough around it to be understood."""

import re

_MOST_HAN, _MOST_LATIN = 40, 60  # a word takes more letters than characters
_HAN = re.compile(r"[\u3400-\u9fff]")

_LOOSE = (
    "a|an|the|to|of|in|on|at|by|for|from|with|and|or|as|into|than|that|which|while|per|its|after|"
    "since"
)
_LOOSE_END = re.compile(rf"(?: (?:{_LOOSE}))+ ?$")
_LOOSE_START = re.compile(rf"(?:[^\w$¥€£]+|(?:{_LOOSE}) )*")
_TAIL = re.compile(rf"(?: (?!(?:{_LOOSE})(?![a-z]))[a-z'-]{{1,14}}){{0,2}}")  # "63%" + " hit rate"
_BULLET = re.compile(r"[\s\-*•·●▪■◦‣>#|+~]*(?:\d{1,2}[.)、] ?)?[\s*_]*")


def longest(words: str) -> int:
    """Return how many characters of such words one may hold up: 40 of Chinese, 60 of English."""
    return _MOST_HAN if _HAN.search(words) else _MOST_LATIN


def excerpt(
    text: str, core: tuple[int, int], clause: tuple[int, int], *, is_forward: bool
) -> tuple[int, int]:
    """Return the place around ``core`` to quote: whole words of the clause, as many as allowed.

    is_forward: begin with the core itself. A longer core is quoted whole.
    """
    bullet = _BULLET.match(text, *clause)
    start, end = min(bullet.end() if bullet else clause[0], core[0]), max(clause[1], core[1])
    if is_forward:
        start = core[0]
    most = longest(text[start:end])
    if end - start <= most:
        return start, end
    follows = _TAIL.match(text, core[1], end)
    tail = follows.end() if follows else core[1]
    if tail - start <= most:
        cut = _word_end(text, start + most)
        return start, max(core[1], _without_loose_end(text, core[1], cut))
    first_kept = _word_start(text, max(tail - most, 0))
    begin = _LOOSE_START.match(text, first_kept)
    return min(core[0], begin.end() if begin else first_kept), tail


def _without_loose_end(text: str, start: int, end: int) -> int:
    """Return ``end`` moved back over words that lead on to what was cut off."""
    loose = _LOOSE_END.search(text, start, end)
    return loose.start() if loose else end


def _word_end(text: str, position: int) -> int:
    """Return ``position`` moved back out of a Latin word."""
    end = position
    while end and end < len(text) and _joins(text[end - 1]) and _joins(text[end]):
        end -= 1
    return end


def _word_start(text: str, position: int) -> int:
    """Return ``position`` moved on to the beginning of the next word."""
    start = position
    while 0 < start < len(text) and _joins(text[start - 1]) and _joins(text[start]):
        start += 1
    return start


def _joins(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character in "'-.")
