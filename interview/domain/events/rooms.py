"""Facts about the room itself: how it came about, what it is set to, how it ended."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from interview.domain.bilingual import Language
from interview.domain.events.kinds import EventType
from interview.domain.scenery import Mode, Strategy


class Result(StrEnum):
    """How a room ended."""

    WON = "won"
    LOST = "lost"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class RoomCreated:
    """A candidate took the seat."""

    type: ClassVar = EventType.ROOM_CREATED
    scenery: str
    scenery_version: int
    mode: Mode
    language: Language
    strategy: Strategy
    seed: int
    panel: list[str]
    engine: str
    ruleset: str
    edition: str
    hp: int
    approval: dict[str, int]
    difficulty: int
    nickname: str = ""
    max_rounds: int = 12
    convinced_at: int = 70


@dataclass(frozen=True, slots=True)
class RoomForked:
    """This log continues another one from ``parent_offset``."""

    type: ClassVar = EventType.ROOM_FORKED
    parent_room: str
    parent_offset: int
    state_hash: str


@dataclass(frozen=True, slots=True)
class RoomSettled:
    """The verdict. ``reason`` is a `modes.FailureReason` or a `room.WinReason`."""

    type: ClassVar = EventType.ROOM_SETTLED
    result: Result
    reason: str
    score: int
    rounds: int
    ranked: bool = True


@dataclass(frozen=True, slots=True)
class ResumeParsed:
    """The résumé was read into claims; the text itself stays with the résumé."""

    type: ClassVar = EventType.RESUME_PARSED
    resume_id: str
    language: Language
    n_facts: int
    weaknesses: dict[str, int]


@dataclass(frozen=True, slots=True)
class SettingsChanged:
    """New values of the settings that changed; absent means unchanged."""

    type: ClassVar = EventType.SETTINGS_CHANGED
    strategy: Strategy | None = None
    pace: str | None = None
    difficulty: int | None = None
    language: Language | None = None


@dataclass(frozen=True, slots=True)
class RoundStarted:
    """A round: one question asked and answered; ``par`` is the q expected of the answer."""

    type: ClassVar = EventType.ROUND_STARTED
    round: int
    par: float


@dataclass(frozen=True, slots=True)
class GoalReached:
    """Survive: the scenery's goal is met, the win is banked; staying on is overtime."""

    type: ClassVar = EventType.GOAL_REACHED
    round: int


@dataclass(frozen=True, slots=True)
class CheckpointSaved:
    """The position was kept under ``checkpoint_id``."""

    type: ClassVar = EventType.CHECKPOINT_SAVED
    checkpoint_id: str


RoomFact = (
    RoomCreated
    | RoomForked
    | RoomSettled
    | ResumeParsed
    | SettingsChanged
    | RoundStarted
    | GoalReached
    | CheckpointSaved
)
