"""The log as lines for reading."""

import pytest

from interview.domain import events as ev
from interview.domain import game
from interview.domain.events import Event, Payload
from interview.domain.scenery import Mode
from interview.domain.transcript import Clerk, Line, Voice, lines, printable
from tests.factories.games import BEGAN, ask, make_position, opened

NAMES = {"ada": "Ada", "ben": "Ben", "cy": "Cy"}


def test_a_game_reads_as_a_conversation_with_the_clerks_notes() -> None:
    position = make_position()
    record = ask(opened(position))
    game.take_answer(record, position, text="We did it.", client_id="c")

    told = list(lines(record.events, names=NAMES))

    assert told[0] == Line(3, Voice.CLERK, "", "round 1, par 55")
    assert told[1] == Line(8, Voice.PANEL, "Ada", "“Cut latency to 310ms”: measured how?")
    assert told[2].voice is Voice.CANDIDATE
    assert told[3].text.startswith("?? q ")
    assert told[4].text.startswith("ada low")
    assert told[5].text.startswith("nerve 100 → ")


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        (ev.TurnCancelled("user", "What d", ev.Usage(), True, 3), "What d — (interrupted by user)"),
        (ev.TurnFailed("lost_worker", True, "Wh"), "Wh — (broken off: lost_worker)"),
        (ev.ApprovalChanged("ada", 40, 52, "x"), "Ada 40 → 52"),
        (ev.PersonaConvinced("ben"), "Ben is convinced"),
        (ev.PersonaWalkedOut("nobody"), "nobody walks out"),
        (ev.GoalReached(8), "goal reached in round 8; what follows is overtime"),
        (
            ev.RoomSettled(ev.Result.LOST, "hp_zero", 320, 3),
            "lost: hp_zero, 320 points",
        ),
    ],
)
def test_each_turn_of_fortune_has_a_line(fact: Payload, text: str) -> None:
    assert [line.text for line in lines([Event(1, BEGAN, fact)], names=NAMES)] == [text]


def test_facts_for_machines_have_none() -> None:
    assert list(Clerk(NAMES).write(ev.TurnFirstToken(9))) == []


def test_a_score_without_a_reaction_is_a_note_alone() -> None:
    scored = ev.AnswerScored(60.0, 55.0, "rules", {}, [], [], "q 60", 1, "ada")

    assert [text for _, _, text in Clerk(NAMES).write(scored)] == ["· q 60; par 55"]


def test_nothing_that_steers_a_terminal_gets_through() -> None:
    assert printable("a\x1b[31mred\u202e\nb\x00\u200b") == "a[31mred b"


def test_both_modes_can_be_told_to_the_end() -> None:
    for mode in Mode:
        position = make_position()
        record = ask(opened(position, mode=mode))
        game.leave(record)
        assert list(lines(record.events, names=NAMES))[-1].text.startswith("abandoned")
