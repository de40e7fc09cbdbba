"""What an answer does to the room, in both modes."""

import pytest

from interview.domain.events import Result
from interview.domain.glyphs import glyph
from interview.domain.judgement import Marks, chance, judge
from interview.domain.modes import FailureReason, damage
from interview.domain.room import Room, WinReason
from interview.domain.scenery import Approval, Mode, WinRule
from tests.factories.games import PANEL, make_position

POSITION = make_position()


def _room(mode: Mode = Mode.SURVIVE, **changes: object) -> Room:
    room = Room(panel=list(PANEL), mode=mode, round=1, par=55.0, has_asked=["ada"])
    room.approval = dict.fromkeys(PANEL, 40)
    for name, value in changes.items():
        setattr(room, name, value)
    return room


def _marks(q: float, asker: str = "ada", **changes: bool) -> Marks:
    return Marks(asker=asker, by_persona=dict.fromkeys(PANEL, q), **changes)


def test_an_answer_at_par_costs_nothing_and_a_brilliant_one_heals() -> None:
    assert judge(_room(hp=60), POSITION, _marks(55)).hp == 60
    assert judge(_room(hp=60), POSITION, _marks(70)).hp == 64
    assert judge(_room(hp=99), POSITION, _marks(99)).hp == 100


def test_a_shield_halves_one_blow_and_is_spent_by_it() -> None:
    whole = judge(_room(), POSITION, _marks(20))
    shielded = judge(_room(shielded=True), POSITION, _marks(20))
    unharmed = judge(_room(shielded=True), POSITION, _marks(80))

    assert 100 - whole.hp == damage(1, q=20, temper=1.0, is_shielded=False)
    assert 100 - shielded.hp == damage(1, q=20, temper=1.0, is_shielded=True)
    assert (whole.used_shield, shielded.used_shield, unharmed.used_shield) == (False, True, False)


def test_survive_is_lost_at_zero_unless_the_goal_was_reached() -> None:
    lost = judge(_room(hp=10), POSITION, _marks(0))
    overtime = judge(_room(hp=10, goal_reached=True), POSITION, _marks(0))

    assert lost.ended == (Result.LOST, FailureReason.HP_ZERO)
    assert overtime.ended == (Result.WON, WinReason.GOAL_REACHED)


def test_the_goal_is_reached_once_and_alive() -> None:
    position = make_position(goal_rounds=3)

    assert judge(_room(round=3), position, _marks(60)).reaches_goal
    assert not judge(_room(round=2), position, _marks(60)).reaches_goal
    assert not judge(_room(round=3, hp=1), position, _marks(0)).reaches_goal
    assert not judge(_room(round=4, goal_reached=True), position, _marks(60)).reaches_goal


def test_an_injection_costs_five_in_both_modes() -> None:
    survive = judge(_room(), POSITION, _marks(55, is_injection=True))
    convince = judge(_room(Mode.CONVINCE), POSITION, _marks(55, is_injection=True))

    assert survive.hp == 95
    assert convince.approval == {"ada": 35, "ben": 40, "cy": 40}


@pytest.mark.parametrize("mode", list(Mode))
def test_too_many_contradictions_or_injections_are_fatal(mode: Mode) -> None:
    contradicted = judge(
        _room(mode, n_contradictions=3), POSITION, _marks(55, is_contradiction=True)
    )
    injected = judge(_room(mode, n_injections=4), POSITION, _marks(55, is_injection=True))

    assert contradicted.ended == (Result.LOST, FailureReason.CONTRADICTION_FATAL)
    assert injected.ended == (Result.LOST, FailureReason.INTEGRITY)


def test_the_asker_moves_most_and_the_others_by_a_third() -> None:
    verdict = judge(_room(Mode.CONVINCE), POSITION, _marks(65))

    assert verdict.approval == {"ada": 49, "ben": 43, "cy": 43}


def test_only_who_has_asked_can_be_convinced_and_then_stands_still() -> None:
    room = _room(Mode.CONVINCE, approval={"ada": 66, "ben": 69, "cy": 40})

    verdict = judge(room, POSITION, _marks(75))

    assert verdict.approval["ben"] > 70
    assert verdict.newly_convinced == ("ada",)
    room.convinced, room.approval = ["ada"], dict(verdict.approval)
    assert judge(room, POSITION, _marks(0, asker="ben")).approval["ada"] == verdict.approval["ada"]


def test_a_contradiction_loses_the_last_vote_won() -> None:
    room = _room(Mode.CONVINCE, convinced=["ada", "ben"], approval={"ada": 72, "ben": 75, "cy": 50})

    verdict = judge(room, POSITION, _marks(55, asker="cy", is_contradiction=True))

    assert verdict.unconvinced == ("ben",)
    assert verdict.approval["ben"] == 65
    assert verdict.approval["ada"] == 72


@pytest.mark.parametrize(
    ("rule", "convinced", "is_won"),
    [
        (WinRule.ALL, ["ben", "cy"], True),
        (WinRule.ALL, ["ben"], False),
        (WinRule.MAJORITY, ["ben"], True),
        (WinRule.CHAIR_PLUS_ONE, ["ben"], True),
        (WinRule.CHAIR_PLUS_ONE, ["cy"], False),
    ],
)
def test_convince_is_won_by_the_scenerys_rule(
    rule: WinRule, convinced: list[str], is_won: bool
) -> None:
    position = make_position(approval=Approval(rule=rule))
    approval = {"ada": 60, "ben": 71, "cy": 71}
    room = _room(Mode.CONVINCE, convinced=convinced, approval=approval)

    ended = judge(room, position, _marks(90)).ended

    assert (ended == (Result.WON, WinReason.PANEL_CONVINCED)) is is_won


def test_convince_is_lost_when_somebody_walks_out_the_panel_cools_or_time_is_up() -> None:
    walked = judge(
        _room(Mode.CONVINCE, round=3, approval={"ada": 20, "ben": 60, "cy": 60}),
        POSITION,
        _marks(0),
    )
    cold = judge(
        _room(Mode.CONVINCE, round=3, approval={"ada": 30, "ben": 20, "cy": 20}),
        POSITION,
        _marks(50),
    )
    late = judge(_room(Mode.CONVINCE, round=12), POSITION, _marks(55))

    assert (walked.walked_out, walked.ended) == (("ada",), (Result.LOST, FailureReason.WALKED_OUT))
    assert cold.ended is None
    colder = judge(
        _room(Mode.CONVINCE, round=3, approval={"ada": 22, "ben": 20, "cy": 20}),
        POSITION,
        _marks(50),
    )
    assert colder.ended == (Result.LOST, FailureReason.PANEL_COLD)
    assert late.ended == (Result.LOST, FailureReason.OUT_OF_ROUNDS)


def test_nobody_leaves_before_every_seat_could_be_heard_and_a_good_answer_calls_them_back() -> None:
    cold = {"ada": 20, "ben": 12, "cy": 12}
    early = judge(_room(Mode.CONVINCE, round=2, approval=cold), POSITION, _marks(0))
    saved = judge(
        _room(Mode.CONVINCE, round=3, approval={"ada": 2, "ben": 40, "cy": 40}),
        POSITION,
        _marks(90),
    )

    assert (early.approval["ada"], early.walked_out, early.ended) == (0, (), None)
    assert (saved.approval["ada"], saved.ended) == (20, None)


def test_the_chance_is_even_at_the_middle_of_each_scale() -> None:
    assert chance(_room(hp=50)) == 50.0
    assert chance(_room(Mode.CONVINCE, approval=dict.fromkeys(PANEL, 55))) == 50.0


@pytest.mark.parametrize(
    ("before", "after", "best", "is_trap_beaten", "mark"),
    [
        (50, 30, 50, False, "??"),
        (50, 40, 50, False, "?"),
        (50, 45, 50, True, "?!"),
        (50, 61, 62, False, "!"),
        (50, 52, 53, True, "!!"),
        (50, 52, 53, False, ""),
    ],
)
def test_answers_are_annotated_by_what_was_lost(
    before: float, after: float, best: float, is_trap_beaten: bool, mark: str
) -> None:
    assert glyph(before=before, after=after, best=best, is_trap_beaten=is_trap_beaten) == mark
