"""Several judges of a close call: the median counts, and the rules fill the empty chairs."""

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interview.domain import game
from interview.domain.judgement import Marks, judge
from interview.domain.judging.inquiry import Case, prompt_of
from interview.domain.judging.jury import CLOSE_POINTS, is_close_call, verdict_of
from interview.domain.judging.opinion import Opinion
from interview.domain.persona import Dimension
from interview.domain.ports import ModelPolicy
from interview.domain.room import Room
from interview.domain.scenery import Mode
from interview.domain.scoring import MAX_LEVEL
from interview.services import rubrics
from tests.factories.games import PANEL, ask, make_position, opened

POSITION = make_position()
DEPTH = Dimension.DEPTH
levels = st.integers(0, MAX_LEVEL)


def room(mode: Mode = Mode.CONVINCE, **changes: object) -> Room:
    found = Room(panel=list(PANEL), mode=mode, round=6, par=55.0, has_asked=["ada"])
    found.approval = dict.fromkeys(PANEL, 40)
    for name, value in changes.items():
        setattr(found, name, value)
    return found


def marks(q: float) -> Marks:
    return Marks(asker="ada", by_persona=dict.fromkeys(PANEL, q))


def vote(level: int | None, quote: str = "said") -> Opinion:
    """Return an opinion on depth; None is a level without a true quote."""
    if level is None:
        return Opinion({}, {}, (DEPTH,))
    return Opinion({DEPTH: level}, {DEPTH: quote} if level else {})


def together(*votes: Opinion, rules: int = 2, n_chairs: int = 3) -> Opinion:
    return verdict_of(votes, rules={DEPTH: rules}, n_chairs=n_chairs)


# --- What they say --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "rules", "level"),
    [
        ((1, 2, 3), 0, 2),
        ((4, 0, 0), 4, 0),
        ((4, 4, 0), 0, 4),
        ((4, 0), 1, 1),
        ((4, 4), 0, 4),
        ((4, None, 0), 1, 1),
        ((4, None, None), 1, 1),
        ((0, 0, 0, 4, 4), 4, 0),
    ],
)
def test_the_median_counts_and_the_rules_fill_the_empty_chairs(
    said: tuple[int | None, ...], rules: int, level: int
) -> None:
    opinion = together(*map(vote, said), rules=rules, n_chairs=max(3, len(said)))

    assert opinion.levels == {DEPTH: level}
    assert opinion.rejected == ()


def test_a_dimension_nobody_has_a_true_quote_for_is_rejected() -> None:
    assert together(vote(None), vote(None)) == Opinion({}, {}, (DEPTH,))


def test_the_quote_is_the_first_judges_who_gave_the_level() -> None:
    opinion = together(vote(4, "a"), vote(3, "b"), vote(3, "c"))

    assert (opinion.levels, opinion.quotes) == ({DEPTH: 3}, {DEPTH: "b"})
    assert together(vote(4, "a"), vote(0)).quotes == {}


@given(st.lists(levels, min_size=2, max_size=3), levels)
def test_the_order_of_the_judges_does_not_count(said: list[int], rules: int) -> None:
    found = {together(*map(vote, order), rules=rules).levels[DEPTH] for order in permutations(said)}

    assert len(found) == 1


@given(levels, levels, levels)
def test_no_single_judge_of_three_goes_beyond_the_other_two(
    one: int, two: int, bribed: int
) -> None:
    level = together(vote(one), vote(two), vote(bribed)).levels[DEPTH]

    assert min(one, two) <= level <= max(one, two)


# --- When they are called -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "q", "is_close"),
    [
        ({"approval": dict.fromkeys(PANEL, 40)}, 55.0, False),
        ({"approval": {**dict.fromkeys(PANEL, 40), "ada": 69}}, 55.0, True),
        ({"approval": {**dict.fromkeys(PANEL, 40), "ada": 69}}, 70.0, False),
        ({"approval": {**dict.fromkeys(PANEL, 40), "ada": 10}}, 53.0, True),
        ({"approval": {**dict.fromkeys(PANEL, 40), "ada": 10}}, 20.0, False),
    ],
    ids=["nothing near", "nearly won", "won anyhow", "nearly lost", "lost anyhow"],
)
def test_a_call_is_close_when_a_few_points_decide_whom_it_wins_or_loses(
    changes: dict[str, object], q: float, is_close: bool
) -> None:
    assert is_close_call(room(**changes), POSITION, marks(q)) is is_close


def test_a_call_is_close_when_a_few_points_decide_if_the_seat_is_lost() -> None:
    at_the_edge = [
        hp
        for hp in range(1, 100)
        if is_close_call(room(Mode.SURVIVE, hp=hp), POSITION, marks(30.0))
    ]

    assert at_the_edge
    for hp in at_the_edge:
        low, high = (
            judge(room(Mode.SURVIVE, hp=hp), POSITION, marks(30.0 + by)).ended
            for by in (-CLOSE_POINTS, CLOSE_POINTS)
        )
        assert low is not None
        assert high is None
    assert not is_close_call(room(Mode.SURVIVE, hp=100), POSITION, marks(30.0))


def test_marks_beyond_the_scale_are_no_reason_to_call() -> None:
    assert not is_close_call(room(), POSITION, marks(100.0))
    assert not is_close_call(room(Mode.SURVIVE, hp=1), POSITION, marks(0.0))


# --- How they are asked ---------------------------------------------------------------------


def test_each_chair_begins_with_another_ruler() -> None:
    record = ask(opened(POSITION))
    hearing = game.hear(record.room, POSITION, "I cut it from 820ms to 310ms.")
    orders = []
    for chair in range(3):
        prompt = prompt_of(
            hearing.answer,
            Case("How?", hearing.question, POSITION.resume, rubrics.six_dimensions(), "en"),
            mark="abc",
            chair=chair,
        )
        rulers = prompt.messages[0].text.partition("Rulers\n")[2].splitlines()
        orders.append([line.partition(":")[0] for line in rulers if not line.startswith(" ")])

    assert len({order[0] for order in orders}) == 3
    assert {frozenset(order) for order in orders} == {frozenset(d.value for d in Dimension)}


def test_an_answer_waits_for_two_rounds_of_judges_at_most() -> None:
    policy = ModelPolicy(judge_seconds=6.0, director_seconds=1.5)

    assert policy.weighing_seconds == 13.5
    assert replace(policy, judge_votes=1).weighing_seconds == 7.5
