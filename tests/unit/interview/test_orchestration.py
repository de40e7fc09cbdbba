"""Who speaks next: the hard rules, and each strategy within them."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interview.domain.bilingual import Text
from interview.domain.orchestration import Choice, Reason, available, choose_speaker
from interview.domain.room import Room, Thread
from interview.domain.scenery import Mode, Strategy
from tests.factories.games import PANEL, make_position

POSITION = make_position()


def _room(**changes: object) -> Room:
    room = Room(panel=list(PANEL), seed=7, approval=dict.fromkeys(PANEL, 40))
    for name, value in changes.items():
        setattr(room, name, value)
    return room


def _choose(room: Room, answer: str = "", suggestion: str | None = None) -> Choice:
    return choose_speaker(
        room,
        POSITION,
        answer=answer,
        sharpness=lambda persona: {"ada": 1.0, "ben": 3.0, "cy": 2.0}[persona],
        suggestion=suggestion,
    )


def _asked(room: Room, speaker: str) -> None:
    """Let the speaker have asked a root question, as the fold does."""
    room.n_roots += 1
    room.root_asked_at[speaker] = room.n_roots
    room.pool = [speaker] if speaker in room.pool else [*room.pool, speaker]
    room.thread = Thread(question_id="q.0", speaker=speaker)


def test_serial_goes_round_the_bench_in_order() -> None:
    room = _room(strategy=Strategy.SERIAL)
    order = []
    for _ in range(7):
        choice = _choose(room)
        order.append(choice.speaker)
        _asked(room, choice.speaker)

    assert order == ["ada", "ben", "cy", "ada", "ben", "cy", "ada"]


def test_serial_skips_whoever_is_convinced() -> None:
    room = _room(strategy=Strategy.SERIAL, mode=Mode.CONVINCE, convinced=["ben"])
    _asked(room, "ada")

    assert _choose(room) == Choice("cy", Reason.NEXT_IN_ORDER)


def test_the_last_one_left_speaks_again() -> None:
    room = _room(convinced=["ben"], walked_out=["cy"])
    _asked(room, "ada")

    assert available(room) == ["ada"]
    assert _choose(room) == Choice("ada", Reason.ONLY_ONE_LEFT)


def test_the_chair_opens_when_a_director_decides() -> None:
    assert _choose(_room(strategy=Strategy.DIRECTOR)) == Choice("ben", Reason.OPENS)


@pytest.mark.parametrize("strategy", list(Strategy))
@given(seed=st.integers(0, 2**31), convinced_after=st.integers(3, 20))
def test_hard_rules_stand_above_every_strategy(
    strategy: Strategy, seed: int, convinced_after: int
) -> None:
    room = _room(strategy=strategy, seed=seed)
    order: list[str] = []
    for number in range(24):
        speaker = _choose(room).speaker
        assert speaker not in room.convinced
        if len(available(room)) > 1 and order:
            assert speaker != order[-1]
        order.append(speaker)
        _asked(room, speaker)
        if number == convinced_after:
            room.convinced = [room.panel[seed % 3]]

    assert set(order[:3]) == set(PANEL)
    for persona in available(room):
        places = [i for i, speaker in enumerate(order) if speaker == persona]
        gaps = [b - a - 1 for a, b in itertools.pairwise(places)]
        assert max(gaps, default=0) <= 2 * len(PANEL) - 2


@given(seed=st.integers(0, 2**31))
def test_random_draws_without_replacement(seed: int) -> None:
    room = _room(strategy=Strategy.RANDOM, seed=seed)
    order = []
    for _ in range(9):
        speaker = _choose(room).speaker
        order.append(speaker)
        _asked(room, speaker)

    for start in (0, 3, 6):
        assert set(order[start : start + 3]) == set(PANEL)


def _after_everybody_asked(**changes: object) -> Room:
    room = _room(strategy=Strategy.DIRECTOR, **changes)
    for speaker in ("ben", "ada", "cy"):
        _asked(room, speaker)
    return room


def test_the_director_gives_the_floor_to_whoever_was_named() -> None:
    room = _after_everybody_asked()

    assert _choose(room, "As Ada said, and ben老师 too") == Choice("ada", Reason.NAMED)


@pytest.mark.parametrize(
    ("answer", "speaker"),
    [
        ("Okay, the programming took a week.", "cy"),
        ("Reading online docs cost more than the timing.", "cy"),
        ("I told Kay; Ming agreed.", "ada"),
        ("Kay让我做的，明总同意。", "ada"),
        ("这件事明总和Kay都知道。", "ben"),
    ],
)
def test_a_name_counts_as_a_word_of_its_own_and_not_inside_another(
    answer: str, speaker: str
) -> None:
    names = {"ada": Text("Kay", "Kay"), "ben": Text("明总", "Ming"), "cy": Text("林姐", "Lin")}
    edition = POSITION.edition
    seated = {key: replace(edition.personas[key], name=name) for key, name in names.items()}
    room = _room(strategy=Strategy.DIRECTOR)
    for persona in ("ada", "ben", "cy"):
        _asked(room, persona)
    room.thread = Thread(question_id="q.0", speaker="")

    choice = choose_speaker(
        room,
        replace(POSITION, edition=replace(edition, personas=seated)),
        answer=answer,
        sharpness=lambda persona: float(persona == "cy"),
    )

    assert choice.speaker == speaker


@pytest.mark.parametrize("strategy", list(Strategy))
def test_everybody_is_heard_in_the_first_cycle_though_somebody_digs_deeper(
    strategy: Strategy,
) -> None:
    room = _room(strategy=strategy, mode=Mode.CONVINCE)
    opener = _choose(room).speaker
    _asked(room, opener)
    _asked(room, opener)  # a follow-up that became a root question of its own
    room.approval[opener] = 10
    second = _choose(room).speaker
    _asked(room, second)

    assert {opener, second, _choose(room).speaker} == set(PANEL)


def test_the_director_turns_to_the_coldest_in_convince() -> None:
    room = _after_everybody_asked(mode=Mode.CONVINCE)
    room.approval["ben"] = 12

    assert _choose(room) == Choice("ben", Reason.LOWEST_APPROVAL)


def test_the_director_picks_the_sharpest_question_in_survive() -> None:
    assert _choose(_after_everybody_asked()) == Choice("ben", Reason.SHARPEST_QUESTION)


def test_a_suggestion_counts_only_when_that_persona_may_speak() -> None:
    room = _after_everybody_asked()

    assert _choose(room, suggestion="ada") == Choice("ada", Reason.SUGGESTED)
    refused = _choose(room, suggestion="cy")
    assert (refused.speaker, refused.fallback) == ("ben", True)


def test_nobody_waits_longer_than_a_shuffle_could_make_them() -> None:
    room = _after_everybody_asked(mode=Mode.CONVINCE)
    room.approval.update(ada=10, ben=11, cy=90)
    order = []
    for _ in range(8):
        speaker = _choose(room).speaker
        order.append(speaker)
        _asked(room, speaker)

    assert order == ["ada", "ben", "ada", "ben", "cy", "ada", "ben", "ada"]
