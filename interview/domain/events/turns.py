"""Facts about a turn: who was chosen, what was planned, and how far it was spoken."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from interview.domain.events.kinds import EventType
from interview.domain.scenery import Strategy


@dataclass(frozen=True, slots=True)
class Usage:
    """What a turn consumed, in tokens; ``estimated`` when the provider did not say."""

    input_tokens: int = 0
    output_tokens: int = 0
    estimated: bool = True


@dataclass(frozen=True, slots=True)
class TurnSpeakerSelected:
    """Who speaks next, by which strategy, and why."""

    type: ClassVar = EventType.TURN_SPEAKER_SELECTED
    speaker: str
    strategy: Strategy
    reason: str
    fallback: bool = False


@dataclass(frozen=True, slots=True)
class TurnPlanned:
    """What the speaker is to say; a model may rephrase ``text``, the scripted panel says it."""

    type: ClassVar = EventType.TURN_PLANNED
    speaker: str
    intent: Literal["root", "follow_up", "escalate", "branch", "repeat"]
    question_id: str
    text: str
    trigger: str | None = None
    followup_id: str | None = None
    fact_id: str | None = None
    claim: str | None = None
    depth: int = 0
    tags: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TurnQueued:
    """The turn waits for a worker; ``position`` turns must finish first, 0 means at once."""

    type: ClassVar = EventType.TURN_QUEUED
    position: int
    epoch: int


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """A worker began to speak the turn."""

    type: ClassVar = EventType.TURN_STARTED
    speaker: str
    provider: str
    model: str
    route_decision: str
    cost_score: float
    epoch: int
    queue_wait_ms: int = 0


@dataclass(frozen=True, slots=True)
class TurnFirstToken:
    """The first words left the provider."""

    type: ClassVar = EventType.TURN_FIRST_TOKEN
    ttft_ms: int


@dataclass(frozen=True, slots=True)
class TurnSegment:
    """The next piece of the turn's text, made durable; pieces join to the whole."""

    type: ClassVar = EventType.TURN_SEGMENT
    text: str
    upto_seq: int
    timing: list[tuple[int, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TurnDone:
    """The turn was spoken to the end; ``text`` is the whole of it."""

    type: ClassVar = EventType.TURN_DONE
    text: str
    usage: Usage
    duration_ms: int
    tokens_per_second: float


@dataclass(frozen=True, slots=True)
class TurnCancelled:
    """The turn was interrupted; what had been said stays."""

    type: ClassVar = EventType.TURN_CANCELLED
    by: str
    kept_text: str
    usage: Usage
    provider_closed: bool
    latency_ms: int


@dataclass(frozen=True, slots=True)
class TurnFailed:
    """The turn broke off; what had been said stays, and it may be asked again."""

    type: ClassVar = EventType.TURN_FAILED
    reason: str
    retryable: bool
    kept_text: str = ""


@dataclass(frozen=True, slots=True)
class TurnRejected:
    """Admission refused: either a queued turn expired, or the answer was not taken at all."""

    type: ClassVar = EventType.TURN_REJECTED
    reason: str
    retry_after_s: int


@dataclass(frozen=True, slots=True)
class TurnDegraded:
    """The turn is served in a lesser way than asked, and says so."""

    type: ClassVar = EventType.TURN_DEGRADED
    origin: str
    to: str
    reason: str


TurnFact = (
    TurnSpeakerSelected
    | TurnPlanned
    | TurnQueued
    | TurnStarted
    | TurnFirstToken
    | TurnSegment
    | TurnDone
    | TurnCancelled
    | TurnFailed
    | TurnRejected
    | TurnDegraded
)
