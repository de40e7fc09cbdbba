"""The operator's commands: play a game in the terminal, replay and verify a room."""

from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from interview import runtime
from interview.domain.ports import Ports
from interview.models import Room as RoomRow
from interview.services import resumes
from tests.factories.rooms import GOOD_ANSWER, POOR_ANSWER, Play
from tests.fakes.interview import FakeOutbox, FakeStage


def replayed(play: Play, *options: str) -> list[str]:
    """Return what the command printed."""
    out = StringIO()
    call_command("replay", str(play.room_id), *options, stdout=out)
    return out.getvalue().splitlines()


def test_a_replay_tells_the_log_and_ends_with_the_states_hash(play: Play):
    play.speak().answer(GOOD_ANSWER)

    told = replayed(play)

    assert told[0] == "   round 1, par 55"
    assert f"> {GOOD_ANSWER}" in told
    assert len(told[-1]) == 64


def test_verify_says_yes_to_an_honest_room_and_no_to_a_doctored_one(play: Play):
    play.speak().answer(POOR_ANSWER)
    assert replayed(play, "--verify")[-1].startswith("yes")

    row = play.row
    row.snapshot["hp"] = 100
    RoomRow.objects.filter(pk=row.pk).update(snapshot=row.snapshot)

    with pytest.raises(CommandError, match="^no: "):
        replayed(play, "--verify")


def test_a_room_that_is_not_there_is_an_error_in_a_sentence(database: None):
    with pytest.raises(CommandError, match="no such room"):
        call_command("replay", str(uuid4()))


@pytest.fixture
def indoors(edition: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage in memory for the command, which speaks by itself."""
    ports = Ports(stage=FakeStage(), outbox=FakeOutbox())
    monkeypatch.setattr(runtime, "ports", lambda: ports)


@pytest.mark.usefixtures("indoors")
def test_a_scripted_game_is_played_to_its_verdict(tmp_path: Path):
    script = tmp_path / "answers.txt"
    script.write_text("\n".join([POOR_ANSWER, "x" * 9000] + [POOR_ANSWER] * 12), encoding="utf-8")
    out, err = StringIO(), StringIO()

    call_command(
        "play", "--scenery", "court", "--script", str(script), "--seed", "7",
        stdout=out, stderr=err,
    )  # fmt: skip

    told = out.getvalue().splitlines()
    assert told[-1].startswith("room ")
    assert told[-2].startswith("   lost: hp_zero")
    assert "at most 8,000" in err.getvalue()


@pytest.mark.usefixtures("indoors")
def test_an_empty_line_leaves_the_seat(tmp_path: Path):
    paper = tmp_path / "me.txt"
    paper.write_text("Cut latency to 310 ms", encoding="utf-8")
    script = tmp_path / "answers.txt"
    script.write_text("\n", encoding="utf-8")
    out = StringIO()

    call_command(
        "play", "--scenery", "court", "--resume", str(paper), "--script", str(script), stdout=out
    )

    assert "   abandoned: abandoned" in out.getvalue()


@pytest.mark.usefixtures("indoors")
def test_a_scenery_that_is_not_there_is_an_error_in_a_sentence():
    assert resumes.samples()
    with pytest.raises(CommandError, match="no scenery called"):
        call_command("play", "--scenery", "nowhere")
