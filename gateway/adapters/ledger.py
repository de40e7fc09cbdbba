"""The ledger in Postgres: entries are taken at once and written together, off the hot path.

Taking an entry appends a line to the journal and wakes a thread; the thread writes what has
come together, some five times a second, in one statement. While Postgres is away it tries again
with growing pauses and the journal keeps everything.
"""

import asyncio
import contextlib
import hashlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from django.db import DataError, Error, IntegrityError, connection

from gateway import metrics
from gateway.adapters.ledger_journal import Journal, Segment
from gateway.domain.messages import UsageSource
from gateway.domain.money import AttemptEnd, Entry

_logger = logging.getLogger(__name__)

LATE = "/late"  # after an attempt's id: what its row, written for a dead process, did not know
N_ROWS_PER_STATEMENT = 1000
N_ROWS_AT_ONCE = 500  # so many are not kept waiting for the flush interval
ADOPT_EVERY_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 10.0
LARGEST_COUNT = 2**53
LARGEST_RAW_USAGE = 2048

Insert = Callable[[Sequence[bytes]], int]
_Waiting = tuple[int, asyncio.AbstractEventLoop, "asyncio.Future[None]"]


class _Row(msgspec.Struct, frozen=True):
    """A line of the journal: the columns of a usage record, times in Unix seconds."""

    attempt_id: str
    request_id: str
    tenant: str
    key_id: str
    room_id: str
    route: str
    provider: str
    model: str
    state: str
    end_reason: str
    error_code: str
    charged_at: float
    began_at: float
    ended_at: float
    ttft_ms: int | None
    input_tokens: int
    input_cached_tokens: int
    cache_write_5m_tokens: int
    cache_write_1h_tokens: int
    output_tokens: int
    reasoning_tokens: int
    is_estimated: bool
    cost_microusd: int
    price_id: str
    provider_usage: msgspec.Raw


_encoder = msgspec.json.Encoder()
_NO_USAGE = msgspec.Raw(b"null")
_WORDS = {
    "attempt_id": 155,
    "request_id": 150,
    "tenant": 80,
    "key_id": 80,
    "room_id": 64,
    "route": 128,
    "provider": 80,
    "model": 160,
    "state": 16,
    "end_reason": 16,
    "error_code": 64,
    "price_id": 200,
}
_TIMES = ("charged_at", "began_at", "ended_at")
_TYPES = {
    "ttft_ms": "integer",
    "is_estimated": "boolean",
    "provider_usage": "jsonb",
    **dict.fromkeys(_WORDS, "text"),
    **dict.fromkeys(_TIMES, "double precision"),
}
_FIGURES = (
    "input_tokens",
    "input_cached_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "output_tokens",
    "reasoning_tokens",
    "cost_microusd",
)
_COLUMNS = _Row.__struct_fields__


def _value(column: str) -> str:
    if column in _WORDS:
        return f"left(line.{column}, {_WORDS[column]})"
    return f"to_timestamp(line.{column})" if column in _TIMES else f"line.{column}"


def _rest(column: str) -> str:
    if column == "attempt_id":
        return f"known.attempt_id || '{LATE}'"
    if column in _FIGURES:
        return f"greatest(0, line.{column} - known.{column})"
    return _value(column)


_INTO = f"INSERT INTO gateway_usagerecord ({', '.join(_COLUMNS)})"
_LINES = f"""jsonb_to_recordset(%s::jsonb) AS line
({", ".join(f"{column} {_TYPES.get(column, 'bigint')}" for column in _COLUMNS)})"""
_INSERT = f"""
{_INTO}
SELECT {", ".join(map(_value, _COLUMNS))} FROM {_LINES}
ON CONFLICT (attempt_id) DO NOTHING
"""  # noqa: S608  our own words, none of anybody's
_INSERT_RESTS = f"""
{_INTO}
SELECT {", ".join(map(_rest, _COLUMNS))} FROM {_LINES}
JOIN gateway_usagerecord AS known ON known.attempt_id = line.attempt_id
WHERE known.end_reason = '{AttemptEnd.CRASHED}'
AND ({" OR ".join(f"line.{column} > known.{column}" for column in _FIGURES)})
ON CONFLICT (attempt_id) DO NOTHING
"""  # noqa: S608  likewise


def line_of(entry: Entry) -> bytes:
    """Return the entry as a line of the journal."""
    usage = entry.usage
    return _encoder.encode(
        _Row(
            attempt_id=named(entry.id, _WORDS["attempt_id"]),
            request_id=named(entry.request_id, _WORDS["request_id"]),
            tenant=entry.tenant,
            key_id=entry.key_id,
            room_id=entry.room_id,
            route=_clean(entry.route),
            provider=entry.provider,
            model=_clean(entry.model),
            state=entry.state,
            end_reason=entry.end,
            error_code=entry.error_code,
            charged_at=entry.entered_at or entry.began_at,
            began_at=entry.began_at,
            ended_at=entry.ended_at,
            ttft_ms=None if entry.ttft_seconds is None else round(entry.ttft_seconds * 1000),
            input_tokens=_counted(usage.input_total),
            input_cached_tokens=_counted(usage.input_cached),
            cache_write_5m_tokens=_counted(usage.input_cache_write_5m),
            cache_write_1h_tokens=_counted(usage.input_cache_write_1h),
            output_tokens=_counted(usage.output_total),
            reasoning_tokens=_counted(usage.output_reasoning),
            is_estimated=usage.source is UsageSource.ESTIMATED,
            cost_microusd=_counted(entry.cost_microusd),
            price_id=entry.price_id,
            provider_usage=_raw(entry.raw_usage),
        )
    )


def named(name: str, longest: int) -> str:
    """Return the name in a form that fits its column and stays unlike any other."""
    name = _clean(name)
    if len(name) <= longest:
        return name
    return f"{name[: longest - 33]}#{hashlib.sha256(name.encode()).hexdigest()[:32]}"


def insert(lines: Sequence[bytes]) -> int:
    """Write the lines as rows and return how many were new; the others were there before.

    A process that was taken for dead while it lived brings an attempt somebody has written down
    as crashed: that row stands, and one more has what it did not know of.
    """
    packed = (b"[" + b",".join(lines) + b"]").decode()
    try:
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, [packed])
            n_new = int(cursor.rowcount)
            if n_new < len(lines):
                # A statement of its own: it sees what was in the way of the first.
                cursor.execute(_INSERT_RESTS, [packed])
            return n_new
    finally:
        connection.close()


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
        self._written = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._is_away = False
        self._adopted_at = 0.0

    def record(self, entry: Entry) -> None:
        """Take the entry; it outlives this process from here on."""
        self._journal.append(line_of(entry))
        if not self._has_work.is_set():
            self._has_work.set()
        if self._journal.current_rows >= N_ROWS_AT_ONCE:
            self._is_urgent.set()
        self._start()

    async def flush(self) -> None:
        """Return once everything taken so far is in Postgres; at once when it is closed."""
        mark = self._journal.mark()
        if self._journal.n_done >= mark or self._is_closing.is_set():
            return
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[None] = loop.create_future()
        with self._written:
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
            return self._written.wait_for(lambda: self._journal.n_done >= mark, timeout=seconds)

    def close(self, *, seconds: float = 5.0) -> None:
        """Write what can be written in time and stop; the rest waits on disk."""
        if self._thread is not None:
            self.drain(seconds=seconds)
            self._is_closing.set()
            self._has_work.set()
            self._is_urgent.set()
            self._thread.join(seconds)
        self._journal.close()
        metrics.LEDGER_BACKLOG.set(0)

    def _hurry(self) -> None:
        self._start()
        self._has_work.set()
        self._is_urgent.set()

    def _start(self) -> None:
        if self._thread is not None:
            return
        with self._start_lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="gateway-ledger", daemon=True
                )
                self._thread.start()

    def _run(self) -> None:
        self._adopt()
        while not self._is_closing.is_set():
            if self._has_work.wait(ADOPT_EVERY_SECONDS):
                self._is_urgent.wait(self._timing.flush_seconds)
            self._has_work.clear()
            self._is_urgent.clear()
            self._adopt()
            self._write_all()

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
            n_done = self._journal.n_done
            reached = [each for each in self._waiting if each[0] <= n_done]
            self._waiting = [each for each in self._waiting if each[0] > n_done]
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


def _clean(text: str) -> str:
    return text.replace("\0", "") if "\0" in text else text


def _counted(number: int) -> int:
    return min(max(0, number), LARGEST_COUNT)


def _raw(usage: str) -> msgspec.Raw:
    """Return the vendor's usage when it is small, valid JSON."""
    if not usage or len(usage) > LARGEST_RAW_USAGE:
        return _NO_USAGE
    try:
        return msgspec.Raw(msgspec.json.encode(msgspec.json.decode(usage)))
    except msgspec.DecodeError:
        return _NO_USAGE
