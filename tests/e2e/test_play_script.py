"""``docs/play.sh`` is documentation that runs: a whole game over the API, by curl alone."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from compose import local

ROOT = Path(__file__).resolve().parents[2]
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


def play(shell: str, url: str, **options: str) -> tuple[dict[str, object], str]:
    """Return the verdict the script printed, and what was said on the way to it."""
    done = subprocess.run(
        [shell, str(ROOT / "docs" / "play.sh")],
        env={"PATH": os.environ["PATH"], "BASE_URL": url, **options},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


@pytest.mark.parametrize("mode", ["survive", "convince"])
@pytest.mark.parametrize("skill", ["strong", "weak"])
def test_the_script_plays_a_game_to_its_verdict(
    shell: str, stack: local.Stack, mode: str, skill: str
) -> None:
    verdict, said = play(shell, stack.url, MODE=mode, SKILL=skill)

    assert (verdict["mode"], verdict["status"]) == (mode, "settled")
    assert verdict["result"] in {"won", "lost"}
    assert said.count("you: ") == verdict["rounds"]


def test_padding_alone_does_not_survive_the_panel(shell: str, stack: local.Stack) -> None:
    verdict, _said = play(shell, stack.url, MODE="survive", SKILL="weak")

    assert (verdict["result"], verdict["reason"]) == ("lost", "hp_zero")


def test_a_server_that_refuses_is_quoted_and_the_script_fails(
    shell: str, stack: local.Stack
) -> None:
    done = subprocess.run(
        [shell, str(ROOT / "docs" / "play.sh")],
        env={"PATH": os.environ["PATH"], "BASE_URL": stack.url, "SCENERY": "no_such_scenery"},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )

    assert done.returncode == 1
    assert "scenery_not_found" in done.stderr
