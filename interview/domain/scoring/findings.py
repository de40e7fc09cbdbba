"""What is found in an answer, in one dimension: a level, and the words that earned it."""

from dataclasses import dataclass

from interview.domain.persona import Dimension
from interview.domain.reading.marks import Mark

MAX_LEVEL = 4
BESIDE_THE_POINT = "beside_the_point"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A rule met in one dimension, with the words that met it; empty words mean absence."""

    dimension: Dimension
    quote: str
    rule: str


@dataclass(frozen=True, slots=True)
class Grade:
    """A level and why."""

    level: int
    evidence: tuple[Evidence, ...] = ()


def quotes(
    dimension: Dimension, marks: tuple[Mark, ...], rule: str | None = None
) -> list[Evidence]:
    """Return the words of the marks as evidence, each under its own rule unless one is given."""
    return [Evidence(dimension, mark.quote, rule or mark.rule) for mark in marks]
