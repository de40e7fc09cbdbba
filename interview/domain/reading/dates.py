"""Stretches of time in a text: since when, until when, and how many months that is."""

import re
from collections.abc import Iterator

from interview.domain.reading.matching import Folded

_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_MONTH_OF = {name: index + 1 for index, name in enumerate(_MONTHS.split("|"))}
_POINT = (
    r"(?:(?P<m{0}>" + _MONTHS + r")[a-z]{{0,6}}\.? ?,? ?)?(?P<y{0}>(?:19|20)\d\d)"
    r"(?: ?[年./-] ?(?P<n{0}>1[0-2]|0?[1-9])(?!\d)(?: ?月)?)?(?: ?年)?"
)
RANGE = re.compile(
    rf"(?<![\w.]){_POINT.format(1)} ?(?:-{{1,3}}|–|—+|~|至|到|to|until) ?"
    rf"(?:(?P<now>至今|今|现在|present|now|current|today)|{_POINT.format(2)})"
)


def date_ranges(folded: Folded) -> Iterator[tuple[str, float | None, int, int]]:
    """Yield (first year, months, start, end) of each date range in a folded text."""
    for match in RANGE.finditer(folded.text):
        yield match["y1"], months_of(match), match.start(), match.end()


def months_of(match: re.Match[str]) -> float | None:
    """Return the months a date range spans, both ends counted; None while it still runs."""
    if match["now"]:
        return None
    first = int(match["y1"]) * 12 + _month(match, "1", default=1)
    last = int(match["y2"]) * 12 + _month(match, "2", default=12)
    return float(max(0, last - first + 1))


def _month(match: re.Match[str], which: str, *, default: int) -> int:
    if match[f"m{which}"]:
        return _MONTH_OF[match[f"m{which}"]]
    return int(match[f"n{which}"] or default)
