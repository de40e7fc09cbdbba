"""Reaction lines: the right occasion, no repeats, slots filled with the candidate's words."""

import pytest

from interview.domain.bilingual import Text
from interview.domain.lines import band_of, react
from interview.domain.persona import Band
from interview.domain.position import Edition, Position
from interview.domain.room import Room
from tests.factories.games import make_persona, make_position, make_resume, make_scenery

POSITION = make_position()


def _with_lines(*lines: Text) -> Position:
    persona = make_persona("ada", lines={Band.LOW: lines})
    edition = Edition(id="e", scenery=make_scenery(), personas={"ada": persona}, questions={})
    return Position(edition=edition, resume=make_resume())


@pytest.mark.parametrize(
    ("q", "triggers", "band"),
    [
        (70, (), Band.HIGH),
        (55, (), Band.MID),
        (20, (), Band.LOW),
        (70, ("evasive",), Band.EVASIVE),
        (20, ("honest_unknown",), Band.HONEST),
        (70, ("evasive", "contradiction"), Band.CAUGHT),
        (70, ("contradiction", "injection"), Band.INJECTION),
        (20, ("abuse",), Band.INJECTION),
    ],
)
def test_what_was_caught_comes_before_how_it_scored(
    q: float, triggers: tuple[str, ...], band: Band
) -> None:
    assert band_of(q, 55.0, triggers) is band


def test_no_line_comes_twice_before_all_have_come() -> None:
    room = Room(language="en", seed=3)
    drawn = []
    for _ in range(6):
        reaction = react(room, POSITION, persona="ada", band=Band.MID)
        drawn.append(reaction.line)
        used = room.bags.get("ada/mid", [])
        room.bags["ada/mid"] = [reaction.line] if reaction.line in used else [*used, reaction.line]

    assert sorted(drawn[:3]) == [0, 1, 2]
    assert sorted(drawn[3:]) == [0, 1, 2]


def test_a_line_quotes_the_candidate_only_when_the_words_fit() -> None:
    position = _with_lines(Text(zh="「{quote}」？", en="“{quote}”."), Text(zh="嗯。", en="Hm."))
    room = Room(language="en", seed=1)

    def said(quote: str) -> set[str]:
        rooms = (Room(language="en", seed=seed) for seed in range(12))
        return {react(r, position, persona="ada", band=Band.LOW, quote=quote).text for r in rooms}

    assert said("world-class") == {"“world-class”.", "Hm."}
    assert said("") == {"Hm."}
    assert said("a long sentence that nobody would repeat") == {"Hm."}
    assert (
        react(room, position, persona="ada", band=Band.LOW, quote="一二三四五六七八九十一二三").line
        == 1
    )


def test_a_persona_with_nothing_but_slots_still_says_something() -> None:
    position = _with_lines(Text(zh="{a}还是{b}。", en="{a} or {b}."))

    reaction = react(Room(language="en"), position, persona="ada", band=Band.LOW)

    assert reaction.text == " or ."
    caught = react(Room(language="zh"), position, persona="ada", band=Band.LOW, a="3", b="5")
    assert caught.text == "3还是5。"
