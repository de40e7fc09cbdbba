"""One thing wrong with one field of one piece of content."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Whether content with this problem can be played at all."""

    ERROR = "error"
    ADVICE = "advice"


@dataclass(frozen=True, slots=True)
class Problem:
    """A complaint. ``pattern`` % ``values`` is the sentence; kept apart to be translated.

    subject: the id of the persona, scenery or question. field: where in it, dotted, with the
    ids of list entries: ``followups.f3.goto``.
    """

    subject: str
    field: str
    pattern: str
    values: Mapping[str, str | int] = dataclasses.field(default_factory=dict)
    severity: Severity = Severity.ERROR

    @property
    def message(self) -> str:
        """Return the sentence in English."""
        return self.pattern % self.values

    def __str__(self) -> str:
        return f"{self.subject}: {self.message}"


def errors(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems that keep content out."""
    return [problem for problem in problems if problem.severity is Severity.ERROR]


def has_errors(problems: Iterable[Problem]) -> bool:
    """Return whether any of the problems keeps content out."""
    return bool(errors(problems))
