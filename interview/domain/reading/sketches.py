"""Bounded fingerprints of a text: how much of one text stands in another."""

import zlib
from collections.abc import Collection, Sequence
from functools import lru_cache

from interview.domain.reading.matching import fold, tokens

GRAM = 4
SKETCH_SIZE = 96
MIN_GRAMS = 8


def grams(text: str) -> frozenset[int]:
    """Return the hashes of all runs of four words (Chinese: characters) of a folded text."""
    words = tokens(text)
    return frozenset(
        zlib.crc32(" ".join(words[i : i + GRAM]).encode()) for i in range(len(words) - GRAM + 1)
    )


def sketch(own: Collection[int]) -> tuple[int, ...]:
    """Return a sample of at most SKETCH_SIZE grams, the smallest, in order."""
    return tuple(sorted(own)[:SKETCH_SIZE])


@lru_cache(maxsize=64)
def grams_of_document(text: str) -> frozenset[int]:
    """Return the grams of a long text that is compared with again and again."""
    return grams(fold(text).text)


def share(own: Collection[int], other: Collection[int]) -> float:
    """Return the share of ``own`` that stands in ``other``; 0 for none."""
    return len(set(own) & set(other)) / max(len(own), 1)


def share_in(own: Collection[int], other: Collection[int]) -> float:
    """Return the share of ``own`` that stands in ``other``; 0 for a text too short to tell."""
    return share(own, other) if len(own) >= MIN_GRAMS else 0.0


def share_in_sketch(own: Collection[int], earlier: Sequence[int]) -> float:
    """Return the estimated share of ``own`` that stands in the text ``earlier`` was drawn from."""
    if len(earlier) < SKETCH_SIZE:
        return share_in(own, earlier)
    limit = max(earlier)
    return share_in([gram for gram in own if gram <= limit], earlier)
