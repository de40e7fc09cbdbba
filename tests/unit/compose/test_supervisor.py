"""Processes that fall are picked up; hopeless ones stop the whole with a sentence."""

import signal
import sys

import pytest

from compose import embedded, logs
from compose.embedded import StackError
from compose.supervisor import Process, Supervisor, read_procfile


def process(tmp_path, code):
    return Process(
        name="walker",
        command=[sys.executable, "-c", code],
        environment={},
        log_path=tmp_path / "walker.log",
    )


def wait(one):
    assert one.child is not None
    one.child.wait(20)


def test_a_procfile_becomes_commands_of_this_python(tmp_path):
    file = tmp_path / "Procfile"
    file.write_text("# a note\nweb: python -m server --port $PORT\nwork: celery worker -c $N\n")
    assert read_procfile(file, {"PORT": "8001", "N": "4"}) == {
        "web": [sys.executable, "-m", "server", "--port", "8001"],
        "work": [sys.executable, "-m", "celery", "worker", "-c", "4"],
    }


def test_a_procfile_that_uses_what_is_not_set_is_refused(tmp_path):
    file = tmp_path / "Procfile"
    file.write_text("web: python --port $PORT\n")
    with pytest.raises(StackError, match=r"uses \$PORT, which is not set"):
        read_procfile(file, {})


def test_a_killed_process_is_started_again_after_a_second(tmp_path, monkeypatch, capsys):
    now = 100.0
    monkeypatch.setattr("compose.supervisor.time.monotonic", lambda: now)
    walker = process(tmp_path, "import time; time.sleep(60)")
    supervisor = Supervisor([walker])
    supervisor.start()
    first = walker.child.pid
    walker.signal(signal.SIGKILL)
    wait(walker)
    supervisor.tend()
    assert walker.child is None
    assert "walker was ended by signal 9; starting it again." in capsys.readouterr().err
    supervisor.tend()
    assert walker.child is None
    now += 1.0
    supervisor.tend()
    assert walker.is_running
    assert walker.child.pid != first
    monkeypatch.undo()
    supervisor.stop(within_seconds=10)
    assert not walker.is_running


def test_the_fifth_fall_within_a_minute_stops_everything_with_the_log(tmp_path, monkeypatch):
    now = 100.0
    monkeypatch.setattr("compose.supervisor.time.monotonic", lambda: now)
    walker = process(tmp_path, "print('the floor is ice'); raise SystemExit(3)")
    supervisor = Supervisor([walker])
    supervisor.start()
    for _ in range(4):
        wait(walker)
        supervisor.tend()
        now += 1.0
        supervisor.tend()
    wait(walker)
    with pytest.raises(StackError, match="'walker' ended 5 times in a minute") as stopped:
        supervisor.tend()
    assert "the floor is ice" in str(stopped.value)


def test_rare_falls_are_forgiven(tmp_path, monkeypatch):
    now = 100.0
    monkeypatch.setattr("compose.supervisor.time.monotonic", lambda: now)
    walker = process(tmp_path, "pass")
    supervisor = Supervisor([walker])
    supervisor.start()
    for _ in range(7):
        wait(walker)
        supervisor.tend()
        now += 20.0
        supervisor.tend()
    monkeypatch.undo()
    supervisor.stop(within_seconds=10)


def test_a_process_that_does_not_listen_is_killed_in_the_end(tmp_path):
    code = (
        "import signal; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True);signal.pause()"
    )
    deaf = process(tmp_path, code)
    supervisor = Supervisor([deaf])
    supervisor.start()
    while "deaf" not in deaf.tail():
        assert deaf.is_running
    supervisor.stop(within_seconds=0.1)
    assert deaf.child.returncode == -signal.SIGKILL


def test_a_log_that_grew_too_long_makes_room(tmp_path, monkeypatch):
    monkeypatch.setattr(logs, "MAX_BYTES", 3)
    (tmp_path / "walker.log").write_text("much too long")
    walker = process(tmp_path, "print('new')")
    walker.start()
    wait(walker)
    assert (tmp_path / "walker.old.log").read_text() == "much too long"
    assert walker.tail() == "new"


def test_a_log_is_bounded_while_its_writer_keeps_it_open(tmp_path, monkeypatch):
    monkeypatch.setattr(logs, "MAX_BYTES", 8)
    walker = process(tmp_path, "pass")
    walker.start()
    with logs.appending(tmp_path / "walker.log") as file:
        file.write(b"a long line")
        file.flush()
        Supervisor([walker]).tend()
        file.write(b"new")
    wait(walker)
    assert (tmp_path / "walker.log").read_bytes() == b"new"
    assert (tmp_path / "walker.old.log").read_bytes() == b"a long line"


def test_logs_and_what_a_process_writes_are_for_nobody_else(tmp_path):
    walker = process(tmp_path, f"open({str(tmp_path / 'made')!r}, 'w'); print('hello')")
    (tmp_path / "walker.log").touch(mode=0o644)
    walker.start()
    wait(walker)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("walker.log", "made")] == [
        0o600,
        0o600,
    ]


@pytest.mark.parametrize(("user", "mode"), [(None, 0o700), ("nobody", 0o711)])
def test_a_data_folder_is_closed_but_for_the_way_to_a_postgres_of_another_user(
    tmp_path, monkeypatch, user, mode
):
    monkeypatch.setattr(embedded, "_postgres_user", lambda: user)
    fresh, ours, somebody_s = tmp_path / "a" / "fresh", tmp_path / "ours", tmp_path / "somebody"
    for folder, thing in ((ours / "run", "lock"), (somebody_s, "letters")):
        folder.mkdir(parents=True)
        (folder / thing).touch()
        folder.chmod(0o755)
    ours.chmod(0o755)

    for folder in (fresh, ours, somebody_s):
        embedded.make_private(folder)

    found = [folder.stat().st_mode & 0o777 for folder in (fresh, ours, somebody_s)]
    assert found == [mode, mode, 0o755]
