"""Entries on disk: what a dead process leaves, another one finds."""

import os
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from gateway.adapters import ledger_journal
from gateway.adapters.ledger_journal import REFUSED, Journal


def journal(folder: Path, *, max_rows: int = 100, max_bytes: int = 10_000) -> Journal:
    return Journal(folder, max_rows=max_rows, max_bytes=max_bytes)


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jsonl"))


def counted(name: str) -> float:
    return REGISTRY.get_sample_value(name) or 0.0


def test_what_is_appended_is_on_disk_and_gone_when_done(tmp_path):
    ours = journal(tmp_path / "deep" / "ledger")
    ours.append(b"one")
    ours.append(b"two")
    segment = ours.take()

    assert segment is not None
    assert segment.read() == [b"one", b"two"]
    assert segment.path is not None
    assert segment.path.read_bytes() == b"one\ntwo\n"
    assert ours.n_rows == 2
    ours.done(segment)
    assert (ours.n_rows, ours.take(), segment.path.exists()) == (0, None, False)


def test_a_segment_that_is_taken_stays_first_until_it_is_done(tmp_path):
    ours = journal(tmp_path)
    ours.append(b"one")
    first = ours.take()
    ours.append(b"two")

    assert ours.take() is first
    assert first is not None
    ours.done(first)
    second = ours.take()
    assert second is not None
    assert second.read() == [b"two"]


def test_what_does_not_fit_in_memory_is_read_from_disk(tmp_path):
    before = counted("gw_ledger_spilled_rows_total")
    ours = journal(tmp_path, max_rows=2)
    for word in (b"one", b"two", b"three", b"four"):
        ours.append(word)
    segment = ours.take()

    assert segment is not None
    assert segment.lines is None
    assert segment.read() == [b"one", b"two", b"three", b"four"]
    assert counted("gw_ledger_spilled_rows_total") - before == 4
    ours.done(segment)
    ours.append(b"five")
    again = ours.take()
    assert again is not None
    assert again.lines == [b"five"]


def test_bytes_bound_the_memory_too_and_a_large_segment_is_sealed(tmp_path):
    ours = journal(tmp_path, max_bytes=40)
    for _ in range(8):
        ours.append(b"twelve bytes")
    segments = []
    while (segment := ours.take()) is not None:
        segments.append(segment.read())
        ours.done(segment)

    assert segments == [[b"twelve bytes"]] * 8


def test_a_living_process_keeps_its_segments(tmp_path):
    ours, other = journal(tmp_path), journal(tmp_path)
    ours.append(b"one")

    assert other.adopt() == 0
    assert files(tmp_path) != []


def test_what_a_dead_process_left_is_adopted_once(tmp_path):
    dead, heir, late = journal(tmp_path), journal(tmp_path), journal(tmp_path)
    dead.append(b"one")
    dead.close()  # the kernel does the same to a process that is killed

    assert (heir.adopt(), late.adopt(), heir.n_rows) == (1, 0, 1)
    segment = heir.take()
    assert segment is not None
    assert segment.read() == [b"one"]
    heir.done(segment)
    assert (heir.adopt(), files(tmp_path)) == (0, [])


def test_a_mark_is_reached_when_everything_before_it_is_done(tmp_path):
    ours = journal(tmp_path)
    assert ours.mark() == ours.n_done
    ours.append(b"one")
    mark = ours.mark()
    ours.append(b"two")

    assert ours.n_done < mark
    first = ours.take()
    assert first is not None
    ours.done(first)
    assert ours.n_done == mark


def test_there_is_nothing_to_adopt_in_a_folder_that_does_not_exist(tmp_path):
    assert journal(tmp_path / "none").adopt() == 0


def test_a_file_that_vanishes_while_it_is_looked_at_is_nobodys(tmp_path, monkeypatch):
    (tmp_path / "1.jsonl").touch()
    monkeypatch.setattr(ledger_journal, "_locked", lambda _handle: False)
    assert journal(tmp_path).adopt() == 0
    monkeypatch.setattr(Path, "glob", lambda _self, _pattern: [tmp_path / "gone.jsonl"])
    assert journal(tmp_path).adopt() == 0


def test_a_new_file_that_somebody_took_for_an_old_one_is_left_to_him(tmp_path, monkeypatch):
    answers = iter([False, True])
    monkeypatch.setattr(ledger_journal, "_locked", lambda _handle: next(answers))
    ours = journal(tmp_path)
    ours.append(b"one")

    assert [path.stat().st_size for path in files(tmp_path)] == [0, 4]


def test_without_a_folder_memory_is_all_there_is_and_what_is_beyond_it_is_counted(tmp_path):
    (tmp_path / "file").touch()
    before = counted("gw_ledger_lost_rows_total")
    ours = journal(tmp_path / "file", max_rows=2)
    for word in (b"one", b"two", b"three"):
        ours.append(word)

    assert counted("gw_ledger_lost_rows_total") - before == 1
    segment = ours.take()
    assert segment is not None
    assert (segment.read(), segment.path) == ([b"one", b"two"], None)
    assert ours.adopt() == 0
    ours.set_aside(b"bad")
    ours.close()
    assert counted("gw_ledger_lost_rows_total") - before == 4


def test_a_full_disk_leaves_the_lines_in_memory(tmp_path, monkeypatch):
    ours = journal(tmp_path, max_rows=3)
    ours.append(b"one")
    monkeypatch.setattr(os, "write", full)
    ours.append(b"two")
    ours.append(b"three")
    segment = ours.take()

    assert segment is not None
    assert segment.read() == [b"one", b"two", b"three"]
    ours.done(segment)
    assert files(tmp_path) == []


def test_a_disk_that_fills_up_after_memory_did_begins_another_segment(tmp_path, monkeypatch):
    before = counted("gw_ledger_lost_rows_total")
    ours = journal(tmp_path, max_rows=1)
    ours.append(b"one")
    ours.append(b"two")
    monkeypatch.setattr(os, "write", full)
    ours.append(b"three")
    ours.append(b"four")
    monkeypatch.undo()
    first = ours.take()
    assert first is not None
    assert first.read() == [b"one", b"two"]
    ours.done(first)
    second = ours.take()

    assert second is not None
    assert second.read() == [b"three"]
    assert counted("gw_ledger_lost_rows_total") - before == 1


def test_what_postgres_will_never_take_is_set_aside(tmp_path):
    ours = journal(tmp_path)
    ours.set_aside(b"bad")

    assert (tmp_path / REFUSED).read_bytes() == b"bad\n"
    assert ours.adopt() == 0


def written_by(heir: Journal) -> list[bytes]:
    """Return everything the heir finds to write, and be done with it."""
    lines = []
    while (segment := heir.take()) is not None:
        lines += segment.read()
        heir.done(segment)
    return lines


def test_a_line_that_comes_after_the_end_is_there_for_the_next_process_at_once(tmp_path):
    ours, heir = journal(tmp_path), journal(tmp_path)
    ours.append(b"one")
    ours.close()
    ours.append(b"two")
    ours.append(b"three")

    assert heir.adopt() == 3
    assert written_by(heir) == [b"one", b"two", b"three"]
    assert files(tmp_path) == []


def test_a_line_that_comes_after_the_end_and_finds_no_disk_is_counted(tmp_path):
    (tmp_path / "file").touch()
    before = counted("gw_ledger_lost_rows_total")
    ours = journal(tmp_path / "file")
    ours.close()
    ours.append(b"one")

    assert counted("gw_ledger_lost_rows_total") - before == 1


def test_what_is_done_with_after_the_end_takes_nothing_else_with_it(tmp_path):
    ours, heir = journal(tmp_path), journal(tmp_path)
    ours.append(b"one")
    slow = ours.take()
    assert slow is not None
    ours.close()
    ours.append(b"two")
    ours.done(slow)

    assert heir.adopt() == 1
    assert written_by(heir) == [b"two"]


def test_what_two_have_at_the_end_is_done_by_whoever_is_first(tmp_path):
    ours, heir = journal(tmp_path, max_rows=0), journal(tmp_path)
    ours.append(b"one")
    slow = ours.take()
    assert slow is not None
    ours.close()
    assert heir.adopt() == 1
    assert written_by(heir) == [b"one"]

    assert slow.read() == []
    ours.done(slow)


def test_nothing_is_adopted_by_a_journal_that_is_closed(tmp_path):
    dead, ours, heir = journal(tmp_path), journal(tmp_path), journal(tmp_path)
    dead.append(b"one")
    dead.close()
    ours.close()

    assert (ours.adopt(), heir.adopt()) == (0, 1)


def test_a_file_that_goes_between_its_lock_and_its_reading_is_nobodys_loss(tmp_path, monkeypatch):
    dead, heir = journal(tmp_path), journal(tmp_path)
    dead.append(b"one")
    dead.close()
    locked = ledger_journal._locked

    def locked_and_gone(handle: int) -> bool:
        is_ours = locked(handle)
        for path in files(tmp_path):
            path.unlink()
        return is_ours

    monkeypatch.setattr(ledger_journal, "_locked", locked_and_gone)

    assert heir.adopt() == 1
    assert written_by(heir) == []


def full(_handle: int, _line: bytes) -> int:
    raise OSError("no space left on device")


@pytest.fixture(autouse=True)
def _undisturbed(caplog):
    """Logged errors are part of these cases."""
    caplog.set_level("CRITICAL")
