"""The balance table of the ruleset, reproduced by simulated candidates in the real engine."""

import pytest

from interview.domain.scenery import Mode
from tests.factories.games import make_position
from tests.unit.interview.balance import simulate

N_RUNS = 120


@pytest.mark.parametrize(
    ("skill", "rounds"), [(15, 3), (40, 6), (55, 10), (65, 13), (75, 18), (85, 23), (92, 27)]
)
def test_survive_lasts_as_long_as_the_skill_deserves(skill: int, rounds: int) -> None:
    endless = make_position(goal_rounds=99)

    outcomes = simulate(Mode.SURVIVE, skill=skill, n_runs=N_RUNS, position=endless)

    assert abs(outcomes.median_rounds - rounds) <= 1


@pytest.mark.parametrize(
    ("skill", "win_rate", "winning_rounds"),
    [(55, 0.0, None), (65, 0.41, 7), (75, 0.99, 5), (85, 1.0, 4)],
)
def test_convince_is_won_as_often_as_the_skill_deserves(
    skill: int, win_rate: float, winning_rounds: int | None
) -> None:
    outcomes = simulate(Mode.CONVINCE, skill=skill, n_runs=N_RUNS)

    assert abs(outcomes.win_rate - win_rate) <= 0.1
    if winning_rounds is not None:
        assert outcomes.median_winning_rounds is not None
        assert abs(outcomes.median_winning_rounds - winning_rounds) <= 1


def test_nobody_wins_convince_before_every_seat_has_asked() -> None:
    outcomes = simulate(Mode.CONVINCE, skill=99, n_runs=40)

    assert outcomes.median_winning_rounds == len(make_position().scenery.panel)
