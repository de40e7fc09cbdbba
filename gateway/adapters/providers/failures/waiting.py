"""When to come back, read from wherever a vendor writes it."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from gateway.adapters.providers.failures.complaints import Complaint

_MONTH_SECONDS = 30 * 86400.0
_RESETS = ("x-ratelimit-reset-", "anthropic-ratelimit-")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|[smhd])")
_DURATION = re.compile(rf"(?:{_PART.pattern}\s*)+")
_IN_WORDS = re.compile(
    r"(?:retry|try again|wait)\s+(?:after|in|for)?\s*"
    r"(?P<wait>\d+(?:\.\d+)?)\s*(?P<unit>ms\b|millisecond|s\b|sec|m(?=\d|\b)|min|h(?=\d|\b)|hour)?"
    r"(?P<rest>(?:\d+(?:\.\d+)?(?:ms|[smh]))*)",
    re.IGNORECASE,
)


def retry_after_seconds(
    headers: Mapping[str, str], complaint: Complaint, *, now: float, is_limit: bool
) -> float | None:
    """Return the seconds to wait, None when nobody says.

    ``is_limit`` also reads when the vendor's windows begin anew, which is of interest only to
    somebody who has used one up. Names of headers are compared in lower case.
    """
    given = {name.lower(): value.strip() for name, value in headers.items()}
    found = _number(given.get("retry-after-ms", ""))
    if found is not None:
        return found / 1000
    asked = given.get("retry-after", "")
    for wait in (_number(asked), duration_seconds(asked), _until(asked, now)):
        if wait is not None:
            return wait
    return _said(complaint) if not is_limit else _limit_over(given, complaint, now)


def duration_seconds(text: str) -> float | None:
    """Return the seconds of ``6m0s``, ``12ms``, ``34.4s``; None when it is no duration."""
    if not _DURATION.fullmatch(text.strip()):
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))


def _limit_over(given: Mapping[str, str], complaint: Complaint, now: float) -> float | None:
    said = _said(complaint)
    if said is not None:
        return said
    reset = _number(given.get("x-ratelimit-reset", ""))
    if reset is not None:  # seconds, or the instant in seconds or milliseconds
        if reset < _MONTH_SECONDS:
            return reset
        return max(0.0, (reset / 1000 if reset > now * 100 else reset) - now)
    return _windows_over(given, now)


def _said(complaint: Complaint) -> float | None:
    delay = duration_seconds(complaint.delay)
    return delay if delay is not None else _in_words(complaint.message)


def _windows_over(given: Mapping[str, str], now: float) -> float | None:
    """Return when the window that is used up begins anew; the nearest when none says it is."""
    waits: list[float] = []
    used_up: list[float] = []
    for name, value in given.items():
        if not name.startswith(_RESETS) or "reset" not in name:
            continue
        wait = _first(duration_seconds(value), _number(value), _until(value, now))
        if wait is None:
            continue
        waits.append(wait)
        if _number(given.get(name.replace("reset", "remaining"), "")) == 0:
            used_up.append(wait)
    return max(used_up) if used_up else min(waits, default=None)


def _first(*found: float | None) -> float | None:
    return next((wait for wait in found if wait is not None), None)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return max(0.0, number) if math.isfinite(number) else None


def _until(text: str, now: float) -> float | None:
    """Return the seconds until a date as HTTP or RFC 3339 writes it."""
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            at = read(text)
        except ValueError:
            continue
        return max(0.0, (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now)
    return None


def _in_words(message: str) -> float | None:
    found = _IN_WORDS.search(message)
    if found is None:
        return None
    unit = (found["unit"] or "s").lower()
    short = "ms" if unit.startswith(("ms", "mil")) else unit[0]
    return float(found["wait"]) * _UNITS[short] + (duration_seconds(found["rest"]) or 0.0)
