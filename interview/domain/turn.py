"""One utterance of the panel: its states, and the table that says which may follow which."""

from dataclasses import dataclass, replace
from enum import StrEnum

from interview.domain.errors import IllegalTransitionError
from interview.domain.events import EventType


class TurnState(StrEnum):
    """Where a turn is; the last four are final."""

    IDLE = "idle"
    QUEUED = "queued"
    STREAMING = "streaming"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    REJECTED = "rejected"


BROKEN_OFF = frozenset({TurnState.CANCELLED, TurnState.FAILED, TurnState.REJECTED})
LIVE = frozenset({TurnState.QUEUED, TurnState.STREAMING})

TURN_TRANSITIONS: dict[tuple[TurnState, EventType], TurnState] = {
    (TurnState.IDLE, EventType.TURN_PLANNED): TurnState.IDLE,
    (TurnState.IDLE, EventType.FOLLOWUP_FIRED): TurnState.IDLE,
    (TurnState.IDLE, EventType.TURN_QUEUED): TurnState.QUEUED,
    (TurnState.QUEUED, EventType.TURN_DEGRADED): TurnState.QUEUED,
    (TurnState.QUEUED, EventType.TURN_STARTED): TurnState.STREAMING,
    (TurnState.QUEUED, EventType.TURN_CANCELLED): TurnState.CANCELLED,
    (TurnState.QUEUED, EventType.TURN_REJECTED): TurnState.REJECTED,
    (TurnState.QUEUED, EventType.TURN_FAILED): TurnState.FAILED,
    (TurnState.STREAMING, EventType.TURN_DEGRADED): TurnState.STREAMING,
    (TurnState.STREAMING, EventType.TURN_FIRST_TOKEN): TurnState.STREAMING,
    (TurnState.STREAMING, EventType.TURN_SEGMENT): TurnState.STREAMING,
    (TurnState.STREAMING, EventType.TURN_DONE): TurnState.DONE,
    (TurnState.STREAMING, EventType.TURN_CANCELLED): TurnState.CANCELLED,
    (TurnState.STREAMING, EventType.TURN_FAILED): TurnState.FAILED,
}


@dataclass(frozen=True, slots=True)
class Turn:
    """The current turn. ``epoch`` fences: output that carries an older one is dropped."""

    id: str
    number: int
    speaker: str
    epoch: int
    state: TurnState = TurnState.IDLE
    text: str = ""
    upto_seq: int = 0
    provider: str = ""
    is_degraded: bool = False

    @property
    def is_live(self) -> bool:
        """Return whether somebody is waiting for this turn's words."""
        return self.state in LIVE

    def moved(self, by: EventType) -> "Turn":
        """Return the turn in the state that ``by`` leads to; raise IllegalTransitionError."""
        state = TURN_TRANSITIONS.get((self.state, by))
        if state is None:
            raise IllegalTransitionError(f"{by} cannot follow {self.state} in turn {self.id}")
        return replace(self, state=state)
