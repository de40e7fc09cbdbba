"""What vendors send, one quirk per file, written down from the rules of their formats.

A file says what the case is ``about``, the ``stream`` as it comes over the wire and the
``deltas`` it has to become; ``error`` is the class and the raw code of the failure it ends with.
Lines of the stream end in CRLF where ``newline`` says so; a blank that no editor may take away
is written as ``␠``.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from gateway.domain.messages import Delta, Finish, Start


@dataclass(frozen=True, slots=True)
class Recording:
    """One case; ``deltas`` and ``error`` in the form `told` gives them."""

    name: str
    about: str
    stream: bytes
    deltas: list[Any] = field(default_factory=list)
    error: list[str] | None = None


def recordings(vendor: str) -> list[Recording]:
    """Return the cases of a vendor."""
    return [_read(path) for path in sorted(Path(__file__).with_name(vendor).glob("*.yaml"))]


def told(delta: Delta) -> dict[str, Any]:
    """Return a delta as the files write it: its kind, and what is not as usual about it."""
    values = {name: getattr(delta, name) for name in delta.__dataclass_fields__}
    usage = values.get("usage")
    if usage is not None:
        values["usage"] = {
            name: getattr(usage, name)
            for name in usage.__dataclass_fields__
            if name not in {"source", "told"} and getattr(usage, name)
        }
    if isinstance(delta, Start):
        del values["provider"]
    if isinstance(delta, Finish):
        values["reason"] = str(delta.reason)
    return {type(delta).__name__: {name: value for name, value in values.items() if value != ""}}


def _read(path: Path) -> Recording:
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    stream = found["stream"].replace("␠", " ")
    if found.get("newline") == "CRLF":
        stream = stream.replace("\n", "\r\n")
    return Recording(
        path.stem, found["about"], stream.encode(), found.get("deltas", []), found.get("error")
    )
