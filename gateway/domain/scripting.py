"""The pacing of a spoken text: which bits, and how long before each.

The same text, pace and seed give the same plan. The joined bits are the text, no bit ends
inside a character as people see it, and the delays add up to the text's length over its pace:
a speaker who rests at a full stop is quicker in between.
"""

import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

WIDEST_LATIN_CHUNK = 4
WIDEST_IDEOGRAPH_CHUNK = 2
SENTENCE_REST_CHARACTERS = 9.0
CLAUSE_REST_CHARACTERS = 3.0
JITTER = 0.3

_SENTENCE_ENDS = frozenset(".!?。！？…")
_CLAUSE_ENDS = frozenset(",;:，；：、—")
_JOINER = "\u200d"
_FIRST_WIDE = 0x2E80
_FIRST_COMBINING = 0x300  # below it only a newline can belong to the character before
_REGIONAL = range(0x1F1E6, 0x1F200)
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_TAGS = range(0xE0020, 0xE0080)
_TRAILING_JAMO = range(0x1160, 0x1200)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A bit of text and the silence before it."""

    text: str
    delay_seconds: float


def clusters(text: str) -> Iterator[str]:
    """Yield the text in characters as people see them: base, accents, joined emoji, flags."""
    start = 0
    for index in range(1, len(text)):
        if not _continues(text, start, index):
            yield text[start:index]
            start = index
    if text:
        yield text[start:]


def pacing(text: str, *, pace_cps: float, seed: int) -> tuple[Chunk, ...]:
    """Return the chunks of the text, paced at ``pace_cps`` characters a second on average."""
    roll = random.Random(seed)
    bits = tuple(_bits(text, roll))
    weights: list[float] = []
    rest = 0.0
    for bit in bits:
        weights.append((len(bit) + rest) * roll.uniform(1 - JITTER, 1 + JITTER))
        rest = _rest_after(bit)
    scale = len(text) / pace_cps / sum(weights) if weights else 0.0
    return tuple(Chunk(bit, weight * scale) for bit, weight in zip(bits, weights, strict=True))


def _bits(text: str, roll: random.Random) -> Iterator[str]:
    bit = ""
    room = 0
    for cluster in clusters(text):
        if not bit:
            is_wide = ord(cluster[0]) >= _FIRST_WIDE
            room = roll.randint(1, WIDEST_IDEOGRAPH_CHUNK if is_wide else WIDEST_LATIN_CHUNK)
        bit += cluster
        room -= 1
        if room == 0 or cluster.isspace() or cluster[0] in _SENTENCE_ENDS:
            yield bit
            bit = ""
    if bit:
        yield bit


def _rest_after(bit: str) -> float:
    last = bit.rstrip()[-1:]
    if last in _SENTENCE_ENDS and last:
        return SENTENCE_REST_CHARACTERS
    return CLAUSE_REST_CHARACTERS if last in _CLAUSE_ENDS and last else 0.0


def _continues(text: str, start: int, index: int) -> bool:
    """Return whether the code point at ``index`` belongs to the cluster begun at ``start``."""
    here, before = text[index], text[index - 1]
    code = ord(here)
    if code < _FIRST_COMBINING and before != _JOINER:
        return before == "\r" and here == "\n"
    if code in _REGIONAL:
        return ord(before) in _REGIONAL and (index - start) % 2 == 1
    return (
        before == _JOINER
        or here == _JOINER
        or code in _SKIN_TONES
        or code in _TAGS
        or code in _TRAILING_JAMO
        or unicodedata.category(here).startswith("M")
    )
