"""What may be wrong with a scenery."""

from typing import Any

import pytest

from interview.domain.bilingual import Text
from interview.domain.lint import (
    has_errors,
    lint_scenery,
)
from interview.domain.questions import When
from interview.domain.scenery import (
    Approval,
    Branch,
    Difficulty,
    Strategy,
    StrategyChoice,
)
from tests.factories.interview import (
    make_question,
    make_scenery,
    make_shelf,
)
from tests.unit.interview.lint.complaints import PERSONAS, about_scenery, told


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
