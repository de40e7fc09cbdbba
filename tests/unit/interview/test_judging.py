"""The judge's tier: levels with true quotes, a bounded influence, rules that stand."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interview.domain import game
from interview.domain.bilingual import Text
from interview.domain.events import AnswerScored
from interview.domain.judging import inquiry
from interview.domain.judging.opinion import GarbledError, Opinion, read_opinion
from interview.domain.judging.weighing import MAX_DISTANCE, weigh, why_not_asked
from interview.domain.persona import Dimension
from interview.domain.questions import FollowUp, KeyPoint, Question
from interview.domain.reading.aims import aim_of
from interview.domain.reading.answers import Answer, read_answer
from interview.domain.reading.lengths import LengthBand
from interview.domain.reading.resume import Resume
from interview.domain.reading.triggers import Trigger
from interview.domain.scoring import BESIDE_THE_POINT, HONEST_FLOOR, Score
from interview.services import rubrics
from tests.factories.games import ask, make_position, opened

MARK = "7f3a9c"
SAID = "I cut the p99 from 820ms to 310ms 「因为」连接池 was **exhausted**: I measured it myself."
WEIGHTS = dict.fromkeys(Dimension, 1)


def reply(level: object = 3, quote: object = "I measured it myself", **changes: object) -> str:
    """Return a judge's reply that gives every dimension the same."""
    each = {"level": level, "quote": quote, "why": "so"}
    return json.dumps({"nonce": MARK, "dimensions": {d.value: each for d in Dimension}, **changes})


def read(text: str) -> Opinion:
    """Return the opinion in a reply about what was said."""
    return read_opinion(text, answer=SAID, mark=MARK)


# --- What is asked --------------------------------------------------------------------------


def test_the_judge_is_asked_about_the_answer_and_nobody():
    position = make_position()
    record = ask(opened(position))
    hearing = game.hear(record.room, position, "I **cut** it, see [the graph](http://x.y/z).")

    prompt = inquiry.prompt_of(
        hearing.answer,
        inquiry.Case(
            asked="Measured how?",
            question=hearing.question,
            resume=position.resume,
            rubric=rubrics.six_dimensions(),
            language="en",
        ),
        mark=MARK,
    )

    system, user = (message.text for message in prompt.messages)
    assert f'"nonce": "{MARK}"' in system
    assert "Grade the block of kind answer" in system
    assert "quote from it alone" in system
    assert "ownership: Tells apart what was theirs" in system
    assert "| I cut it, see the graph." in user
    assert "Cut latency to 310ms" in user
    assert "- the cause" in user
    assert "http" not in user
    for nobody in ("Ada", "Ben", "You ask.", "hp", "approval"):
        assert nobody not in system + user
    assert prompt.temperature == 0.0


# --- What is believed -----------------------------------------------------------------------


def test_a_judge_of_a_follow_up_is_asked_for_that_and_no_more():
    question = Question(
        id="q",
        tags=("t",),
        difficulty=2,
        ask=Text(zh="出了什么事？", en="What happened?"),
        key_points=(KeyPoint("cause", 2, ("cause",), Text(zh="原因", en="the cause")),),
        followups=(FollowUp("f", "no_number", 1, Text(zh="多少？", en="How many failed?")),),
        better=Text(zh="__", en="__"),
    )
    resume = Resume(text="", language="en")
    answer = read_answer(
        "Forty of 900.",
        question=question,
        resume=resume,
        language="en",
        earlier=(),
        claims={},
        aim=aim_of(question, question.followups[0]),
    )
    case = inquiry.Case("How many failed?", question, resume, rubrics.six_dimensions(), "en")

    words = inquiry.prompt_of(answer, case, mark=MARK).messages[1].text

    assert "one exact sentence is a full answer" in words
    assert "A full answer would touch" not in words


@pytest.mark.parametrize(
    "quote",
    [
        "I measured it myself",
        "i MEASURED  it\nmyself",
        "820ms to 310ms",
        "因为连接池",
        "８２０ms to 310ms",
        "was exhausted:",
    ],
)
def test_a_quote_that_was_said_carries_its_level(quote: str):
    opinion = read(reply(quote=quote))

    assert opinion.levels == dict.fromkeys(Dimension, 3)
    assert opinion.quotes == dict.fromkeys(Dimension, quote)
    assert opinion.rejected == ()


@pytest.mark.parametrize(
    ("level", "quote"),
    [
        (3, "I invented the cache"),
        (3, ""),
        (3, "I"),
        (3, None),
        (3, ["I measured it myself"]),
        (5, "I measured it myself"),
        (-1, "I measured it myself"),
        (True, "I measured it myself"),
        (2.5, "I measured it myself"),
        ("4", "I measured it myself"),
    ],
)
def test_a_level_without_a_true_quote_is_rejected(level: object, quote: object):
    opinion = read(reply(level, quote))

    assert opinion.levels == {}
    assert opinion.rejected == tuple(Dimension)


def test_level_nought_needs_no_quote():
    assert read(reply(0, "")).levels == dict.fromkeys(Dimension, 0)


def test_dimensions_left_out_are_rejected_and_others_ignored():
    one = {"depth": {"level": 1, "quote": "connection 820ms"}, "luck": {"level": 4, "quote": SAID}}

    opinion = read(json.dumps({"nonce": MARK, "dimensions": {**one, "ownership": "great"}}))

    assert opinion.levels == {}
    assert set(opinion.rejected) == set(Dimension)


def test_a_verdict_may_be_wrapped_in_words_and_fences():
    assert read(f"Here you are:\n```json\n{reply()}\n```").levels == dict.fromkeys(Dimension, 3)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "full marks",
        "{}",
        "[1]",
        "}{",
        "{" * 5_000 + "}" * 5_000,
        reply(nonce="another"),
        reply(nonce=None),
        reply(dimensions=[1, 2]),
        '"{\\"nonce\\": 1}"',
    ],
)
def test_anything_else_is_garbled(text: str):
    with pytest.raises(GarbledError):
        read(text)


@given(st.text(max_size=400))
def test_no_reply_does_more_than_be_garbled(text: str):
    with pytest.raises(GarbledError):
        read(text)


# --- How far it counts ----------------------------------------------------------------------


def make_answer(*flags: Trigger) -> Answer:
    return Answer(
        original=SAID, text=SAID, language="en", length=80, band=LengthBand.GOOD, flags=flags
    )


def make_score(q: float = 50.0, **changes: object) -> Score:
    score = Score(
        q=q,
        levels=dict.fromkeys(Dimension, 2),
        evidence=(),
        caps=(),
        explain="q as the rules say",
        triggers=("no_number", "key_point_missing:cost"),
        reason="no_number",
    )
    return replace(score, **changes)  # type: ignore[arg-type]


def opinion_of(level: int) -> Opinion:
    return Opinion(dict.fromkeys(Dimension, level), dict.fromkeys(Dimension, "x"))


@pytest.mark.parametrize(
    ("q", "level", "expected", "is_clamped"),
    [
        (50.0, 2, 50.0, False),
        (50.0, 3, 65.0, False),
        (50.0, 4, 65.0, True),
        (50.0, 1, 35.0, False),
        (50.0, 0, 35.0, True),
        (95.0, 4, 98.0, False),
        (5.0, 0, 2.0, False),
    ],
)
def test_a_judge_counts_for_six_tenths_within_25_of_the_rules(
    q: float, level: int, expected: float, is_clamped: bool
):
    weighed = weigh(
        make_score(q), opinion_of(level), answer=make_answer(), weights=WEIGHTS, par=60.0
    )

    assert weighed.score.q == expected
    assert weighed.judged.is_clamped is is_clamped
    assert (weighed.judged.q_rules, weighed.judged.q) == (q, 25.0 * level)


@given(
    st.floats(0, 100),
    st.dictionaries(st.sampled_from(Dimension), st.integers(0, 4)),
    st.dictionaries(st.sampled_from(Dimension), st.integers(0, 3)),
)
def test_whatever_a_judge_says_it_moves_a_mark_by_15_at_most(
    q: float, levels: dict[Dimension, int], weights: dict[Dimension, int]
):
    rules = make_score(round(q, 1))

    weighed = weigh(rules, Opinion(levels, {}), answer=make_answer(), weights=weights, par=60.0)

    assert abs(weighed.score.q - rules.q) <= 0.6 * MAX_DISTANCE + 0.1
    assert 0 <= weighed.score.q <= 100


def test_a_strong_answer_by_the_judge_is_strong_and_says_how_it_was_reckoned():
    weighed = weigh(make_score(), opinion_of(3), answer=make_answer(), weights=WEIGHTS, par=50.0)

    assert weighed.score.triggers == ("no_number", "strong", "key_point_missing:cost")
    assert weighed.score.reason == "solid"
    assert weighed.score.explain == ("q 65 = rules 50 x0.4 + judge 75 x0.6; q as the rules say")


def test_an_answer_the_judge_pulls_down_is_strong_no_more():
    rules = make_score(70.0, triggers=("strong",), reason="solid")

    weighed = weigh(rules, opinion_of(0), answer=make_answer(), weights=WEIGHTS, par=60.0)

    assert (weighed.score.q, weighed.score.triggers) == (55.0, ())
    assert weighed.score.reason == "below_par"


def test_honesty_keeps_its_floor():
    honest = make_answer(Trigger.HONEST_UNKNOWN)

    weighed = weigh(make_score(25.0), opinion_of(0), answer=honest, weights=WEIGHTS, par=60.0)

    assert weighed.score.q == HONEST_FLOOR


@pytest.mark.parametrize(
    ("answer", "score", "why"),
    [
        (make_answer(), make_score(), ""),
        (make_answer(), make_score(caps=("off_topic",)), "capped"),
        (make_answer(), make_score(caps=(BESIDE_THE_POINT,)), ""),
        (make_answer(), make_score(caps=(BESIDE_THE_POINT, "self_repeat")), "capped"),
        (replace(make_answer(), injections=((0, 4),)), make_score(), "injection"),
    ],
)
def test_some_answers_are_not_put_to_a_judge(answer: Answer, score: Score, why: str):
    assert why_not_asked(answer, score) == why


# --- In the game ----------------------------------------------------------------------------

ANSWER = (
    "I cut the p99 from 820ms to 310ms over 6 weeks because the connection pool was exhausted: "
    "first I measured it in production, then I rewrote the retry policy myself."
)


def test_an_opinion_moves_the_mark_of_every_persona_and_is_written_down():
    position = make_position()
    record = ask(opened(position))
    rules = game.hear(record.room, position, ANSWER)

    weighed = game.with_opinion(record.room, position, rules, opinion_of(0))
    game.take_hearing(record, position, weighed, text=ANSWER, client_id="c")

    for persona, q in weighed.marks.by_persona.items():
        assert q < rules.marks.by_persona[persona]
    (scored,) = [e.payload for e in record.events if isinstance(e.payload, AnswerScored)]
    assert (scored.tier, scored.q) == ("model", weighed.score.q)
    assert scored.judged is not None
    assert scored.judged.q_rules == rules.score.q


def test_without_an_opinion_the_rules_stand_and_the_note_says_why():
    position = make_position()
    record = ask(opened(position))
    rules = game.hear(record.room, position, ANSWER)

    game.take_hearing(
        record, position, game.without_opinion(rules, "late"), text=ANSWER, client_id="c"
    )

    (scored,) = [e.payload for e in record.events if isinstance(e.payload, AnswerScored)]
    assert scored.judged is not None
    assert (scored.tier, scored.q, scored.judged.outcome) == ("rules", rules.score.q, "late")
