"""The batch writer, with a Postgres that does as it is told."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from django.db import DataError, OperationalError
from prometheus_client import REGISTRY

from gateway.adapters.ledger import BatchLedger, LedgerTiming
from gateway.adapters.ledger_rows import line_of, named
from gateway.domain.messages import Usage, UsageSource
from gateway.domain.money import AttemptEnd, AttemptState, Entry

ENTRY = Entry(
    id="q/1",
    request_id="q",
    state=AttemptState.SETTLED,
    end=AttemptEnd.DONE,
    tenant="acme",
    key_id="k1",
    route="small",
    provider="openai",
    model="gpt-4o-mini",
    usage=Usage(10, 5, UsageSource.PROVIDER, input_cached=4),
    cost_microusd=7,
    price_id="p",
    began_at=1_790_000_000.0,
    ended_at=1_790_000_001.5,
    ttft_seconds=0.2504,
)
QUICK = LedgerTiming(flush_seconds=0.0, pause_seconds=0.0)


class Table:
    """Takes lines, or fails as often as it is told; bad lines it never takes."""

    def __init__(self) -> None:
        self.rows: dict[str, bytes] = {}
        self.n_failures = 0
        self.bad: set[str] = set()
        self.sizes: list[int] = []
        self.is_open = threading.Event()
        self.is_open.set()

    def insert(self, lines: Sequence[bytes]) -> int:
        self.is_open.wait()
        if self.n_failures:
            self.n_failures -= 1
            raise OperationalError("the server closed the connection")
        ids = [msgspec.json.decode(line)["attempt_id"] for line in lines]
        if self.bad.intersection(ids):
            raise DataError("invalid")
        new = dict(zip(ids, lines, strict=True))
        n_new = len(new.keys() - self.rows.keys())
        self.rows = {**new, **self.rows}
        self.sizes.append(len(lines))
        return n_new


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def ledger(table: Table, tmp_path: Path) -> Iterator[BatchLedger]:
    made = BatchLedger(tmp_path, timing=QUICK, insert=table.insert)
    yield made
    table.is_open.set()
    made.close()


def left_in(folder: Path) -> int:
    return len(list(folder.glob("*.jsonl")))


def test_a_line_holds_the_columns_of_its_row():
    row = msgspec.json.decode(line_of(replace(ENTRY, raw_usage='{"prompt_tokens": 10}')))

    assert row == {
        "attempt_id": "q/1",
        "request_id": "q",
        "tenant": "acme",
        "key_id": "k1",
        "room_id": "",
        "route": "small",
        "provider": "openai",
        "model": "gpt-4o-mini",
        "state": "settled",
        "end_reason": "done",
        "error_code": "",
        "charged_at": 1_790_000_000.0,
        "began_at": 1_790_000_000.0,
        "ended_at": 1_790_000_001.5,
        "ttft_ms": 250,
        "input_tokens": 10,
        "input_cached_tokens": 4,
        "cache_write_5m_tokens": 0,
        "cache_write_1h_tokens": 0,
        "output_tokens": 5,
        "reasoning_tokens": 0,
        "is_estimated": False,
        "cost_microusd": 7,
        "price_id": "p",
        "provider_usage": {"prompt_tokens": 10},
    }


@pytest.mark.parametrize("raw", ["", "{", "[1,\n2]", "[" + "1," * 2000 + "1]"])
def test_a_usage_that_is_no_small_json_is_left_out(raw):
    assert msgspec.json.decode(line_of(replace(ENTRY, raw_usage=raw)))["provider_usage"] is None


def test_what_a_vendor_counts_cannot_break_the_row():
    usage = Usage(input_total=10**30, output_total=-5)
    entry = replace(ENTRY, usage=usage, cost_microusd=10**30, model="a\0b", entered_at=5.0)
    row = msgspec.json.decode(line_of(entry))

    assert (row["input_tokens"], row["output_tokens"], row["model"]) == (2**31 - 1, 0, "ab")
    assert row["cost_microusd"] == 2**53
    assert row["charged_at"] == 5.0


def test_a_name_that_is_too_long_is_cut_and_stays_its_own():
    one, other = named("a" * 200 + "/1", 160), named("a" * 200 + "/2", 160)

    assert (len(one), len(other)) == (160, 160)
    assert one != other
    assert named("short", 160) == "short"


async def test_entries_are_written_together(ledger: BatchLedger, table: Table) -> None:
    table.is_open.clear()
    ledger.record(ENTRY)
    for number in range(2, 8):
        ledger.record(replace(ENTRY, id=f"q/{number}"))
    table.is_open.set()
    await ledger.flush()

    assert sorted(table.rows) == [f"q/{number}" for number in range(1, 8)]
    assert len(table.sizes) <= 2


async def test_five_hundred_entries_do_not_wait_for_the_interval(
    table: Table, tmp_path: Path
) -> None:
    slow = BatchLedger(tmp_path, timing=LedgerTiming(flush_seconds=3600), insert=table.insert)
    for number in range(1500):
        slow.record(replace(ENTRY, id=f"q/{number}"))
    await slow.flush()
    slow.close()

    assert len(table.rows) == 1500
    assert max(table.sizes) <= 1000


async def test_while_postgres_is_away_everything_is_kept_and_written_later(
    ledger: BatchLedger, table: Table, tmp_path: Path
) -> None:
    table.n_failures = 3
    ledger.record(ENTRY)
    await ledger.flush()

    assert list(table.rows) == ["q/1"]
    assert left_in(tmp_path) == 0


async def test_one_bad_line_does_not_hold_up_the_others(
    ledger: BatchLedger, table: Table, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    table.bad = {"q/3"}
    table.is_open.clear()
    for number in range(1, 6):
        ledger.record(replace(ENTRY, id=f"q/{number}"))
    table.is_open.set()
    with caplog.at_level("CRITICAL"):
        await ledger.flush()

    assert sorted(table.rows) == ["q/1", "q/2", "q/4", "q/5"]
    assert b'"q/3"' in (tmp_path / "refused.json-lines").read_bytes()


async def test_a_stop_leaves_on_disk_what_postgres_did_not_take_and_the_next_process_brings_it(
    tmp_path: Path, table: Table
) -> None:
    away = Table()
    away.n_failures = 10**9
    timing = LedgerTiming(flush_seconds=0.0, pause_seconds=3600.0)
    stopping = BatchLedger(tmp_path, timing=timing, insert=away.insert)
    stopping.record(ENTRY)
    await asyncio.to_thread(stopping.close, seconds=0.05)
    assert left_in(tmp_path) == 1

    heir = BatchLedger(tmp_path, timing=QUICK, insert=table.insert)
    assert await heir.adopt() == 1
    assert list(table.rows) == ["q/1"]
    assert await heir.adopt() == 0
    heir.close()


async def test_an_entry_brought_twice_is_counted_as_known(
    ledger: BatchLedger, table: Table
) -> None:
    def known() -> float:
        return REGISTRY.get_sample_value("gw_ledger_rows_total", {"outcome": "known"}) or 0.0

    ledger.record(ENTRY)
    await ledger.flush()
    before = known()
    ledger.record(ENTRY)
    await ledger.flush()

    assert (list(table.rows), known() - before) == (["q/1"], 1)


def test_a_ledger_that_was_never_used_closes(tmp_path: Path) -> None:
    BatchLedger(tmp_path).close()
    assert list(tmp_path.iterdir()) == []


async def test_what_comes_after_the_end_waits_on_disk(table: Table, tmp_path: Path) -> None:
    closed = BatchLedger(tmp_path, timing=QUICK, insert=table.insert)
    closed.record(ENTRY)
    await asyncio.to_thread(closed.close)
    closed.record(replace(ENTRY, id="q/2"))
    await closed.flush()

    assert list(table.rows) == ["q/1"]
    assert left_in(tmp_path) == 1


async def test_who_waits_for_postgres_is_let_go_at_the_end(table: Table, tmp_path: Path) -> None:
    table.n_failures = 10**9
    timing = LedgerTiming(flush_seconds=0.0, pause_seconds=3600.0)
    closing = BatchLedger(tmp_path, timing=timing, insert=table.insert)
    closing.record(ENTRY)
    waiting = asyncio.create_task(closing.flush())
    await asyncio.sleep(0)
    await asyncio.to_thread(closing.close, seconds=0.05)
    await waiting

    assert left_in(tmp_path) == 1
    assert closing.drain() is False
    await asyncio.to_thread(closing.close)


async def test_a_ledger_that_is_closed_before_its_first_entry_writes_nothing_by_itself(
    table: Table, tmp_path: Path
) -> None:
    closed = BatchLedger(tmp_path, timing=QUICK, insert=table.insert)
    closed.close()
    closed.record(ENTRY)
    await closed.flush()

    assert (table.rows, left_in(tmp_path)) == ({}, 1)


async def test_nothing_is_lost_that_is_handed_in_while_it_closes(
    table: Table, tmp_path: Path
) -> None:
    closing = BatchLedger(tmp_path, timing=QUICK, insert=table.insert)
    is_closed = threading.Event()

    def hand_in(who: int) -> int:
        number = 0
        while number < 200 or not is_closed.is_set():
            closing.record(replace(ENTRY, id=f"{who}/{number}"))
            number += 1
        return number

    handing_in = [asyncio.create_task(asyncio.to_thread(hand_in, who)) for who in range(3)]
    while not table.rows:  # noqa: ASYNC110  until the thread is at it
        await asyncio.sleep(0)
    await asyncio.to_thread(closing.close)
    is_closed.set()
    numbers = await asyncio.gather(*handing_in)

    heir = BatchLedger(tmp_path, timing=QUICK, insert=table.insert)
    await heir.adopt()
    await asyncio.to_thread(heir.close)
    assert set(table.rows) == {
        f"{who}/{number}" for who, n_of_them in enumerate(numbers) for number in range(n_of_them)
    }
    assert left_in(tmp_path) == 0


async def test_a_bug_does_not_end_the_writing(
    table: Table, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def broken_once(lines: Sequence[bytes]) -> int:
        if not table.sizes:
            table.sizes.append(0)
            raise ZeroDivisionError
        return table.insert(lines)

    ledger = BatchLedger(tmp_path, timing=QUICK, insert=broken_once)
    with caplog.at_level("CRITICAL"):
        ledger.record(ENTRY)
        await ledger.flush()
    await asyncio.to_thread(ledger.close)

    assert list(table.rows) == ["q/1"]
