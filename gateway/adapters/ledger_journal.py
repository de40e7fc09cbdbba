"""Entries on disk before they are in Postgres, so that a process may die between the two.

A process appends to a segment, a file of its own that it holds under a lock; the kernel keeps
what was appended when the process is killed, and frees the lock. A segment is removed once
everything in it is in Postgres. Whoever finds a segment without a lock writes it as his own:
an attempt has one row, however often it is brought. So two may have the same segment, as happens
when a process ends in the middle of writing one, and a file that is gone has been written.
"""

import fcntl
import itertools
import logging
import os
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from gateway import metrics

_logger = logging.getLogger(__name__)
_numbers = itertools.count()

SUFFIX = ".jsonl"
REFUSED = "refused.json-lines"  # not adopted: somebody has to look at it


@dataclass(slots=True)
class Segment:
    """Some entries, one per line: in memory while there is room, and in a file if there can be.

    ``is_filed`` is True while the file holds all of them.
    """

    path: Path | None
    handle: int | None
    lines: list[bytes] | None = field(default_factory=list)
    is_filed: bool = True
    n_lines: int = 0
    n_bytes: int = 0

    def read(self) -> list[bytes]:
        """Return the lines, from the file when memory was short."""
        if self.lines is not None:
            return self.lines
        assert self.path is not None
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return []
        return [line for line in content.split(b"\n") if line]

    def remove(self) -> None:
        """Drop the file; whoever else has it open finds that it is gone."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    def release(self) -> None:
        """Let somebody else have the file."""
        if self.handle is not None:
            os.close(self.handle)
            self.handle = None


class Journal:
    """The segments of this process, in order; used from any thread, also after its end.

    ``max_rows`` and ``max_bytes`` bound what is kept in memory; more is kept in the files
    alone. Without a folder to write to, what is beyond the bound is lost, counted and logged.
    """

    def __init__(self, folder: Path, *, max_rows: int, max_bytes: int) -> None:
        self._folder = folder
        self._max_rows = max_rows
        self._max_bytes = max_bytes
        self._segment_bytes = max(1, max_bytes // 4)
        self._lock = threading.Lock()
        self._sealed: deque[Segment] = deque()
        self._current: Segment | None = None
        self._n_sealed = 0
        self._n_done = 0
        self._n_rows = 0  # not yet in Postgres
        self._kept_rows = 0
        self._kept_bytes = 0
        self._has_folder = True
        self._is_closed = False

    @property
    def n_rows(self) -> int:
        """How many entries are not yet in Postgres."""
        return self._n_rows

    @property
    def n_done(self) -> int:
        """How many segments have been done with so far, in order."""
        return self._n_done

    def mark(self) -> int:
        """Return what ``n_done`` will be once everything appended so far is in Postgres."""
        with self._lock:
            self._seal()
            return self._n_sealed

    def append(self, line: bytes) -> int:
        """Keep the line and return how many its segment has; it is with the kernel by then."""
        with self._lock:
            segment = self._put(self._current or self._open(), line)
            if segment is None:
                metrics.LEDGER_LOST.inc()
                return 0
            self._n_rows += 1
            if self._is_closed:
                self._let_go()
            elif segment.n_bytes >= self._segment_bytes:
                self._seal()
            return segment.n_lines

    def take(self) -> Segment | None:
        """Return the oldest segment, closed to more; None when there is nothing to write."""
        with self._lock:
            if not self._sealed:
                self._seal()
            return self._sealed[0] if self._sealed else None

    def done(self, segment: Segment) -> None:
        """Forget the segment: everything in it is in Postgres."""
        segment.remove()
        with self._lock:
            segment.release()
            if not self._sealed or self._sealed[0] is not segment:
                return  # it was let go of while it was being written
            self._sealed.popleft()
            self._n_done += 1
            self._n_rows -= segment.n_lines
            if segment.lines is not None:
                self._kept_rows -= segment.n_lines
                self._kept_bytes -= segment.n_bytes

    def adopt(self) -> int:
        """Take over what dead processes left behind; return how many segments."""
        try:
            left = sorted(self._folder.glob(f"*{SUFFIX}"))
        except OSError:
            return 0
        adopted = [segment for path in left if (segment := _adopted(path))]
        with self._lock:
            if self._is_closed:
                for segment in adopted:
                    segment.release()
                return 0
            self._sealed.extend(adopted)
            self._n_sealed += len(adopted)
            self._n_rows += sum(segment.n_lines for segment in adopted)
        return len(adopted)

    def set_aside(self, line: bytes) -> None:
        """Keep a line that Postgres will never take where a person can look at it."""
        metrics.LEDGER_REFUSED.inc()
        try:
            with (self._folder / REFUSED).open("ab") as refused:
                refused.write(line + b"\n")
        except OSError:
            metrics.LEDGER_LOST.inc()

    def close(self) -> None:
        """Let go of the files; what is in them waits for the next process.

        So does a line that comes later: each in a file that is let go of at once.
        """
        with self._lock:
            self._is_closed = True
            self._let_go()

    def _let_go(self) -> None:
        self._seal()
        for segment in self._sealed:
            if not segment.is_filed:
                metrics.LEDGER_LOST.inc(segment.n_lines)
                _logger.error("gateway.ledger_lost", extra={"rows": segment.n_lines})
            segment.release()
        self._sealed.clear()
        self._n_rows = self._kept_rows = self._kept_bytes = 0

    def _open(self) -> Segment:
        try:
            segment = _created(self._folder)
            self._has_folder = True
        except OSError as error:
            if self._has_folder:
                _logger.error("gateway.ledger_unfiled", extra={"error_type": type(error).__name__})
            self._has_folder = False
            segment = Segment(None, None, is_filed=False)
        self._current = segment
        return segment

    def _seal(self) -> None:
        if self._current is not None:
            self._sealed.append(self._current)
            self._n_sealed += 1
            self._current = None

    def _put(self, segment: Segment, line: bytes) -> Segment | None:
        """Return the segment that has the line now; None when there is room for it nowhere."""
        if segment.is_filed and not _appended(segment.handle, line):
            segment.is_filed = False  # what follows would be glued to half a line
            if segment.lines is None:
                self._seal()
                return self._put(self._open(), line)
        has_room = self._kept_rows < self._max_rows and self._kept_bytes < self._max_bytes
        if segment.lines is not None and has_room:
            segment.lines.append(line)
            self._kept_rows += 1
            self._kept_bytes += len(line)
        elif not segment.is_filed:
            return None
        else:
            self._spill(segment)
            metrics.LEDGER_SPILLED.inc()
        segment.n_lines += 1
        segment.n_bytes += len(line)
        return segment

    def _spill(self, segment: Segment) -> None:
        """Keep the segment in its file alone."""
        if segment.lines is None:
            return
        metrics.LEDGER_SPILLED.inc(segment.n_lines)
        self._kept_rows -= segment.n_lines
        self._kept_bytes -= segment.n_bytes
        segment.lines = None


def _created(folder: Path) -> Segment:
    """Return a new segment whose file nobody else can take."""
    folder.mkdir(parents=True, exist_ok=True)
    while True:
        path = folder / f"{time.time_ns()}-{os.getpid()}-{next(_numbers)}{SUFFIX}"
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_WRONLY, 0o600)
        if _locked(handle):
            return Segment(path, handle)
        os.close(handle)  # somebody took the empty file for one that was left behind


def _adopted(path: Path) -> Segment | None:
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    if not _locked(handle):
        os.close(handle)
        return None
    with os.fdopen(handle, "rb", closefd=False) as file:
        content = file.read()
    return Segment(path, handle, None, n_lines=content.count(b"\n"), n_bytes=len(content))


def _locked(handle: int) -> bool:
    """Take the file's lock; False when somebody has it, or has removed the file."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return os.fstat(handle).st_nlink > 0


def _appended(handle: int | None, line: bytes) -> bool:
    assert handle is not None
    try:
        return os.write(handle, line + b"\n") == len(line) + 1
    except OSError as error:
        _logger.error("gateway.ledger_unfiled", extra={"error_type": type(error).__name__})
        return False
