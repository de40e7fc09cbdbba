"""The question bank: root questions, what a good answer touches, and the follow-up tree."""

from dataclasses import dataclass, field
from enum import StrEnum

from interview.domain.bilingual import Text


class Expectation(StrEnum):
    """What an answer to this question must contain; its absence arms a follow-up."""

    NUMBER = "number"
    TRADEOFF = "tradeoff"
    FAILURE_MODE = "failure_mode"
    OWNERSHIP = "ownership"


@dataclass(frozen=True, slots=True)
class KeyPoint:
    """One thing a full answer mentions; any of the terms counts, case-folded."""

    id: str
    weight: int
    any: tuple[str, ...]
    label: Text


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A reply armed by a trigger: it either asks on, or goes to another question.

    ``trigger`` is a name of `triggers.Trigger`, or ``key_point_missing:<id>``.
    """

    id: str
    trigger: str
    priority: int
    ask: Text | None = None
    goto: str | None = None


@dataclass(frozen=True, slots=True)
class When:
    """What in a résumé calls for this question; patterns such as ``metric.*`` match a family."""

    any_fact: tuple[str, ...] = ()
    weakness: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """A root question. ``{claim}`` in ``ask`` is filled with the words of the matched fact."""

    id: str
    tags: tuple[str, ...]
    difficulty: int
    ask: Text
    key_points: tuple[KeyPoint, ...]
    followups: tuple[FollowUp, ...]
    better: Text
    best_q: int = 92
    when: When = field(default_factory=When)
    personas: tuple[str, ...] = ()
    expects: tuple[Expectation, ...] = ()
