"""The rules of content complain of what breaks a game, in the authors' own terms."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from interview.domain.bilingual import Text
from interview.domain.lint import (
    Problem,
    Severity,
    Shelf,
    errors,
    has_errors,
    lint_persona,
    lint_question,
    lint_scenery,
    lint_shelf,
)
from interview.domain.persona import Band, Dimension, Portrait
from interview.domain.questions import FollowUp, KeyPoint, When
from interview.domain.scenery import (
    Approval,
    Branch,
    Difficulty,
    Strategy,
    StrategyChoice,
)
from interview.domain.vocabulary import FACT_KEYS
from tests.factories.interview import (
    make_followups,
    make_key_points,
    make_lines,
    make_persona,
    make_question,
    make_scenery,
    make_shelf,
)

PERSONAS = {"ada_tester": make_persona(), "ben_tester": make_persona(id="ben_tester")}


def told(problems: Sequence[Problem]) -> list[str]:
    """Return the complaints as an author reads them."""
    return [str(problem) for problem in problems]


def about_persona(**changes: Any) -> list[str]:
    return told(lint_persona(make_persona(**changes)))


def about_question(**changes: Any) -> list[str]:
    question = make_question(**changes)
    return told(lint_question(question, PERSONAS, {question.id: question}))


def about_scenery(**changes: Any) -> list[str]:
    return told(lint_scenery(make_scenery(**changes), PERSONAS, make_shelf().questions))


def test_content_that_breaks_no_rule_gets_no_complaint():
    assert lint_shelf(make_shelf()) == []


def test_a_problem_reads_as_a_sentence_about_its_subject():
    problem = Problem("q.x", "ask.zh", "%(field)s is empty", {"field": "ask.zh"})

    assert problem.message == "ask.zh is empty"
    assert str(problem) == "q.x: ask.zh is empty"


def test_only_errors_keep_content_out():
    advice = Problem("a", "b", "c", severity=Severity.ADVICE)
    error = Problem("a", "b", "c")

    assert errors([advice, error]) == [error]
    assert has_errors([advice]) is False
    assert has_errors([advice, error]) is True


# --- personas ---


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        (
            {"id": "Ada!"},
            "Ada!: an id is made of lower-case letters, digits, dots and underscores",
        ),
        ({"name": Text(zh=" ", en="Ada")}, "ada_tester: name.zh is empty"),
        (
            {"title": Text(zh="官" * 41, en="Judge")},
            "ada_tester: title.zh has 41 characters; 40 fit",
        ),
        (
            {"name": Text(zh="阿达", en="Ada 达")},
            "ada_tester: name.en has Chinese characters in it",
        ),
        (
            {"tagline": Text(zh="{claim}", en="{claim}")},
            "ada_tester: tagline has the slot {claim}, which nothing fills",
        ),
        (
            {"system_prompt": " \n"},
            "ada_tester: system_prompt is empty; a model would not know who to be",
        ),
        (
            {"archetype": ""},
            "ada_tester: archetype is one short word, such as stress_architect",
        ),
        ({"pace_cps": 900.0}, "ada_tester: pace_cps is 900; it lies between 5 and 200"),
        ({"temper": 0.1}, "ada_tester: temper is 0.1; it lies between 0.5 and 1.5"),
        ({"motif": (0,) * 9}, "ada_tester: motif has 9 notes; at most 8"),
        ({"motif": (99,)}, "ada_tester: motif is 99; it lies between -24 and 24"),
        (
            {"portrait": Portrait(hair="mohawk")},
            "ada_tester: portrait.hair is mohawk; known are"
            " swept, cropped, bob, bun, bald, curls, long, cap",
        ),
    ],
)
def test_a_persona_with_a_mistake_is_told_which(changes: dict[str, Any], complaint: str):
    assert about_persona(**changes) == [complaint]


def test_weights_must_name_all_six_dimensions_and_weigh_something():
    assert about_persona(weights={Dimension.DEPTH: 0})[0] == "ada_tester: weights lacks relevance"
    assert about_persona(weights=dict.fromkeys(Dimension, 0)) == [
        "ada_tester: every weight is 0: nothing would count"
    ]
    assert about_persona(weights={**dict.fromkeys(Dimension, 1), Dimension.DEPTH: 6}) == [
        "ada_tester: weights.depth is 6; it lies between 0 and 5"
    ]


def test_every_band_needs_a_line_that_can_always_be_said():
    quoting = (Text(zh="「{quote}」？", en="“{quote}”?"),) * 8
    lines = make_persona().lines

    assert about_persona(lines={**lines, Band.LOW: quoting}) == [
        "ada_tester: the band low needs at least one line that quotes nothing"
    ]
    assert about_persona(lines={band: lines[band] for band in Band if band is not Band.IDLE}) == [
        "ada_tester: the band idle needs at least one line that quotes nothing"
    ]


def test_few_lines_are_advice_not_a_mistake():
    problems = lint_persona(make_persona(lines={**make_persona().lines, Band.LOW: make_lines(7)}))

    assert told(problems) == [
        "ada_tester: the band low has 7 lines; 8 keep it from repeating itself"
    ]
    assert not has_errors(problems)


def test_four_lines_are_enough_for_a_rare_occasion():
    assert about_persona(lines={**make_persona().lines, Band.WALKOUT: make_lines(4)}) == []


def test_only_the_caught_band_may_hold_the_two_claims_up():
    both = (*make_lines(7), Text(zh="{a}还是{b}？", en="{a} or {b}?"))

    assert about_persona(lines={**make_persona().lines, Band.CAUGHT: both}) == []
    assert about_persona(lines={**make_persona().lines, Band.LOW: both}) == [
        "ada_tester: lines.low.8 has the slot {a}, which nothing fills",
        "ada_tester: lines.low.8 has the slot {b}, which nothing fills",
    ]


def test_a_slot_stands_in_both_languages():
    lopsided = (*make_lines(7), Text(zh="「{quote}」", en="No quote here."))

    assert about_persona(lines={**make_persona().lines, Band.MID: lopsided}) == [
        "ada_tester: lines.mid.8 has {quote} in one language only"
    ]


# --- questions ---


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


# --- sceneries ---


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"title": Text(zh="小法庭", en="")}, "small_court: title.en is empty"),
        (
            {"blurb": Text(zh="{quote}", en="{quote}")},
            "small_court: blurb has the slot {quote}, which nothing fills",
        ),
        (
            {"backdrop": "beach"},
            "small_court: backdrop is beach; known are courtroom, boardroom, ward, warroom",
        ),
        (
            {"panel": ("ada_tester",)},
            "small_court: the panel has 1 seats; a tribunal has 2 to 5",
        ),
        (
            {"panel": ("ada_tester", "ada_tester")},
            "small_court: panel has ada_tester twice",
        ),
        (
            {"panel": ("ada_tester", "ghost")},
            "small_court: panel seats ghost, a persona that does not exist",
        ),
        (
            {"chair": "ghost"},
            "small_court: ghost is in the chair but does not sit on the panel",
        ),
        ({"modes": ()}, "small_court: modes is empty; the scenery could not be played"),
        ({"languages": ()}, "small_court: languages is empty; the scenery could not be played"),
        (
            {"strategy": StrategyChoice(Strategy.RANDOM, (Strategy.SERIAL,))},
            "small_court: strategy.default is random, which strategy.allowed does not list",
        ),
        ({"goal_rounds": 2}, "small_court: goal_rounds is 2; it lies between 3 and 40"),
        (
            {"difficulty": Difficulty(start=4, max=3)},
            "small_court: difficulty.max is 3; it lies between 4 and 5",
        ),
        (
            {"difficulty": Difficulty(up_every_rounds=0)},
            "small_court: difficulty.up_every_rounds is 0; it lies between 1 and 40",
        ),
        (
            {"approval": Approval(start=80, convinced_at=70)},
            "small_court: approval runs from walkout_at over start to convinced_at,"
            " within 0 and 100",
        ),
        (
            {"approval": Approval(max_rounds=1)},
            "small_court: approval.max_rounds is 1; it lies between 2 and 40",
        ),
        (
            {"question_tags": ("testing", "testing")},
            "small_court: question_tags has testing twice",
        ),
        (
            {"question_tags": ("testing", "origami")},
            "small_court: question_tags has origami, which no question carries",
        ),
        (
            {"branches": (Branch("streak.3", "q.nope", Text(zh="三连", en="Three")),)},
            "small_court: the branch at streak.3 goes to q.nope, which does not exist",
        ),
        (
            {"branches": (Branch("streak.3", "q.branch", Text(zh="", en="Three")),)},
            "small_court: branches.streak.3.label.zh is empty",
        ),
        (
            {"branches": (Branch("strong", "q.branch", Text(zh="强", en="Strong")),) * 2},
            "small_court: branches has strong twice",
        ),
    ],
)
def test_a_scenery_with_a_mistake_is_told_which(changes: dict[str, Any], complaint: str):
    assert complaint in about_scenery(**changes)


@pytest.mark.parametrize("trigger", ["streak.", "streak.0", "streak.12", "boredom"])
def test_a_branch_waits_for_something_that_can_happen(trigger: str):
    branch = Branch(trigger, "q.branch", Text(zh="线", en="Line"))

    [complaint] = about_scenery(branches=(branch,))

    assert complaint.startswith(f"small_court: branches.{trigger}.trigger is {trigger}; known are")


def test_a_scenery_needs_a_question_for_somebody_who_claims_nothing():
    questions = {
        "q.branch": make_question(id="q.branch", tags=("testing",)),
        "q.claim": make_question(id="q.claim", when=When(any_fact=("metric.*",))),
        "q.other": make_question(id="q.other", tags=("cooking",)),
    }

    problems = lint_scenery(make_scenery(), PERSONAS, questions)

    assert told(problems) == [
        "small_court: with these question_tags there is nothing to ask somebody whose résumé"
        " claims nothing"
    ]
    assert has_errors(problems)


def test_too_few_questions_for_the_goal_are_advice():
    problems = lint_scenery(make_scenery(goal_rounds=9), PERSONAS, make_shelf().questions)

    assert told(problems) == [
        "small_court: only 4 questions here need no claim in the résumé; 9 rounds may come to"
        " repeat them"
    ]
    assert not has_errors(problems)


# --- the shelf ---


def test_a_persona_nobody_seats_and_no_question_names_is_pointed_out():
    shelf = make_shelf()
    alone = make_persona(id="cy_tester")

    problems = lint_shelf(
        Shelf({**shelf.personas, "cy_tester": alone}, shelf.sceneries, shelf.questions)
    )

    assert told(problems) == [
        "cy_tester: no scenery has a seat for this persona",
        "cy_tester: no question names this persona",
    ]
    assert not has_errors(problems)


def test_each_kind_of_fact_is_listed_once():
    assert len(FACT_KEYS) == len(set(FACT_KEYS))
    assert {"metric.latency", "tech.redis", "skill.icu", "role.led", "team.size"} <= set(FACT_KEYS)
