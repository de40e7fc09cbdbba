"""How long an answer is, what is repeated counted once."""

from enum import StrEnum

from interview.domain.bilingual import Language
from interview.domain.reading.matching import tokens


class LengthBand(StrEnum):
    """How long an answer is, in characters (Chinese) or words (English)."""

    EMPTY = "empty"
    SHORT = "short"
    THIN = "thin"
    GOOD = "good"
    LONG = "long"
    RAMBLING = "rambling"


_BOUNDS: dict[Language, tuple[int, int, int, int]] = {
    "zh": (30, 120, 450, 700),
    "en": (15, 60, 220, 350),
}


def distinct_length(text: str, language: Language) -> int:
    """Return the length of a folded text, what is repeated counted once."""
    words = tokens(text)
    weight = [2 if language == "zh" and len(word) > 1 else 1 for word in words]
    seen: set[tuple[str, ...]] = set()
    length = 0
    for index, size in enumerate(weight):
        gram = tuple(words[max(0, index - 2) : index + 1])
        if gram not in seen:
            seen.add(gram)
            length += size
    return length


def band_of(length: int, language: Language) -> LengthBand:
    """Return the band of a length."""
    if length == 0:
        return LengthBand.EMPTY
    bands = (LengthBand.SHORT, LengthBand.THIN, LengthBand.GOOD, LengthBand.LONG)
    for bound, band in zip(_BOUNDS[language], bands, strict=True):
        if length < bound or (length == bound and band in {LengthBand.GOOD, LengthBand.LONG}):
            return band
    return LengthBand.RAMBLING
