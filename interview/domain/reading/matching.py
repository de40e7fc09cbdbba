"""Text folded for matching, which remembers where each character came from.

Rules look at the folded text (NFKC, lower case, no invisible characters, white space folded);
what they quote is always cut from the original, so that a quote can be underlined in it.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from interview.domain.bilingual import Language

_SHORT_STEM = 4
_INFLECTION = r"(?:s|es|d|n|y|er|ers|[a-z]?(?:ed|ing))?(?![a-z])"
_HAN = "\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_HAN}]|[a-z0-9][a-z0-9'’_.+#/-]*", re.IGNORECASE)
_HAN_CHARACTER = re.compile(rf"[{_HAN}]")
_LATIN_WORD = re.compile(r"[a-z0-9][a-z0-9'’_+#-]*", re.IGNORECASE)
_SENTENCE = re.compile(r"[^。！？!?;；\n]+")
_FULL_STOP = re.compile(r"(?<=[^\d\s])\.(?=\s|$)|(?<=\d)\.(?=\s|$)")
_CLAUSE_END = re.compile(r"(?<!\d),|,(?!\d{3})|[!?;。、|\n]|\.(?=\s|$)|(?<=\s)[-–—](?=\s)")


@dataclass(frozen=True, slots=True)
class Folded:
    """The text rules match against; ``starts[i]`` is where character i stood in ``origin``."""

    text: str
    origin: str
    starts: tuple[int, ...]

    def quote(self, start: int, end: int) -> str:
        """Return the original words behind ``text[start:end]``, trimmed."""
        first, last = self.span(start, end)
        return self.origin[first:last].strip()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the half-open place of ``text[start:end]`` in the original."""
        if end <= start:
            return 0, 0
        return self.starts[start], self.starts[end - 1] + 1

    def part(self, start: int, end: int) -> "Folded":
        """Return ``text[start:end]`` as a text of its own, which still quotes the original."""
        return Folded(self.text[start:end], self.origin, self.starts[start:end])


def fold(origin: str) -> Folded:
    """Return the text as the rules see it."""
    characters: list[str] = []
    starts: list[int] = []
    for index, character in enumerate(origin):
        for folded in _fold_character(character):
            if folded == " " and characters and characters[-1] in " \n":
                continue
            characters.append(folded)
            starts.append(index)
    return Folded("".join(characters), origin, tuple(starts))


def _fold_character(character: str) -> str:
    if character.isascii():
        if character.isspace():
            return "\n" if character == "\n" else " "
        return character.lower() if character.isprintable() else ""
    return _fold_rare(character)


@lru_cache(maxsize=8192)
def _fold_rare(character: str) -> str:
    if is_invisible(character):
        return ""
    if character.isspace():
        return "\n" if character in "\u2028\u2029\x85" else " "
    folded = unicodedata.normalize("NFKC", character).lower()
    return "".join(" " if part.isspace() else part for part in folded if not is_invisible(part))


def is_invisible(character: str) -> bool:
    """Return whether the character is drawn as nothing: zero width, bidi control, control code."""
    return unicodedata.category(character) in {"Cf", "Cc", "Cs", "Co", "Cn"} and not (
        character.isspace()
    )


def clean(text: str) -> str:
    """Return the text without invisible characters, its white space folded."""
    visible = "".join(c for c in text if c == "\n" or c.isspace() or not is_invisible(c))
    lines = (" ".join(line.split()) for line in visible.splitlines())
    return "\n".join(line for line in lines if line)


def language_of(text: str, fallback: Language) -> Language:
    """Return the language most of the text is written in."""
    n_han = len(_HAN_CHARACTER.findall(text))
    n_words = len(_LATIN_WORD.findall(text))
    if n_han + n_words == 0:
        return fallback
    return "zh" if n_han >= n_words else "en"


def tokens(text: str) -> list[str]:
    """Return the words of a folded text: Latin words and numbers whole, Chinese by character."""
    return _WORD.findall(text)


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Return the places of the sentences of a folded text."""
    for match in _SENTENCE.finditer(text):
        start = match.start()
        for stop in _FULL_STOP.finditer(text, match.start(), match.end()):
            yield start, stop.start()
            start = stop.end()
        if text[start : match.end()].strip():
            yield start, match.end()


def clauses(text: str) -> Iterator[tuple[int, int]]:
    """Return the places of the clauses of a folded text."""
    start = 0
    for match in _CLAUSE_END.finditer(text):
        if text[start : match.start()].strip():
            yield start, match.start()
        start = match.end()
    if text[start:].strip():
        yield start, len(text)


def merged(places: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return the places in order, those that touch grown into one."""
    whole: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if whole and start <= whole[-1][1]:
            whole[-1] = whole[-1][0], max(whole[-1][1], end)
        else:
            whole.append((start, end))
    return tuple(whole)


@lru_cache(maxsize=4096)
def terms(words: tuple[str, ...], *, is_whole: bool = True) -> re.Pattern[str]:
    """Return a pattern that finds any of the words in a folded text, the longest first.

    A Latin word must begin at a word's beginning; with ``is_whole`` it must end at an end, too.
    Without, it is a stem: "reconcil" finds "reconciled", but short "quit" not "quite".
    """
    groups: dict[str, list[str]] = {}
    for word in sorted({fold(word).text for word in words}, key=lambda w: (-len(w), w)):
        if word.strip():
            groups.setdefault(word[0], []).append(_rest(word, is_whole=is_whole))
    if not groups:
        return re.compile(r"(?!)")
    branches = (
        f"{_before(first)}{re.escape(first)}(?:{'|'.join(rests)})"
        for first, rests in groups.items()
    )
    initials = "".join(re.escape(first) for first in groups)
    return re.compile(f"(?=[{initials}])(?:{'|'.join(branches)})")


def _before(first: str) -> str:
    return r"(?<![a-z0-9])" if first.isascii() and first.isalnum() else ""


def _rest(word: str, *, is_whole: bool) -> str:
    """Return the pattern of a word after its first character."""
    rest, last = re.escape(word[1:]), word[-1]
    if not (last.isascii() and last.isalnum()):
        return rest
    if is_whole:
        return f"{rest}(?![a-z0-9])"
    return f"{rest}{_INFLECTION}" if last.isalpha() and len(word) <= _SHORT_STEM else rest


def keyed(table: Iterable[tuple[str, str]]) -> tuple[re.Pattern[str], dict[str, str]]:
    """Return a pattern for all words of a (key, words parted by |) table, and word -> key."""
    keys: dict[str, str] = {}
    for key, words in table:
        for word in words.split("|"):
            keys.setdefault(fold(word).text, key)
    return terms(tuple(keys)), keys
