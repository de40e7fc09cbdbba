"""All content together: what only shows when everything is on the table."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from interview.domain.lint.personas import lint_persona
from interview.domain.lint.problem import Problem, Severity
from interview.domain.lint.questions import lint_question
from interview.domain.lint.sceneries import lint_scenery
from interview.domain.persona import Persona
from interview.domain.questions import Question
from interview.domain.scenery import Scenery


@dataclass(frozen=True, slots=True)
class Shelf:
    """Every persona, scenery and question there is, by id."""

    personas: Mapping[str, Persona] = field(default_factory=dict)
    sceneries: Mapping[str, Scenery] = field(default_factory=dict)
    questions: Mapping[str, Question] = field(default_factory=dict)


def lint_shelf(shelf: Shelf) -> list[Problem]:
    """Return what is wrong with the content as a whole and with each piece of it."""
    problems: list[Problem] = []
    for persona in shelf.personas.values():
        problems += lint_persona(persona)
        problems += _lint_use(persona, shelf)
    for question in shelf.questions.values():
        problems += lint_question(question, shelf.personas, shelf.questions)
    for scenery in shelf.sceneries.values():
        problems += lint_scenery(scenery, shelf.personas, shelf.questions)
    return problems


def _lint_use(persona: Persona, shelf: Shelf) -> Iterator[Problem]:
    if not any(persona.id in scenery.panel for scenery in shelf.sceneries.values()):
        yield Problem(
            persona.id, "id", "no scenery has a seat for this persona", severity=Severity.ADVICE
        )
    if not any(persona.id in question.personas for question in shelf.questions.values()):
        yield Problem(persona.id, "id", "no question names this persona", severity=Severity.ADVICE)
