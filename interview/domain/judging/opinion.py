"""A judge's answer read with suspicion: a level counts only with words that were really said."""

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from interview.domain.judging.inquiry import bare
from interview.domain.persona import Dimension
from interview.domain.reading.matching import is_invisible
from interview.domain.scoring import MAX_LEVEL

MIN_QUOTE = 4  # folded characters; fewer are found in any text
MAX_REPLY_CHARACTERS = 20_000


class GarbledError(Exception):
    """The reply is no verdict: no JSON of the form asked for, or somebody else's."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """The judge's levels that stand, with their quotes, and the dimensions whose do not."""

    levels: Mapping[Dimension, int]
    quotes: Mapping[Dimension, str]
    rejected: tuple[Dimension, ...] = ()


def read_opinion(reply: str, *, answer: str, mark: str) -> Opinion:
    """Return the opinion; raise GarbledError when the reply holds none.

    A level above 0 needs a quote that stands in the answer, white space and width aside. A level
    without one is rejected, and the rules' own level stands in its place.
    """
    marks = _dimensions(_object(reply), mark)
    said = _folded(bare(answer))
    levels: dict[Dimension, int] = {}
    quotes: dict[Dimension, str] = {}
    rejected: list[Dimension] = []
    for dimension in Dimension:
        level, quote = _mark(marks.get(dimension.value))
        if level is None or (level > 0 and not _is_said(quote, said)):
            rejected.append(dimension)
            continue
        levels[dimension] = level
        if level > 0:
            quotes[dimension] = quote
    return Opinion(levels, quotes, tuple(rejected))


def _object(reply: str) -> Mapping[str, object]:
    """Return the JSON object in the reply, which may be wrapped in words or a code fence."""
    text = reply[:MAX_REPLY_CHARACTERS]
    start, end = text.find("{"), text.rfind("}")
    try:
        found: object = json.loads(text[start : end + 1]) if 0 <= start < end else None
    except (ValueError, RecursionError) as error:
        raise GarbledError from error
    if not isinstance(found, dict):
        raise GarbledError
    return found


def _dimensions(found: Mapping[str, object], mark: str) -> Mapping[str, object]:
    dimensions = found.get("dimensions")
    if found.get("nonce") != mark or not isinstance(dimensions, dict):
        raise GarbledError
    return dimensions


def _mark(found: object) -> tuple[int | None, str]:
    if not isinstance(found, dict):
        return None, ""
    level, quote = found.get("level"), found.get("quote")
    if not isinstance(level, int) or isinstance(level, bool) or not 0 <= level <= MAX_LEVEL:
        return None, ""
    return level, quote if isinstance(quote, str) else ""


def _is_said(quote: str, said: str) -> bool:
    folded = _folded(quote)
    return len(folded) >= MIN_QUOTE and folded in said


def _folded(text: str) -> str:
    """Return the text without white space, width, case and quotation marks."""
    normal = unicodedata.normalize("NFKC", text).casefold()
    return "".join(
        c for c in normal if not (c.isspace() or is_invisible(c) or c in "\"'“”‘’「」『』…")
    )
