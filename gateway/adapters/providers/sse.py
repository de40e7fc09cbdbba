"""Server-sent events from bytes as they arrive, cut wherever the network cut them.

Nothing is decoded but the rare event name: the JSON parser reads UTF-8 itself, and a character
split between two reads is whole again once its line is. Lines end in LF, CR or CRLF and in
nothing else. Each frame keeps its own bytes, so that it can be passed on as it came.
"""

from collections.abc import Iterable

import msgspec

from gateway.domain.errors import UpstreamError

LARGEST_EVENT_BYTES = 16 * 2**20

_BOM = b"\xef\xbb\xbf"
_BLANK = (b"\n", b"\r\n", b"\r")


class Frame(msgspec.Struct, frozen=True, gc=False):
    """One event: its data, its name (mostly none), and all its bytes with the blank line."""

    data: bytes
    event: str
    raw: bytes


class SseDecoder:
    """Turns reads into frames; comments and events without data give none."""

    __slots__ = ("_has_begun", "_has_cr", "_lines", "_n_bytes", "_pending", "_scanned", "_skips_lf")

    def __init__(self) -> None:
        self._pending = bytearray()  # what has come of the frame, or of the line where CRs occur
        self._scanned = 0  # how much of it is known to hold no blank line
        self._lines: list[bytes] = []  # the frame's whole lines where CRs occur, ends included
        self._n_bytes = 0
        self._has_begun = False
        self._has_cr = False
        self._skips_lf = False

    def feed(self, read: bytes) -> list[Frame]:
        """Return the frames this read completes; raise UpstreamError when one grows too large."""
        if not self._has_begun:
            read = self._without_bom(read)
        if not self._has_cr and b"\r" not in read:
            return self._split_by_lf(read)
        self._has_cr = True
        return self._split_by_lines(read)

    def close(self) -> list[Frame]:
        """Return what the end of the stream completes; a frame without its blank line is lost."""
        if not self._pending.endswith(b"\r"):
            return []
        frames: list[Frame] = []
        for line in bytes(self._pending).splitlines(keepends=True):
            self._take(line, frames)
        self._pending.clear()
        return frames

    def _without_bom(self, read: bytes) -> bytes:
        read = bytes(self._pending) + read
        self._pending.clear()
        if len(read) < len(_BOM) and _BOM.startswith(read):
            self._pending += read
            return b""
        self._has_begun = True
        return read.removeprefix(_BOM)

    def _split_by_lf(self, read: bytes) -> list[Frame]:
        """Take the way of nearly all streams: whole blocks between two LFs, by one search."""
        pending = self._pending
        if not self._has_begun:
            return []
        if pending:
            pending += read
            end = pending.rfind(b"\n\n", max(0, self._scanned - 1)) + 2
            if end < 2:
                return self._wait()
            whole = bytes(memoryview(pending)[:end])
            del pending[:end]
        else:
            end = read.rfind(b"\n\n") + 2
            if end < 2:
                pending += read
                return self._wait()
            whole = read[:end]
            pending += read[end:]
        self._scanned = len(pending)
        return _frames(whole)

    def _wait(self) -> list[Frame]:
        self._scanned = len(self._pending)
        _refuse_flood(self._scanned)
        return []

    def _split_by_lines(self, read: bytes) -> list[Frame]:
        """Take the slow way, line by line: CRs occur, alone or before LFs."""
        if self._skips_lf and read:
            read = read.removeprefix(b"\n")
            self._skips_lf = False
        self._pending += read
        if b"\n" not in read and b"\r" not in self._pending[-len(read) - 1 :]:
            _refuse_flood(self._n_bytes + len(self._pending))
            return []
        lines = bytes(self._pending).splitlines(keepends=True)
        self._pending.clear()
        frames: list[Frame] = []
        for line in lines[:-1]:
            self._take(line, frames)
        self._take_last(lines[-1], frames)
        _refuse_flood(self._n_bytes)
        return frames

    def _take_last(self, line: bytes, frames: list[Frame]) -> None:
        """Take the last line if it has certainly ended: after a CR an LF may still follow."""
        if line.endswith(b"\n"):
            self._take(line, frames)
        elif line == b"\r" and self._lines and self._lines[-1].endswith(b"\r"):
            self._skips_lf = True
            self._take(line, frames)
        else:
            self._pending += line

    def _take(self, line: bytes, frames: list[Frame]) -> None:
        self._lines.append(line)
        self._n_bytes += len(line)
        if line in _BLANK:
            lines = (found.rstrip(b"\r\n") for found in self._lines)
            frame = _frame(lines, b"".join(self._lines))
            if frame is not None:
                frames.append(frame)
            self._lines.clear()
            self._n_bytes = 0


def _frames(whole: bytes) -> list[Frame]:
    """Return the frames of bytes that end in a blank line and hold no CR."""
    frames = []
    for block in whole.split(b"\n\n"):
        if block.startswith(b"data: {") and b"\n" not in block:
            frames.append(Frame(block[6:], "", block + b"\n\n"))
        elif block:
            frame = _frame(block.split(b"\n"), block + b"\n\n")
            if frame is not None:
                frames.append(frame)
    return frames


def _frame(lines: Iterable[bytes], raw: bytes) -> Frame | None:
    """Return the frame of these lines, None when they say nothing."""
    data: list[bytes] = []
    event = b""
    for line in lines:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            data.append(value)
        elif name == b"event":
            event = value
    joined = b"\n".join(data)
    return Frame(joined, event.decode(errors="replace"), raw) if joined else None


def _refuse_flood(n_bytes: int) -> None:
    if n_bytes > LARGEST_EVENT_BYTES:
        raise UpstreamError("an event of the stream is too large", raw_code="event_too_large")
