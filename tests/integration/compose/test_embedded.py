"""The embedded servers: started, stopped, killed, left behind."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from compose import embedded


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not pytest's own: its long path would put the sockets elsewhere.
    with tempfile.TemporaryDirectory(prefix="hs-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.fixture
def postgres(folder: Path) -> Iterator[embedded.Postgres]:
    sockets = embedded.socket_folder(folder)
    server = embedded.Postgres(folder / "postgres", sockets / "postgres", is_durable=False)
    server.launch()
    server.wait()
    yield server
    server.stop()


@pytest.fixture
def valkey(folder: Path) -> Iterator[embedded.Valkey]:
    server = embedded.Valkey(folder / "valkey", embedded.socket_folder(folder))
    server.launch()
    server.wait()
    yield server
    server.stop()


def restarted(server):
    server.launch()
    server.wait()
    return server


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_postgres_keeps_what_was_committed_over_a_restart(postgres):
    with psycopg.connect(postgres.url) as connection:
        connection.execute("create table seat (name text)")
        connection.execute("insert into seat values ('林')")
    postgres.stop()
    with psycopg.connect(restarted(postgres).url) as connection:
        assert connection.execute("select name from seat").fetchone() == ("林",)


def test_postgres_sorts_alike_on_every_machine_and_checks_its_pages(postgres):
    with psycopg.connect(postgres.url) as connection:
        provider, locale = connection.execute(
            "select datlocprovider, datlocale from pg_database where datname = 'hotseat'"
        ).fetchone()
        assert (provider, locale) == (b"b" if isinstance(provider, bytes) else "b", "C.UTF-8")
        assert connection.execute("show data_checksums").fetchone() == ("on",)


def test_no_server_listens_on_a_network_port(postgres, valkey):
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)
    assert redis.Redis.from_url(valkey.url).config_get("port") == {"port": "0"}


def test_stopping_leaves_no_process(postgres, valkey):
    pids = [postgres.pid, valkey.pid]
    postgres.stop()
    valkey.stop()
    assert [alive(pid) for pid in pids] == [False, False]
    assert (postgres.pid, valkey.pid) == (None, None)


def test_stopping_twice_is_no_error(valkey):
    valkey.stop()
    valkey.stop()


def test_valkey_keeps_its_keys_over_a_restart(valkey):
    redis.Redis.from_url(valkey.url).set("turn", "t7")
    valkey.stop()
    assert redis.Redis.from_url(restarted(valkey).url).get("turn") == b"t7"


def test_both_come_back_after_being_killed(postgres, valkey):
    for server in (postgres, valkey):
        os.kill(server.pid, signal.SIGKILL)
        server.stop()
        restarted(server)
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    assert redis.Redis.from_url(valkey.url).ping() is True


def test_a_server_left_behind_is_stopped_before_a_new_one_starts(folder, valkey):
    left_behind = valkey.pid
    second = embedded.Valkey(folder / "valkey", embedded.socket_folder(folder))
    restarted(second)
    try:
        # Still a zombie of this process, but it answers no more: the socket is the new one's.
        assert redis.Redis.from_url(second.url).info("server")["process_id"] == second.pid
        assert second.pid != left_behind
    finally:
        second.stop()


def test_files_of_another_postgres_are_not_touched(folder):
    data = folder / "postgres"
    data.mkdir()
    (data / "PG_VERSION").write_text("16\n", encoding="ascii")
    server = embedded.Postgres(data, folder / "run" / "postgres")
    with pytest.raises(embedded.StackError, match="was written by Postgres 16 and this is 18"):
        server.launch()
    assert sorted(path.name for path in data.iterdir()) == ["PG_VERSION"]


def test_a_server_that_cannot_start_points_at_its_log(folder):
    server = embedded.Server("Valkey", folder / "x.log")
    server.launch(["/bin/sh", "-c", "echo no; exit 1"])
    with pytest.raises(
        embedded.StackError, match=r"Valkey did not start; the reason is in .*x\.log"
    ):
        server.wait_until(lambda: False)


def test_sockets_of_a_deep_folder_go_where_their_path_fits(folder):
    deep = folder / ("d" * 90)
    deep.mkdir()
    sockets = embedded.socket_folder(deep)
    try:
        assert not sockets.is_relative_to(folder)
        assert sockets == embedded.socket_folder(deep)
        assert len(os.fsencode(sockets / "postgres" / ".s.PGSQL.5432")) <= 100
    finally:
        sockets.rmdir()


def test_a_socket_folder_of_somebody_else_is_refused(folder, monkeypatch):
    (folder / "run").mkdir()
    monkeypatch.setattr(embedded.os, "geteuid", lambda: 12345)
    with pytest.raises(embedded.StackError, match="belongs to somebody else"):
        embedded.socket_folder(folder)
