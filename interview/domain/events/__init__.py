"""Every fact a room can record, past tense, with its payload.

A log is a list of `Event`. Payload fields are a public contract: fields are added, never renamed
or dropped, and a reader ignores what it does not know, so an old log stays readable.
"""

from dataclasses import dataclass
from datetime import datetime

from interview.domain.events.answers import (
    AnswerFact,
    AnswerScored,
    AnswerSubmitted,
    Evidence,
    FollowupFired,
    HintTaken,
    IntegrityInjection,
    Judged,
    Pressed,
    Reaction,
)
from interview.domain.events.kinds import EventType
from interview.domain.events.rooms import (
    CheckpointSaved,
    GoalReached,
    Result,
    ResumeParsed,
    RoomCreated,
    RoomFact,
    RoomForked,
    RoomSettled,
    RoundStarted,
    SettingsChanged,
)
from interview.domain.events.standing import (
    ApprovalChanged,
    HpChanged,
    PersonaConvinced,
    PersonaUnconvinced,
    PersonaWalkedOut,
    StandingFact,
)
from interview.domain.events.turns import (
    TurnCancelled,
    TurnDegraded,
    TurnDone,
    TurnFact,
    TurnFailed,
    TurnFirstToken,
    TurnPlanned,
    TurnQueued,
    TurnRejected,
    TurnSegment,
    TurnSpeakerSelected,
    TurnStarted,
    Usage,
)

__all__ = [
    "PAYLOADS",
    "AnswerScored",
    "AnswerSubmitted",
    "ApprovalChanged",
    "CheckpointSaved",
    "Event",
    "EventType",
    "Evidence",
    "FollowupFired",
    "GoalReached",
    "HintTaken",
    "HpChanged",
    "IntegrityInjection",
    "Judged",
    "Payload",
    "PersonaConvinced",
    "PersonaUnconvinced",
    "PersonaWalkedOut",
    "Pressed",
    "Reaction",
    "Result",
    "ResumeParsed",
    "RoomCreated",
    "RoomForked",
    "RoomSettled",
    "RoundStarted",
    "SettingsChanged",
    "TurnCancelled",
    "TurnDegraded",
    "TurnDone",
    "TurnFailed",
    "TurnFirstToken",
    "TurnPlanned",
    "TurnQueued",
    "TurnRejected",
    "TurnSegment",
    "TurnSpeakerSelected",
    "TurnStarted",
    "Usage",
]

Payload = RoomFact | TurnFact | AnswerFact | StandingFact

PAYLOADS: dict[EventType, type[Payload]] = {payload.type: payload for payload in Payload.__args__}


@dataclass(frozen=True, slots=True)
class Event:
    """A fact at its place in one room's log: offsets are 1, 2, 3 ... without gaps."""

    offset: int
    at: datetime
    payload: Payload
    turn_id: str | None = None

    @property
    def type(self) -> EventType:
        """Return what kind of fact this is."""
        return self.payload.type
