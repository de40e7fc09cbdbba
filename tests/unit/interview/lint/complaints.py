"""The complaints about one thing in a shelf that is otherwise in order."""

from collections.abc import Sequence
from typing import Any

from interview.domain.lint import (
    Problem,
    lint_persona,
    lint_question,
    lint_scenery,
)
from tests.factories.interview import (
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
