"""A call's arguments that come value by value, each with its place: ``$.stops[0].name``."""

import re
from collections.abc import Iterable, Iterator

import msgspec

from gateway.adapters.providers.gemini.events import Partial
from gateway.domain.errors import UpstreamError

MOST_ITEMS = 10_000  # a list longer than that is a mistake of the vendor's, or worse
MOST_STEPS = 64

_STEP = re.compile(
    r"""\.(?P<name>[^.\[\]]+) | \[(?P<index>\d+)\]
      | \['(?P<single>(?:[^'\\]|\\.)*)'\] | \["(?P<double>(?:[^"\\]|\\.)*)"\]""",
    re.VERBOSE,
)
_ESCAPED = re.compile(r"\\(.)")

Value = object
Step = str | int


class Arguments:
    """Arguments being put together."""

    def __init__(self) -> None:
        self._root: dict[str, Value] = {}
        self._growing: tuple[Step, ...] | None = None  # the text that the next value continues

    def take(self, partials: Iterable[Partial]) -> None:
        """Put the values where they belong; raise UpstreamError for a place there cannot be."""
        for partial in partials:
            path = tuple(_steps(partial.json_path))
            value = _value(partial)
            if path == self._growing and isinstance(value, str):
                value = f"{self._found(path)}{value}"
            self._put(path, value)
            self._growing = path if partial.will_continue else None

    def json(self) -> str:
        """Return all of them as JSON."""
        return msgspec.json.encode(self._root).decode()

    def _found(self, path: tuple[Step, ...]) -> Value:
        place: Value = self._root
        for step in path:
            place = place[step]  # type: ignore[index]
        return place

    def _put(self, path: tuple[Step, ...], value: Value) -> None:
        place: Value = self._root
        for step, next_step in zip(path, (*path[1:], None), strict=True):
            held = _held(place, step)
            if next_step is None:
                held = value
            elif not isinstance(held, dict | list):
                held = [] if isinstance(next_step, int) else {}
            place[step] = held  # type: ignore[index]
            place = held


def _held(place: Value, step: Step) -> Value:
    """Return what is at the step, after making room for it."""
    if isinstance(place, dict) and isinstance(step, str):
        return place.get(step)
    if isinstance(place, list) and isinstance(step, int) and step < MOST_ITEMS:
        place.extend([None] * (step + 1 - len(place)))
        return place[step]
    raise _misplaced()


def _steps(path: str) -> Iterator[Step]:
    """Yield the keys and indexes of a path below its root."""
    at = int(path.startswith("$"))
    n_steps = 0
    while at < len(path):
        found = _STEP.match(path, at)
        n_steps += 1
        if found is None or n_steps > MOST_STEPS:
            raise _misplaced()
        at = found.end()
        if found["index"] is not None:
            yield int(found["index"][:9])
        else:
            quoted = found["single"] if found["single"] is not None else found["double"]
            yield found["name"] if quoted is None else _ESCAPED.sub(r"\1", quoted)
    if n_steps == 0:
        raise _misplaced()


def _value(partial: Partial) -> Value:
    told: tuple[Value, ...] = (partial.string_value, partial.number_value, partial.bool_value)
    return next((value for value in told if value is not None), None)


def _misplaced() -> UpstreamError:
    return UpstreamError("an argument stands where none can", raw_code="malformed_event")
