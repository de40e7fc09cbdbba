"""The pacing plan: exact text, exact time, whole characters."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.scripting import clusters, pacing

SPOKEN = "Show me the number, not the adjective. 数字呢？形容词就免了。"


@given(text=st.text(max_size=200), pace=st.floats(1, 500), seed=st.integers())
def test_the_chunks_joined_are_the_text_and_their_delays_its_length_over_the_pace(
    text: str, pace: float, seed: int
) -> None:
    plan = pacing(text, pace_cps=pace, seed=seed)

    assert "".join(chunk.text for chunk in plan) == text
    assert math.isclose(
        sum(chunk.delay_seconds for chunk in plan), len(text) / pace, rel_tol=1e-9, abs_tol=1e-12
    )
    assert all(chunk.text and chunk.delay_seconds > 0 for chunk in plan)


@given(text=st.text(max_size=80), seed=st.integers())
def test_no_chunk_ends_inside_a_character(text: str, seed: int) -> None:
    whole = list(clusters(text))
    for chunk in pacing(text, pace_cps=30, seed=seed):
        taken = ""
        while len(taken) < len(chunk.text):
            taken += whole.pop(0)
        assert taken == chunk.text
    assert whole == []


@pytest.mark.parametrize(
    "cluster",
    ["e\u0301", "👍🏽", "👨‍👩‍👧", "🇨🇳", "각", "ก็", "\r\n", "❤️", "🏴\U000e0067\U000e007f"],
    ids=["accent", "skin tone", "family", "flag", "jamo", "thai", "newline", "heart", "tagged"],
)
def test_what_people_see_as_one_character_stays_whole(cluster: str) -> None:
    assert list(clusters(f"a{cluster}b")) == ["a", cluster, "b"]


def test_two_flags_are_two_characters() -> None:
    assert list(clusters("🇨🇳🇫🇷")) == ["🇨🇳", "🇫🇷"]


def test_the_same_seed_gives_the_same_plan_and_another_one_another() -> None:
    plan = pacing(SPOKEN, pace_cps=28, seed=7)

    assert plan == pacing(SPOKEN, pace_cps=28, seed=7)
    assert plan != pacing(SPOKEN, pace_cps=28, seed=8)


def test_a_speaker_rests_longest_after_a_sentence() -> None:
    plan = pacing(SPOKEN, pace_cps=28, seed=7)
    after = {
        before.text.rstrip()[-1:]: chunk.delay_seconds / len(chunk.text)
        for before, chunk in pairwise(plan)
    }

    assert after["。" if "。" in after else "."] > after[","] > after["e"]


def test_nothing_to_say_is_an_empty_plan() -> None:
    assert pacing("", pace_cps=28, seed=1) == ()
