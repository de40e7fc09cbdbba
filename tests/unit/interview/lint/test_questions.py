"""What may be wrong with a question, its key points and its follow-ups."""

from dataclasses import replace
from typing import Any

import pytest

from interview.domain.bilingual import Text
from interview.domain.lint import (
    has_errors,
    lint_question,
)
from interview.domain.questions import FollowUp, KeyPoint, When
from tests.factories.interview import (
    make_followups,
    make_key_points,
    make_question,
)
from tests.unit.interview.lint.complaints import PERSONAS, about_question, told


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"id": "plain"}, "plain: an id begins with q. here"),
        (
            {"ask": Text(zh="说说看。", en="How do you know it worked?")},
            "q.plain: ask.zh asks one thing and ends with its only question mark",
        ),
        (
            {"ask": Text(zh="你怎么知道的？", en="Why? How do you know?")},
            "q.plain: ask.en asks one thing and ends with its only question mark",
        ),
        (
            {"ask": Text(zh="长" * 45 + "？", en="Really?")},
            "q.plain: ask.zh is too long to say in one breath: 46 characters, at most 45",
        ),
        (
            {"ask": Text(zh="真的？", en="word " * 30 + "really?")},
            "q.plain: ask.en is too long to say in one breath: 31 words, at most 30",
        ),
        ({"difficulty": 6}, "q.plain: difficulty is 6; it lies between 1 and 5"),
        ({"best_q": 20}, "q.plain: best_q is 20; it lies between 60 and 100"),
        ({"tags": ()}, "q.plain: tags is empty; no scenery would ever draw this question"),
        ({"tags": ("a", "a")}, "q.plain: tags has a twice"),
        (
            {"personas": ("nobody",)},
            "q.plain: personas names nobody, a persona that does not exist",
        ),
        (
            {"when": When(any_fact=("metric.charm",))},
            "q.plain: when.any_fact has metric.charm, which no résumé is read for",
        ),
        (
            {"when": When(weakness=("laziness",))},
            "q.plain: when.weakness is laziness; known are no_baseline, no_owner, scale_unknown,"
            " buzzword, perfect_number, duration_vs_claim",
        ),
        (
            {"ask": Text(zh="「{claim}」是真的吗？", en="“{claim}”: is it true?")},
            "q.plain: ask quotes {claim}, but when.any_fact does not say what is claimed",
        ),
        (
            {
                "ask": Text(zh="「{claim}」是真的吗？", en="Is it true?"),
                "when": When(any_fact=("metric.*",)),
            },
            "q.plain: ask has {claim} in one language only",
        ),
        (
            {"better": Text(zh="从 __ 到 __。", en="Say a number.")},
            "q.plain: better is a frame to fill in: leave __ for the player's numbers,"
            " in both languages",
        ),
        (
            {"key_points": make_key_points()[:3], "followups": ()},
            "q.plain: there are 3 key points; a full answer has 4 to 6",
        ),
    ],
)
def test_a_question_with_a_mistake_is_told_which(changes: dict[str, Any], complaint: str):
    assert complaint in about_question(**changes)


def test_a_question_may_quote_a_claim_its_résumé_must_have():
    ask = Text(zh="「{claim}」是真的吗？", en="“{claim}”: is it true?")

    assert about_question(ask=ask, when=When(any_fact=("metric.*", "tech.redis"))) == []


def test_a_follow_up_quotes_a_claim_only_where_the_question_does():
    asks = FollowUp("f4", "evasive", 50, ask=Text(zh="「{claim}」呢？", en="And “{claim}”?"))

    assert about_question(followups=(*make_followups(), asks)) == [
        "q.plain: followups.f4.ask has the slot {claim}, which nothing fills"
    ]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            {"any": ("only english",)},
            "q.plain: key point cause needs terms in both languages",
        ),
        (
            {"any": ("Upper", "大写")},
            "q.plain: key point cause has the term Upper; terms are lower case",
        ),
        (
            {"any": ("ok", "好", "好的")},
            "q.plain: key point cause has the term “好”; one character is found everywhere",
        ),
        ({"any": ("ok", "ok", "好的")}, "q.plain: key_points.cause.any has ok twice"),
        ({"weight": 9}, "q.plain: key_points.cause.weight is 9; it lies between 1 and 3"),
        ({"label": Text(zh="", en="x")}, "q.plain: key_points.cause.label.zh is empty"),
    ],
)
def test_a_key_point_with_a_mistake_is_told_which(change: dict[str, Any], complaint: str):
    first, *rest = make_key_points()

    assert about_question(key_points=(replace(first, **change), *rest)) == [complaint]


def test_a_currency_sign_alone_is_a_term():
    first, *rest = make_key_points()

    assert about_question(key_points=(replace(first, any=("$", "美元")), *rest)) == []


def test_two_key_points_cannot_share_an_id():
    first, *rest = make_key_points()
    twin = KeyPoint("cause", 1, ("same", "同一个"), Text(zh="同名", en="same name"))

    assert about_question(key_points=(first, twin, *rest)) == [
        "q.plain: key_points has cause twice"
    ]


@pytest.mark.parametrize(
    ("followup", "complaint"),
    [
        (
            FollowUp("f4", "strong", 50, goto="q.nope"),
            "q.plain: follow-up f4 goes to q.nope, which does not exist",
        ),
        (
            FollowUp("f4", "key_point_missing:wit", 50, ask=Text(zh="呢？", en="And?")),
            "q.plain: follow-up f4 waits for the key point wit, which this question does not have",
        ),
        (
            FollowUp("f4", "strong", 50),
            "q.plain: follow-up f4 either asks on or goes to another question: one of the two",
        ),
        (
            FollowUp("f4", "strong", 500, ask=Text(zh="呢？", en="And?")),
            "q.plain: followups.f4.priority is 500; it lies between 1 and 100",
        ),
        (
            FollowUp("f4", "strong", 50, ask=Text(zh="", en="And?")),
            "q.plain: followups.f4.ask.zh is empty",
        ),
        (
            FollowUp("f1", "strong", 50, ask=Text(zh="呢？", en="And?")),
            "q.plain: followups has f1 twice",
        ),
        (
            FollowUp("f4", "strong", 50, goto="q.plain"),
            "q.plain: the follow-ups lead back to this question; a thread must come to an end",
        ),
    ],
)
def test_a_follow_up_with_a_mistake_is_told_which(followup: FollowUp, complaint: str):
    assert complaint in about_question(followups=(*make_followups(), followup))


def test_an_unknown_trigger_is_named_with_the_known_ones():
    followup = FollowUp("f4", "bored", 50, ask=Text(zh="呢？", en="And?"))

    [complaint] = about_question(followups=(*make_followups(), followup))

    assert complaint.startswith("q.plain: followups.f4.trigger is bored; known are too_short, ")


def test_few_follow_ups_are_advice():
    question = make_question(followups=make_followups()[:2])
    problems = lint_question(question, PERSONAS, {})

    assert told(problems) == ["q.plain: there are 2 follow-ups; a good thread has 3 or more"]
    assert not has_errors(problems)


def test_a_long_way_round_to_the_same_question_is_found():
    def leads(slug: str, *targets: str) -> tuple[FollowUp, ...]:
        return tuple(FollowUp(f"to{n}", "strong", 50, goto=t) for n, t in enumerate(targets))

    first = make_question(id="q.a", followups=leads("q.a", "q.b", "q.c"))
    second = make_question(id="q.b", followups=leads("q.b", "q.c"))
    third = make_question(id="q.c", followups=leads("q.c", "q.a", "q.b"))
    bank = {question.id: question for question in (first, second, third)}

    assert "q.a: the follow-ups lead back to this question; a thread must come to an end" in told(
        lint_question(first, PERSONAS, bank)
    )


def test_a_loop_further_on_is_that_question_s_own_mistake():
    loop = make_question(
        id="q.loop", followups=(*make_followups(), FollowUp("f4", "strong", 50, goto="q.loop"))
    )
    first = make_question(
        id="q.a", followups=(*make_followups(), FollowUp("f4", "strong", 50, goto="q.loop"))
    )
    bank = {"q.a": first, "q.loop": loop}

    assert lint_question(first, PERSONAS, bank) == []
