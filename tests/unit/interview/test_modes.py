"""The arithmetic of Survive and Convince, against the table of the rule book."""

import pytest

from interview.domain import modes


def test_par_and_base_of_survive_rise_to_their_ceilings_and_jump_in_overtime():
    rounds = (1, 2, 10, 17, 18, 20, 21, 25)
    assert [modes.survive_par(n) for n in rounds] == [55, 57, 73, 87, 88, 88, 95, 95]
    assert [modes.survive_base(n) for n in rounds] == [20, 23, 47, 68, 70, 70, 76, 100]


@pytest.mark.parametrize(
    ("q", "temper", "is_shielded", "hurt"),
    [
        (22.5, 1.2, False, 28),
        (22.5, 1.2, True, 14),
        (55.0, 1.2, False, 0),
        (54.9, 1.0, False, 0),
        (0.0, 1.0, False, 40),
        (0.0, 1.0, True, 20),
        (53.0, 1.0, True, 1),
    ],
)
def test_damage_follows_the_worked_example(q, temper, is_shielded, hurt):
    assert modes.damage(1, q=q, temper=temper, is_shielded=is_shielded) == hurt


def test_a_strong_answer_heals_four():
    assert [modes.heal(q, par=55) for q in (54, 69.9, 70, 100)] == [0, 0, 4, 4]


def test_every_third_answer_at_par_in_a_row_earns_a_shield():
    streak, shields = 0, []
    for q in (60, 60, 60, 60, 40, 60, 60, 60):
        streak = modes.next_streak(streak, q=q, par=55)
        shields.append(modes.earns_shield(streak))
    assert shields == [False, False, True, False, False, False, False, True]


def test_convince_par_and_gains_are_clamped():
    assert [modes.convince_par(n) for n in (1, 2, 15, 16)] == [55, 56.2, 71.8, 72]
    assert [modes.approval_gain(q, par=55) for q in (0, 55, 65, 100)] == [-20, 0, 9, 18]
    assert modes.witness_gain(65, par=55) == pytest.approx(3.15)


def test_the_verdict_is_even_at_its_centre():
    assert modes.chance_from_hp(50) == modes.chance_from_approval(55) == 50
    assert round(modes.chance_from_hp(65), 1) == round(modes.chance_from_approval(65), 1) == 73.1


def test_survive_is_scored_by_rounds_hp_brilliance_and_hints():
    assert modes.survive_score(rounds=7, hp=40, n_good=2, n_hints=1) == 745
    assert modes.survive_score(rounds=0, hp=0, n_good=0, n_hints=3) == 0


def convince_score(*points: int, rounds: int, n_hints: int = 0, **changes: int) -> int:
    """Return the score of a win in a scenery of 12 rounds and 70 points, unless told otherwise."""
    scenery = {"max_rounds": 12, "convinced_at": 70, **changes}
    return modes.convince_score(
        is_won=True,
        rounds=rounds,
        approval=dict(enumerate(points)),  # type: ignore[arg-type]
        n_hints=n_hints,
        max_rounds=scenery["max_rounds"],
        convinced_at=scenery["convinced_at"],
    )


def test_convince_ranks_rounds_then_hints_then_surplus_and_any_win_above_a_loss():
    quick = convince_score(70, 70, rounds=4, n_hints=9)
    clean = convince_score(71, 70, rounds=5)
    hinted = convince_score(100, 100, rounds=5, n_hints=1)
    worst = convince_score(70, 70, rounds=40, n_hints=99)
    lost = modes.convince_score(
        is_won=False,
        rounds=3,
        approval={"a": 100, "b": 100},
        n_hints=0,
        max_rounds=12,
        convinced_at=70,
    )

    assert quick > clean > hinted > worst > lost == 100


def test_a_longer_scenery_still_tells_its_wins_apart():
    early, late = (convince_score(80, rounds=rounds, max_rounds=30) for rounds in (13, 20))

    assert early > late


def test_a_hint_costs_more_than_any_surplus_a_scenery_allows():
    for convinced_at in (60, 70, 90):
        hinted = convince_score(100, rounds=5, n_hints=1, convinced_at=convinced_at)
        assert hinted < convince_score(convinced_at, rounds=5, convinced_at=convinced_at)


def test_the_reasons_for_losing_are_a_closed_list():
    assert [reason.value for reason in modes.FailureReason] == [
        "hp_zero",
        "walked_out",
        "panel_cold",
        "out_of_rounds",
        "contradiction_fatal",
        "integrity",
        "abandoned",
        "timeout",
    ]
