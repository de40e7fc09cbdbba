"""What of a model's words the room hears: sentences in good manners, one question, no more."""

import re
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from interview.domain.speaking.manners import MAX_WIDTH, Ending, House, Manners, plain, width

QUESTION = "Measured how?"
SECRET = "Find the biggest number on the page and make the candidate account for it."
HOUSE = House(
    language="en",
    question=QUESTION,
    own_names=("老周", "Lao Zhou", "zhou"),
    other_names=("林姐", "Lin", "lin_hr", "Kay", "凯", "Robin"),
    secrets=(SECRET,),
)
COURT = House(
    language="zh",
    question="怎么量的？",
    own_names=HOUSE.own_names,
    other_names=HOUSE.other_names,
    secrets=("找出纸上最大的那个数，叫候选人当面把它讲清楚。",),
)


def heard(house: House, *pieces: str, failure: str = "") -> tuple[str, str]:
    """Return everything the room hears of a model that says these pieces, and the reason."""
    manners = Manners(house)
    said = "".join(manners.take(piece) for piece in pieces)
    ending = manners.close(failure)
    return f"{said}{ending.text}{ending.instead}", ending.reason


# --- What is heard --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("A big number. How was it measured?", "A big number. How was it measured?"),
        ("How was it measured? And who paid?", "How was it measured?"),
        ("Really? I doubt it. How was it measured?", "Really? I doubt it. How was it measured?"),
        ("Fine. Why?", "Fine. Why?"),
        ("A <b>big</b> one, *`*yes. How was it measured?", "A big one, yes. How was it measured?"),
        ("Really? Who says that it was 310ms?", "Really? Who says that it was 310ms?"),
        ("From 3.5s to 310ms. By what means?", "From 3.5s to 310ms. By what means?"),
        ("Well... How was it measured?", "Well... How was it measured?"),
        ("Lao Zhou: How was it measured?", "How was it measured?"),
        ("**老周**：How was it measured?", "How was it measured?"),
        ("Question: How was it measured?", "How was it measured?"),
        ("**Lao Zhou**\nHow was it measured?", "How was it measured?"),
        ("*leans in* How was **it** `measured`?", "How was it measured?"),
        ("(smiles) How was it measured?", "How was it measured?"),
        ("- How was it measured?", "How was it measured?"),
        ("## Well.\n> How was it measured?", "Well. How was it measured?"),
        ('"Fine. How was it measured?"', "Fine. How was it measured?"),
        ("<think>Lin: hm?</think> How was it measured?", "How was it measured?"),
        ("You wrote “降到 310ms”. Who did it?", "You wrote “降到 310ms”. Who did it?"),
        ("\n\n  How was it measured?  ", "How was it measured?"),
        ("“How was it measured?” he asks.", "“How was it measured?”"),
        ("Lin would ask about people. How many were there?",
         "Lin would ask about people. How many were there?"),
    ],
)  # fmt: skip
def test_a_line_is_heard_without_its_dressing_up_to_its_question(words: str, expected: str):
    assert heard(HOUSE, words) == (expected, "")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("数字不小。怎么量的？谁量的？", "数字不小。怎么量的？谁量的？"),
        ("数字不小。线上量的还是压测量的？谁量的？", "数字不小。线上量的还是压测量的？"),
        ("你写「Cut p99 to 310ms. Built it」，线上还是压测？",
         "你写「Cut p99 to 310ms. Built it」，线上还是压测？"),
        ("Kubernetes、Redis、Kafka 你都写了，哪个是你自己搭的？",
         "Kubernetes、Redis、Kafka 你都写了，哪个是你自己搭的？"),
        ("这个数是你自己一个一个量出来的吗。", "这个数是你自己一个一个量出来的吗。"),
        ("这个数是你自己一个一个量出来的吗", "这个数是你自己一个一个量出来的吗"),
    ],
)  # fmt: skip
def test_a_chinese_line_is_heard_up_to_its_question(words: str, expected: str):
    assert heard(COURT, words) == (expected, "")


@pytest.mark.parametrize(
    ("words", "kept", "reason"),
    [
        ("Fair. Lin: What about me?", "Fair.", "other_speaker"),
        ("Fair.\nKay：你呢？", "Fair.", "other_speaker"),
        ("Fair.\n[Lin] : me?", "Fair.", "other_speaker"),
        ("Fair.\n**Lin** (HR): me?", "Fair.", "other_speaker"),
        ("Fair.\n**林姐**\n我来问？", "Fair.", "other_speaker"),
        ("Robin: I did it all myself.", "", "other_speaker"),
        ("Candidate: It was me.", "", "other_speaker"),
        ("Lao Zhou: Lin: me?", "", "other_speaker"),
        ("这个数不小。怎么量的？", "", "wrong_language"),
        ("Это большое число?", "", "wrong_language"),
        ("Nice. Are you married, by the way?", "Nice.", "taboo"),
        ("I will give you full marks. Next?", "", "taboo"),
        ("Are you\nmarried, by the way?", "Are you", "taboo"),
        ("The right answer would be a queue. Agreed?", "", "taboo"),
        (f"Sure. {SECRET}", "Sure.", "leak"),
        ("As an AI, I have no view. Next?", "", "leak"),
        ("My system prompt says so. Next?", "", "leak"),
        ("Very well.", "Very well.", "no_question"),
        ("Fine. What is your sc", "Fine.", "no_question"),
        ("", "", "empty"),
        ("<think>still thinking", "", "empty"),
        ("<thi", "", "empty"),
        ("word " * 100, "", "too_long"),
        (f"{'x' * 330}. Why is that so?", "", "too_long"),
        ("One short line. " * 40, None, "too_long"),
    ],
)
def test_what_a_model_may_not_do_ends_its_turn_before_it_is_heard(
    words: str, kept: str | None, reason: str
):
    said, why = heard(HOUSE, words)

    assert why == reason
    assert said.endswith(QUESTION)
    if kept is not None:
        assert said == f"{kept} {QUESTION}".strip()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("That is a large number, how did you do it?", "wrong_language"),
        ("你结婚了吗？这份工作要加班。", "taboo"),
        ("这个回答我给你打九十分。下一题？", "taboo"),
        ("找出纸上最大的那个数，叫候选人当面讲。", "leak"),
        ("作为一个人工智能，我没有看法。下一题呢？", "leak"),
        ("面试者：都是我一个人做的。", "other_speaker"),
    ],
)
def test_a_chinese_room_has_the_same_manners(words: str, reason: str):
    assert heard(COURT, words) == ("怎么量的？", reason)


@pytest.mark.parametrize(
    "words",
    [
        "How did you keep the system prompt out of the cache?",
        "Which race condition bit you first?",
        "Did you look at the logs yourself?",
        "Which of the language models answered in under 3 out of 100 requests?",
    ],
)
def test_words_of_the_trade_are_no_offence(words: str):
    assert heard(HOUSE, words) == (words, "")


def test_a_failure_keeps_whole_sentences_and_asks_the_planned_question():
    said = heard(HOUSE, "Large. And then you wrote th", failure="stream_truncated")

    assert said == (f"Large. {QUESTION}", "stream_truncated")


def test_a_failure_after_the_question_changes_nothing():
    assert heard(HOUSE, "How was it measured?", failure="cut") == ("How was it measured?", "")
    assert heard(HOUSE, "How was it measured? It", failure="cut") == ("How was it measured?", "")


def test_a_failure_after_no_more_than_really_asks_the_planned_question():
    assert heard(HOUSE, "Really? Th", failure="cut") == (f"Really? {QUESTION}", "cut")


def test_nothing_more_is_wanted_once_the_question_is_asked():
    manners = Manners(HOUSE)
    assert manners.take("How was it meas") == ""
    assert not manners.is_enough
    assert manners.take("ured? And") == "How was it measured?"
    assert manners.is_enough
    assert manners.take(" more? And more?") == ""
    assert manners.close("") == Ending()


def test_chinese_sentences_stand_together_and_english_ones_apart():
    assert (
        heard(COURT, "好。", "不小。", "怎么量出来的，说说看？")[0]
        == "好。不小。怎么量出来的，说说看？"
    )
    assert heard(HOUSE, "Good.", " Large.", "\n\nMeasured by what?")[0] == (
        "Good. Large. Measured by what?"
    )
    assert heard(COURT, "他说“好”")[1] == "empty"


def test_width_counts_a_chinese_character_twice():
    assert (width("ab"), width("数字"), width("a数")) == (2, 4, 3)
    assert plain('say "yes" and "no') == 'say "yes" and "no'
    assert plain('no"') == "no"


# --- However it arrives ---------------------------------------------------------------------

BITS = st.sampled_from(
    [
        "Well", "big", "310ms", "3.5", ".", ". ", "!", "?", "？", "。", "…", "...", " ", "\n",
        "Lin", "林姐", "Lao Zhou", ":", "：", "**", "*", "`", '"', "”", "“", "」", "「", ")", "(",
        "How was it measured?", "Are you married", "full marks", "这个数字怎么来的", "as an AI,",
        "<think>", "</think>", "<", "Really?", "Candidate:", "- ", "吗", SECRET, "x" * 200,
    ]
)  # fmt: skip
WORDS = st.one_of(st.lists(BITS, max_size=12).map("".join), st.text(max_size=120))
HOUSES = st.sampled_from([HOUSE, COURT])
FAILURES = st.sampled_from(["", "stream_truncated"])


@given(WORDS, HOUSES, FAILURES, st.data())
@example("How? Lin: me", HOUSE, "", None)
def test_the_same_words_are_heard_the_same_in_whatever_pieces_they_come(
    words: str, house: House, failure: str, data: st.DataObject | None
):
    cuts = [] if data is None else data.draw(st.lists(st.integers(0, len(words)), max_size=8))
    edges = [0, *sorted(cuts), len(words)]
    pieces = [words[a:b] for a, b in pairwise(edges)]

    whole = heard(house, words, failure=failure)

    assert heard(house, *pieces, failure=failure) == whole
    assert heard(house, *words, failure=failure) == whole


@given(WORDS, HOUSES, FAILURES)
def test_every_turn_asks_within_its_length_and_says_nothing_forbidden(
    words: str, house: House, failure: str
):
    said, reason = heard(house, words, failure=failure)
    own = said.removesuffix(house.question) if reason else said

    assert said.rstrip("”’」』》）)】]\"' ")[-1:] in {"?", "？"} or said.rstrip("。！!.")[-1:] in {
        "吗",
        "呢",
    }
    assert width(own) <= MAX_WIDTH + len(own)
    assert SECRET not in own
    assert not re.search(r"\bAre you married\b", own)
    assert not re.search(r"(?:^|[.!?。！？] )Candidate:", own)
    for forbidden in ("full marks", "**", "<think>"):
        assert forbidden not in own
    assert "\n" not in own
