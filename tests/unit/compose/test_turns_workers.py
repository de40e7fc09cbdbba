"""How many processes speak turns."""

import os
from pathlib import Path

import pytest

from compose import local
from compose.embedded import StackError


def stack(tmp_path: Path, n_workers: str) -> local.Stack:
    return local.Stack(data_dir=tmp_path, port=8000, extra={"TURNS_WORKERS": n_workers})


def test_each_has_a_name_and_a_scrape_port_of_its_own(tmp_path):
    one = stack(tmp_path, "3")
    processes = {each.name: each for each in one._processes(one._environment())}
    assert list(processes) == ["web", "turns", "background", "beat", "turns-2", "turns-3"]
    ports = {
        name: each.environment.get("METRICS_PORT")
        for name, each in processes.items()
        if name.startswith("turns")
    }
    assert ports == {"turns": "9101", "turns-2": "9201", "turns-3": "9301"}
    assert "turns-3@%h" in processes["turns-3"].command
    assert processes["turns"].environment["GATEWAY_REPLICAS"] == "5"


@pytest.mark.parametrize(("n_cores", "n_workers"), [(None, 1), (1, 1), (2, 2), (64, 2)])
def test_there_are_two_where_two_can_run(tmp_path, monkeypatch, n_cores, n_workers):
    monkeypatch.delenv("TURNS_WORKERS", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: n_cores)
    usual = local.Stack(data_dir=tmp_path, port=8000)
    names = [each.name for each in usual._processes(usual._environment())]
    assert names == ["web", "turns", "background", "beat", "turns-2"][: 3 + n_workers]


@pytest.mark.parametrize("n_workers", ["0", "17", "-1", "two", "1.5"])
def test_a_number_that_cannot_be_is_said_to_be_one(tmp_path, n_workers):
    with pytest.raises(StackError, match="TURNS_WORKERS is a whole number from 1 to 16"):
        stack(tmp_path, n_workers)._environment()
