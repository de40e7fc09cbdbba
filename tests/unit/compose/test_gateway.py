"""The programs' side alone: what its process is told, and whose servers it uses."""

from pathlib import Path

import pytest

from compose import gateway, local
from compose.gateway import Gateway
from compose.supervisor import read_procfile


def make(folder: Path, **changes: object) -> Gateway:
    (folder / "run").mkdir(exist_ok=True)
    return Gateway(data_dir=folder, port=8100, n_workers=3, **changes)  # type: ignore[arg-type]


def test_granian_serves_with_as_many_processes_as_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("DRAIN_SECONDS", "7.4")
    environment = make(tmp_path)._environment()
    procfile = Path(local.ROOT, "compose", "Procfile.gateway")
    command = read_procfile(procfile, environment)["gateway"]
    assert command[1:3] == ["-m", "granian"]
    assert command[command.index("--workers") + 1] == "3"
    assert command[command.index("--port") + 1] == "8100"
    assert command[command.index("--workers-kill-timeout") + 1] == "12"
    assert command[-1] == "config.data_plane.asgi:application"


def test_its_processes_count_into_a_folder_that_is_empty_at_first(tmp_path):
    stack = make(tmp_path)
    (tmp_path / "run" / "metrics-8100").mkdir()
    (tmp_path / "run" / "metrics-8100" / "counter_1.db").touch()
    folder = Path(stack._environment()["PROMETHEUS_MULTIPROC_DIR"])
    assert folder == tmp_path / "run" / "metrics-8100"
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(("given", "shares"), [("", "6"), ("9", "9")])
def test_limits_are_shared_with_the_games_processes_unless_told_otherwise(
    tmp_path, monkeypatch, given, shares
):
    monkeypatch.setenv("GATEWAY_REPLICAS", given)
    monkeypatch.setenv("TURNS_WORKERS", "1")
    assert make(tmp_path)._environment()["GATEWAY_REPLICAS"] == shares


def test_beside_a_running_game_it_starts_no_servers(tmp_path, capsys):
    stack = make(tmp_path)
    with local.hold(tmp_path / "run" / "lock"):
        stack._furnish({})
    assert stack._servers == []
    assert "of the stack that runs already" in capsys.readouterr().out


def test_the_command_line_has_a_port_of_its_own(monkeypatch):
    monkeypatch.delenv("PORT", raising=False)
    monkeypatch.delenv("GATEWAY_WORKERS", raising=False)
    assert gateway._parse([]).port == 8100
    assert gateway._parse([]).workers >= 2


def test_its_banner_is_the_address_a_program_is_given(tmp_path):
    assert "http://localhost:8100/v1\n" in gateway._banner(make(tmp_path))
