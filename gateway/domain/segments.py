"""Where a spoken text is cut into durable pieces: every second or every 200 characters."""

from gateway.domain.speech import Segment

SEGMENT_SECONDS = 1.0
SEGMENT_CHARACTERS = 200


class Segmenter:
    """Collects text until a segment is due; times are seconds on one monotonic clock."""

    __slots__ = ("_began_at", "_first_at", "_parts", "_size", "_timing", "_upto_seq")

    def __init__(self) -> None:
        self._first_at: float | None = None
        self._began_at = 0.0
        self._parts: list[str] = []
        self._size = 0
        self._timing: list[tuple[int, int]] = []
        self._upto_seq = 0

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to cut."""
        return not self._parts

    def add(self, text: str, *, seq: int, at: float) -> None:
        """Take text that was said at the time, under the relay's seq."""
        if self._first_at is None:
            self._first_at = at
        if not self._parts:
            self._began_at = at
        self._parts.append(text)
        self._size += len(text)
        self._upto_seq = seq
        self._timing.append((self._size, round((at - self._first_at) * 1000)))

    def is_due(self, *, at: float) -> bool:
        """Return whether the collected text should be made durable now."""
        if not self._parts:
            return False
        return self._size >= SEGMENT_CHARACTERS or at - self._began_at >= SEGMENT_SECONDS

    def peek(self) -> Segment:
        """Return the segment as it stands, without taking it."""
        return Segment("".join(self._parts), self._upto_seq, tuple(self._timing))

    def cut(self) -> Segment:
        """Return the segment and begin the next."""
        segment = self.peek()
        self._parts, self._size, self._timing = [], 0, []
        return segment
