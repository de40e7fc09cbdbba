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


@pytest.fixture(scope="module")
def shell() -> str:
    """The shell, on a machine that has what the script asks for."""
    missing = [name for name in _NEEDED if shutil.which(name) is None]
    if missing and os.environ.get("CI"):
        pytest.fail(f"docs/play.sh needs {', '.join(missing)}, and under CI it must run.")
    if missing:
        pytest.skip(f"docs/play.sh needs {', '.join(missing)}.")
    return "sh"


def run(shell: str, url: str, **options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [shell, str(SCRIPT)],
        env={"PATH": os.environ["PATH"], "BASE_URL": url, **options},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )


@pytest.mark.parametrize("mode", ["survive", "convince"])
@pytest.mark.parametrize(("skill", "result"), [("strong", "won"), ("weak", "lost")])
def test_the_script_plays_a_game_to_its_verdict(
    shell: str, stack: local.Stack, mode: str, skill: str, result: str
) -> None:
    done = run(shell, stack.url, MODE=mode, SKILL=skill)

    assert done.returncode == 0, done.stderr
    verdict = json.loads(done.stdout)
    assert (verdict["mode"], verdict["status"]) == (mode, "settled")
    assert verdict["result"] == result
    assert done.stderr.count("you: ") == verdict["rounds"]


def test_a_refusal_is_quoted_and_the_script_fails(shell: str, stack: local.Stack) -> None:
    done = run(shell, stack.url, SCENERY="no_such_scenery")

    assert done.returncode == 1
    assert "scenery_not_found" in done.stderr
