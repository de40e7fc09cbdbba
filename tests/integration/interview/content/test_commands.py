"""The commands that load, check and export content, and the check at start-up."""

from pathlib import Path

import pytest
from django.core.management.base import CommandError

from interview import checks
from interview.models import Persona
from interview.services import content
from tests.integration.interview.content.scene import edited, run


@pytest.mark.django_db
def test_the_commands_tell_what_they_did(folder: Path, tmp_path: Path):
    said, _ = run("load_content", "--from", folder)
    assert "created   persona ada_tester" in said
    assert said.endswith("8 pieces: 8 created, 0 updated, 0 unchanged, 0 kept, 0 conflict.\n")

    Persona.objects.filter(slug="ada_tester").update(name_en="Mine")
    said, _ = run("load_content", "--from", folder)
    assert "kept      persona ada_tester (edited here)" in said

    edited(folder / "personas/ada_tester.yaml", '"Ada"', '"Theirs"')
    said, _ = run("load_content", "--from", folder)
    assert "kept      persona ada_tester (edited here and in the file)" in said
    assert "--force" in said

    said, _ = run("export_content", "--to", tmp_path / "out")
    assert said.endswith("5 files changed.\n")


def test_check_reads_only_and_says_what_is_wrong(folder: Path):
    said, complained = run("load_content", "--check", "--from", folder)
    assert (said, complained) == ("The content files are in order.\n", "")

    edited(folder / "sceneries/small_court.yaml", "goal_rounds: 3", "goal_rounds: 9")
    said, _ = run("load_content", "--check", "--from", folder)
    assert said.startswith("advice  sceneries/small_court.yaml: small_court: only 4 questions")

    edited(folder / "sceneries/small_court.yaml", "chair: ada_tester", "chair: ghost")
    with pytest.raises(CommandError, match="mistakes"):
        run("load_content", "--check", "--from", folder)


@pytest.mark.django_db
def test_a_load_of_files_with_mistakes_ends_in_an_error(folder: Path):
    edited(folder / "sceneries/small_court.yaml", "chair: ada_tester", "chair: ghost")

    with pytest.raises(CommandError, match="nothing was loaded"):
        run("load_content", "--from", folder)
    with pytest.raises(CommandError, match="no folder"):
        run("load_content", "--from", folder / "nowhere")


def test_the_start_up_check_refuses_content_with_mistakes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    edited(folder / "sceneries/small_court.yaml", "chair: ada_tester", "chair: ghost")
    edited(folder / "sceneries/small_court.yaml", "goal_rounds: 3", "goal_rounds: 9")
    found = content.check(folder)
    monkeypatch.setattr(content, "check", lambda: found)

    messages = checks.check_content(None)

    assert {message.id for message in messages} == {"interview.E001", "interview.W001"}
    assert checks.check_content([]) == []
