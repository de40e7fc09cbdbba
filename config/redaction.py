"""What may stand in a log line.

Two rules. A field is written as it is only if it is listed here, or is a number: nobody can log a
prompt, an answer or a résumé by giving it a new name. And every piece of text that is written
passes the masks for keys, tokens, passwords and addresses.
"""

import re
from collections.abc import Mapping

from structlog.typing import EventDict, WrappedLogger

_LONGEST = 300

#: Who and where, what was decided, and the machine: words of ours, never of a player.
ALLOWED_FIELDS = frozenset(
    """
    event level logger timestamp component exception trace_id span_id request_id room_id turn_id
    stream_id persona speaker interviewer scenery mode language user_id outcome state status reason
    route_decision route_policy fallback_reason admission reject_reason cancel_source cancel_phase
    breaker_state error_type error_code sqlstate subject finish by trigger strategy engine provider
    model policy queue decision result code rule_id question_id intent tier band method path route
    client task task_id job worker version host process thread command file schedule signal
    """.split()  # noqa: SIM905  a list of a hundred quoted words is harder to read
)

_MASKS = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), r"\1 [masked]"),
    (re.compile(r"\b(?:sk|pk|hs|rk)[-_][\w-]{8,}"), "[masked]"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), "[masked]"),
    (
        re.compile(
            r"(?i)\b((?:[\w-]*[_-])?(?:api[_-]?key|key|token|secret|password|passwd|pwd|signature"
            r"|authorization|cookie|sessionid))(\"?\s*[=:]\s*\"?)(?!\[masked)[^\s\"'&,;]+"
        ),
        r"\1\2[masked]",
    ),
    (re.compile(r"(?<=://)[^\s/@:]*:[^\s/@]+(?=@)"), "[masked]"),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), "[address]"),
)


def mask(text: str) -> str:
    """Return the first line of a text, of bounded length, without secrets and addresses.

    Databases and validators put the offending row or input below the first line of a message.
    """
    line = text.strip().partition("\n")[0]
    if len(line) > _LONGEST:
        line = f"{line[:_LONGEST]}[cut, {len(line)} characters]"
    for pattern, replacement in _MASKS:
        line = pattern.sub(replacement, line)
    return line


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Return the line with unlisted text withheld and everything else masked; the last step."""
    return {name: _permitted(name, value) for name, value in event.items()}


def _permitted(name: str, value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if name == "exception":
        return value
    if name not in ALLOWED_FIELDS:
        return f"[withheld, {len(str(value))} characters]"
    return mask(str(value))


def exception_summary(
    kind: type[BaseException], value: BaseException, frames: list[Mapping[str, object]]
) -> dict[str, object]:
    """Return an exception without its locals and without the lines that quote data."""
    return {"type": kind.__name__, "message": mask(str(value)), "frames": frames}
