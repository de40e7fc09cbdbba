"""Facts about how the candidate stands with the panel."""

from dataclasses import dataclass
from typing import ClassVar

from interview.domain.events.kinds import EventType


@dataclass(frozen=True, slots=True)
class HpChanged:
    """Survive: composure moved; ``reason`` is a rule id."""

    type: ClassVar = EventType.HP_CHANGED
    old: int
    new: int
    reason: str
    shielded: bool = False


@dataclass(frozen=True, slots=True)
class ApprovalChanged:
    """Convince: one persona's approval moved."""

    type: ClassVar = EventType.APPROVAL_CHANGED
    persona: str
    old: int
    new: int
    reason: str


@dataclass(frozen=True, slots=True)
class PersonaConvinced:
    """Convince: this persona is won over and asks no more."""

    type: ClassVar = EventType.PERSONA_CONVINCED
    persona: str


@dataclass(frozen=True, slots=True)
class PersonaUnconvinced:
    """Convince: a contradiction cost the candidate a vote already won."""

    type: ClassVar = EventType.PERSONA_UNCONVINCED
    persona: str


@dataclass(frozen=True, slots=True)
class PersonaWalkedOut:
    """Convince: this persona left the room; the game is lost."""

    type: ClassVar = EventType.PERSONA_WALKED_OUT
    persona: str


StandingFact = (
    HpChanged | ApprovalChanged | PersonaConvinced | PersonaUnconvinced | PersonaWalkedOut
)
