"""``docs/play.sh`` is documentation that runs: a whole game over the API, by curl alone."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from compose import local

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "play.sh"
_NEEDED = ("sh", "curl", "python3")
_SECONDS = 240  # a bound on a game, far above what one takes

pytestmark = pytest.mark.timeout(_SECONDS + 120)

Game = tuple[str, str]


@pytest.fixture(scope="module")
def shell() -> str:
    """The shell, on a machine that has what the script asks for."""
    missing = [name for name in _NEEDED if shutil.which(name) is None]
    if missing and os.environ.get("CI"):
        pytest.fail(f"docs/play.sh needs {', '.join(missing)}, and under CI it must run.")
    if missing:
        pytest.skip(f"docs/play.sh needs {', '.join(missing)}.")
    return "sh"


@pytest.fixture(scope="module")
def games(shell: str, stack: local.Stack) -> dict[Game, subprocess.CompletedProcess[str]]:
    """Each mode played strongly and weakly, all four rooms at once."""
    running = {
        (mode, skill): start(shell, stack.url, MODE=mode, SKILL=skill)
        for mode in ("survive", "convince")
        for skill in ("strong", "weak")
    }
    try:
        return {game: finished(process) for game, process in running.items()}
    finally:
        for process in running.values():
            process.kill()


def start(shell: str, url: str, **options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [shell, str(SCRIPT)],
        env={"PATH": os.environ["PATH"], "BASE_URL": url, **options},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    said, complained = process.communicate(timeout=_SECONDS)
    return subprocess.CompletedProcess(process.args, process.returncode, said, complained)


@pytest.mark.parametrize("mode", ["survive", "convince"])
@pytest.mark.parametrize(("skill", "result"), [("strong", "won"), ("weak", "lost")])
def test_the_script_plays_a_game_to_its_verdict(
    games: dict[Game, subprocess.CompletedProcess[str]], mode: str, skill: str, result: str
) -> None:
    done = games[mode, skill]

    assert done.returncode == 0, done.stderr
    verdict = json.loads(done.stdout)
    assert (verdict["mode"], verdict["status"]) == (mode, "settled")
    assert verdict["result"] == result
    assert done.stderr.count("you: ") == verdict["rounds"]


def test_a_refusal_is_quoted_and_the_script_fails(shell: str, stack: local.Stack) -> None:
    done = finished(start(shell, stack.url, SCENERY="no_such_scenery"))

    assert done.returncode == 1
    assert "scenery_not_found" in done.stderr
