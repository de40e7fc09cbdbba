"""The six rulers: what each dimension asks for at its anchored levels, for people to read."""

from collections.abc import Mapping
from dataclasses import dataclass

from interview.domain.bilingual import Text
from interview.domain.persona import Dimension


@dataclass(frozen=True, slots=True)
class Anchor:
    """What an answer at this level looks like."""

    level: int
    text: Text


@dataclass(frozen=True, slots=True)
class Ruler:
    """One dimension, its name, and its anchors from the lowest level up."""

    id: Dimension
    label: Text
    description: Text
    anchors: tuple[Anchor, ...]


@dataclass(frozen=True, slots=True)
class Rubric:
    """All the rulers an answer is held against."""

    id: str
    version: int
    title: Text
    dimensions: tuple[Ruler, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """Where an answer stands on a ruler, and what the next anchor would have asked for."""

    ruler: Ruler
    level: int
    next_anchor: Anchor | None


def marks(rubric: Rubric, levels: Mapping[str, int]) -> list[Mark]:
    """Return the marks of an answer, in the rubric's order; ``levels`` by dimension, 0 to 4."""
    return [
        Mark(ruler, levels[ruler.id], _next(ruler, levels[ruler.id]))
        for ruler in rubric.dimensions
        if ruler.id in levels
    ]


def _next(ruler: Ruler, level: int) -> Anchor | None:
    return next((anchor for anchor in ruler.anchors if anchor.level > level), None)
