"""A complaint about a configuration, and the refusal made of some."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gateway.domain.errors import ManagementError


class Severity(StrEnum):
    """Whether a configuration with this problem may be used."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """A complaint. ``pattern`` % ``values`` is the sentence; kept apart to be translated.

    ``subject`` is what it is about, as ``kind:name``; ``field`` where in it.
    """

    subject: str
    field: str
    pattern: str
    values: Mapping[str, str | int | float] = dataclasses.field(default_factory=dict)
    severity: Severity = Severity.ERROR

    @property
    def message(self) -> str:
        """Return the sentence in English."""
        return self.pattern % self.values

    def __str__(self) -> str:
        return f"{self.subject}: {self.message}"


class ConfigurationError(ManagementError):
    """A change that breaks the rules; ``problems`` say which, one sentence each."""

    code, status = "invalid_configuration", 422

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(problem.message for problem in self.problems))


def errors(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems that keep a configuration out."""
    return [problem for problem in problems if problem.severity is Severity.ERROR]
