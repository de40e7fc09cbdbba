"""The stack of ``make run`` seen from outside, without a browser."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from compose import local

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 30.0


def get(stack, path):
    try:
        with urllib.request.urlopen(stack.url + path, timeout=10) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read().decode()


def eventually(stack, is_so):
    """Tend the stack until something holds; the launcher of a real run does the same."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "not within the time a player would wait"
        stack.tend()
        time.sleep(0.05)


def test_every_part_is_ready(stack):
    status, headers, body = get(stack, "readyz")
    assert (status, set(json.loads(body).values())) == (200, {"ok"})
    assert headers["X-Request-ID"]


def test_a_page_carries_its_policy_and_its_id(stack):
    status, headers, _ = get(stack, "admin/login/")
    assert status == 200
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Request-ID"]


def test_static_files_are_served_under_hashed_names_for_ever(stack):
    _, _, page = get(stack, "admin/login/")
    start = page.index("static/admin/css/base.")
    path = page[start : page.index('"', start)]
    status, headers, _ = get(stack, path)
    assert status == 200
    assert "immutable" in headers["Cache-Control"]


def test_a_second_game_in_the_same_folder_is_refused_in_one_sentence(stack):
    done = subprocess.run(
        [sys.executable, "-m", "compose.local", "--port", "0", "--data-dir", str(stack.data_dir)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.strip().startswith(f"Hotseat already runs from {stack.data_dir} (process ")


def test_manage_py_finds_the_running_database_by_its_folder(stack):
    without = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"}
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--check"],
        env={**without, "DATA_DIR": str(stack.data_dir), "ENV_FILE": os.devnull},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["turns", "background", "web"])
def test_a_killed_process_is_back_without_anybody_doing_anything(stack, name):
    before = stack.pid_of(name)
    os.kill(before, signal.SIGKILL)

    def is_back():
        try:
            return stack.pid_of(name) != before and get(stack, "readyz")[0] == 200
        except (KeyError, OSError):
            return False

    eventually(stack, is_back)


def test_the_web_process_drains_on_sigterm_and_says_so(stack):
    log = stack.data_dir / "logs" / "web.log"

    def endings():
        return [line for line in log.read_text().splitlines() if '"server.stopped"' in line]

    n_before = len(endings())
    os.kill(stack.pid_of("web"), signal.SIGTERM)
    eventually(stack, lambda: len(endings()) > n_before)
    assert json.loads(endings()[-1])["outcome"] == "clean"
    eventually(stack, lambda: local.readiness("127.0.0.1", stack.port)[0] == 200)


def test_every_line_of_our_logs_is_json_without_a_traceback_of_ours(stack):
    for line in (stack.data_dir / "logs" / "web.log").read_text().splitlines():
        assert {"event", "level", "timestamp", "component"} <= set(json.loads(line))
