"""The ledger in Postgres: entries are taken at once and written together, off the hot path.

Taking an entry appends a line to the journal and wakes a thread; the thread writes what has
come together, some five times a second, in one statement. While Postgres is away it tries again
with growing pauses and the journal keeps everything.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path

from django.db import DataError, Error, IntegrityError

from gateway import metrics
from gateway.adapters.ledger_journal import Journal, Segment
from gateway.adapters.ledger_rows import insert, line_of
from gateway.domain.money import Entry

_logger = logging.getLogger(__name__)

N_ROWS_PER_STATEMENT = 1000
N_ROWS_AT_ONCE = 500  # so many are not kept waiting for the flush interval
ADOPT_EVERY_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 10.0

Insert = Callable[[Sequence[bytes]], int]
_Waiting = tuple[int, asyncio.AbstractEventLoop, "asyncio.Future[None]"]


@dataclass(frozen=True, slots=True)
class LedgerTiming:
    """How long entries wait for company, and how much of them is kept in memory."""

    flush_seconds: float = 0.2
    pause_seconds: float = 0.2
    max_rows: int = 20_000
    max_bytes: int = 16 * 1024 * 1024


class BatchLedger:
    """Takes entries from any loop or thread and writes them from a thread of its own."""

    def __init__(
        self, folder: Path, *, timing: LedgerTiming | None = None, insert: Insert = insert
    ) -> None:
        self._timing = timing or LedgerTiming()
        self._journal = Journal(
            folder, max_rows=self._timing.max_rows, max_bytes=self._timing.max_bytes
        )
        self._insert = insert
        self._start_lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._has_work = threading.Event()
        self._is_urgent = threading.Event()
        self._is_closing = threading.Event()
        self._has_ended = False
        self._written = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._is_away = False
        self._adopted_at = 0.0

    def record(self, entry: Entry) -> None:
        """Take the entry; it outlives this process from here on."""
        n_gathered = self._journal.append(line_of(entry))
        if n_gathered == 1:
            self._has_work.set()
        elif n_gathered == N_ROWS_AT_ONCE:
            self._is_urgent.set()
        self._start()

    async def flush(self) -> None:
        """Return once everything taken so far is in Postgres; at once when it is closed."""
        mark = self._journal.mark()
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[None] = loop.create_future()
        with self._written:
            if self._has_ended or self._journal.n_done >= mark:
                return
            self._waiting.append((mark, loop, waiting))
        self._hurry()
        await waiting

    async def adopt(self) -> int:
        """Take over what dead processes left unwritten; return how many files, once written."""
        found = await asyncio.to_thread(self._journal.adopt)
        if found:
            self._has_work.set()
            self._start()
            await self.flush()
        return found

    def drain(self, *, seconds: float | None = None) -> bool:
        """Wait until what was taken so far is written, or so long; return whether it is."""
        mark = self._journal.mark()
        self._hurry()
        with self._written:
            self._written.wait_for(
                lambda: self._has_ended or self._journal.n_done >= mark, timeout=seconds
            )
            return self._journal.n_done >= mark

    def close(self, *, seconds: float = 5.0) -> None:
        """Write what can be written in time and stop; the rest waits on disk.

        So does what is handed in from here on. Whoever waits for Postgres waits no longer.
        """
        if self._thread is not None:
            self.drain(seconds=seconds)
        with self._start_lock:
            self._is_closing.set()
        if self._thread is not None:
            self._has_work.set()
            self._is_urgent.set()
            self._thread.join(seconds)
        self._end()
        self._journal.close()
        metrics.LEDGER_BACKLOG.set(0)

    def _end(self) -> None:
        with self._written:
            self._has_ended = True
        self._tell_waiting()

    def _hurry(self) -> None:
        self._start()
        self._has_work.set()
        self._is_urgent.set()

    def _start(self) -> None:
        if self._thread is not None:
            return
        with self._start_lock:
            if self._is_closing.is_set() or self._thread is not None:
                return
            self._thread = threading.Thread(target=self._run, name="gateway-ledger", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self._is_closing.is_set():
            if self._has_work.wait(ADOPT_EVERY_SECONDS):
                self._is_urgent.wait(self._timing.flush_seconds)
            self._has_work.clear()
            self._is_urgent.clear()
            self._adopt_and_write()
        self._adopt_and_write()  # what came while it was told to stop

    def _adopt_and_write(self) -> None:
        try:
            self._adopt()
            self._write_all()
        except Exception as error:  # noqa: BLE001  nobody else would write what is to come
            _logger.error("gateway.ledger_broke", extra={"error_type": type(error).__name__})
            self._has_work.set()
            self._is_closing.wait(self._timing.pause_seconds)

    def _adopt(self) -> None:
        now = time.monotonic()
        if now - self._adopted_at >= ADOPT_EVERY_SECONDS or not self._adopted_at:
            self._adopted_at = now
            self._journal.adopt()

    def _write_all(self) -> None:
        """Write what there is by now; what comes meanwhile waits for company like the first."""
        pause = self._timing.pause_seconds
        mark = self._journal.mark()
        while self._journal.n_done < mark and (segment := self._journal.take()) is not None:
            metrics.LEDGER_BACKLOG.set(self._journal.n_rows)
            try:
                self._write(segment)
            except (Error, OSError) as error:
                self._went_away(error)
                if self._is_closing.wait(pause):
                    return
                pause = min(LONGEST_PAUSE_SECONDS, pause * 2)
                continue
            if self._is_away:
                self._is_away = False
                _logger.info("gateway.ledger_back", extra={"rows": self._journal.n_rows})
            pause = self._timing.pause_seconds
            self._journal.done(segment)
            self._tell_waiting()
        metrics.LEDGER_BACKLOG.set(self._journal.n_rows)
        self._tell_waiting()

    def _tell_waiting(self) -> None:
        with self._written:
            self._written.notify_all()
            last = inf if self._has_ended else self._journal.n_done
            reached = [each for each in self._waiting if each[0] <= last]
            self._waiting = [each for each in self._waiting if each[0] > last]
        for _, loop, waiting in reached:
            with contextlib.suppress(RuntimeError):  # the loop is gone, and with it who waited
                loop.call_soon_threadsafe(_answer, waiting)

    def _write(self, segment: Segment) -> None:
        lines = segment.read()
        for begin in range(0, len(lines), N_ROWS_PER_STATEMENT):
            self._write_lines(lines[begin : begin + N_ROWS_PER_STATEMENT])

    def _write_lines(self, lines: list[bytes]) -> None:
        """Write the lines; halve what Postgres refuses until only the culprits are left out."""
        try:
            n_new = self._insert(lines)
        except (DataError, IntegrityError, UnicodeDecodeError) as error:
            if len(lines) == 1:
                _logger.error("gateway.ledger_refused", extra={"error_type": type(error).__name__})
                self._journal.set_aside(lines[0])
                return
            middle = len(lines) // 2
            self._write_lines(lines[:middle])
            self._write_lines(lines[middle:])
        else:
            metrics.LEDGER_ROWS.labels("written").inc(n_new)
            metrics.LEDGER_ROWS.labels("known").inc(len(lines) - n_new)

    def _went_away(self, error: BaseException) -> None:
        if not self._is_away:
            self._is_away = True
            sqlstate = getattr(error.__cause__, "sqlstate", None)
            _logger.warning(
                "gateway.ledger_away",
                extra={"error_type": type(error).__name__, "sqlstate": sqlstate},
            )


def _answer(waiting: "asyncio.Future[None]") -> None:
    if not waiting.done():
        waiting.set_result(None)
