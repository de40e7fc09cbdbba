"""What stands in the way of ``make run`` is said in one sentence."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from compose import local
from compose.embedded import StackError

ROOT = Path(__file__).resolve().parents[3]


def test_a_port_in_use_is_named_with_a_way_out():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StackError, match=f"Port {port} is already in use; choose another: "):
            local.check_port("127.0.0.1", port)


def test_a_free_port_is_free():
    local.check_port("127.0.0.1", local.free_port())


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="ascii")
    with pytest.raises(StackError, match=r"The data folder .*file cannot be written to \("):
        local.check_folder(tmp_path / "file")


def test_one_folder_holds_one_game(tmp_path):
    (tmp_path / "run").mkdir()
    lock = tmp_path / "run" / "lock"
    with local.hold(lock), pytest.raises(StackError, match=f"process {os.getpid()}"):
        local.hold(lock)
    local.hold(lock).close()


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("PORT", "http", "PORT must be a whole number, not 'http'."),
        ("VERBOSE", "perhaps", "VERBOSE must be 1 or 0, not 'perhaps'."),
    ],
)
def test_a_bad_variable_is_a_sentence_and_not_a_traceback(variable, value, sentence):
    done = subprocess.run(
        [sys.executable, "-m", "compose.local"],
        env={**os.environ, variable: value},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr.strip()) == (1, "", sentence)
