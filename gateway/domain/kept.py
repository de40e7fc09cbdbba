"""An answer that may be given again: what was said, by whom, and until when it is fresh."""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.domain.messages import (
    Delta,
    Finish,
    FinishReason,
    Passthrough,
    ReasoningDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    UsageUpdate,
)

LARGEST_KEPT_BYTES = 1024 * 1024
WHOLE_ENDS = frozenset({FinishReason.STOP, FinishReason.TOOL_CALLS})
_DELTA_BYTES = 96  # about what the object around a few words takes
_KINDS = (Start, TextDelta, ReasoningDelta, ToolCallDelta, Passthrough, UsageUpdate)


@dataclass(frozen=True, slots=True)
class Kept:
    """A whole answer, its end included; ``kept_at`` is Unix seconds.

    ``provider`` and ``model`` gave it. ``is_bound`` says that it can only be given in the form it
    was asked for in, streamed or whole: it is made of a vendor's own bytes.
    """

    deltas: tuple[Delta, ...]
    finish: Finish
    provider: str
    model: str
    kept_at: float
    n_bytes: int
    is_bound: bool

    def is_fresh(self, *, at: float, seconds: float) -> bool:
        """Return whether it is younger than so many seconds."""
        return at - self.kept_at < seconds


class Gathering:
    """An answer being gathered while it goes by; ``kept`` says what is worth keeping of it."""

    __slots__ = ("_deltas", "_is_bound", "_is_fit", "_n_bytes")

    def __init__(self) -> None:
        self._deltas: list[Delta] = []
        self._n_bytes = 0
        self._is_bound = False
        self._is_fit = True

    def take(self, delta: Delta) -> None:
        """Add a delta that is not the last."""
        if not self._is_fit:
            return
        self._n_bytes += size_of(delta)
        # Somebody else took over, or something was taken back: once is enough for such an answer.
        self._is_fit = isinstance(delta, _KINDS) and self._n_bytes <= LARGEST_KEPT_BYTES
        self._is_bound = self._is_bound or isinstance(delta, Passthrough)
        if self._is_fit:
            self._deltas.append(delta)
        else:
            self._deltas.clear()

    def kept(self, terminal: Delta, *, provider: str, model: str, at: float) -> Kept | None:
        """Return the answer, None unless it is whole and came to a good end."""
        if not self._is_fit or not isinstance(terminal, Finish):
            return None
        if terminal.reason not in WHOLE_ENDS or not self._deltas:
            return None
        deltas = tuple(_joined(self._deltas))
        return Kept(deltas, terminal, provider, model, at, self._n_bytes, self._is_bound)


def size_of(delta: Delta) -> int:
    """Return about how many bytes of memory the delta takes."""
    if isinstance(delta, Passthrough):
        return _DELTA_BYTES + len(delta.data)
    if isinstance(delta, TextDelta | ReasoningDelta):
        return _DELTA_BYTES + 4 * len(delta.text)
    if isinstance(delta, ToolCallDelta):
        return _DELTA_BYTES + 4 * len(delta.arguments)
    return _DELTA_BYTES


def _joined(deltas: Iterable[Delta]) -> list[Delta]:
    """Return the deltas with neighbouring frames in one piece: the bytes stay as they were."""
    found: list[Delta] = []
    frames: list[Passthrough] = []

    def close() -> None:
        if len(frames) == 1:
            found.append(frames[0])
        elif frames:
            data = b"".join(frame.data for frame in frames)
            found.append(Passthrough(data, sum(frame.n_contents for frame in frames)))
        frames.clear()

    for delta in deltas:
        if isinstance(delta, Passthrough) and not delta.is_whole:
            frames.append(delta)
        else:
            close()
            found.append(delta)
    close()
    return found
