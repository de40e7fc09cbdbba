"""The rules of content complain of what breaks a game, in the authors' own terms."""

from interview.domain.lint import (
    Problem,
    Severity,
    Shelf,
    errors,
    has_errors,
    lint_shelf,
)
from interview.domain.vocabulary import FACT_KEYS
from tests.factories.interview import (
    make_persona,
    make_shelf,
)
from tests.unit.interview.lint.complaints import told


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


# --- the shelf ------------------------------------------------------------------------------


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
