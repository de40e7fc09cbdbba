"""Every fact a room can record, past tense, with its payload.

A log is a list of `Event`. Payload fields are a public contract: fields are added, never renamed
or dropped, and a reader ignores what it does not know, so an old log stays readable.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Literal

from interview.domain.bilingual import Language
from interview.domain.scenery import Mode, Strategy


class EventType(StrEnum):
    """The closed list of facts."""

    ROOM_CREATED = "room.created"
    ROOM_FORKED = "room.forked"
    ROOM_SETTLED = "room.settled"
    RESUME_PARSED = "resume.parsed"
    SETTINGS_CHANGED = "settings.changed"
    ROUND_STARTED = "round.started"
    GOAL_REACHED = "goal.reached"
    TURN_SPEAKER_SELECTED = "turn.speaker_selected"
    TURN_PLANNED = "turn.planned"
    TURN_QUEUED = "turn.queued"
    TURN_STARTED = "turn.started"
    TURN_FIRST_TOKEN = "turn.first_token"  # noqa: S105  (a kind of event, no secret)
    TURN_SEGMENT = "turn.segment"
    TURN_DONE = "turn.done"
    TURN_CANCELLED = "turn.cancelled"
    TURN_FAILED = "turn.failed"
    TURN_REJECTED = "turn.rejected"
    TURN_DEGRADED = "turn.degraded"
    ANSWER_SUBMITTED = "answer.submitted"
    ANSWER_SCORED = "answer.scored"
    FOLLOWUP_FIRED = "followup.fired"
    HINT_TAKEN = "hint.taken"
    HP_CHANGED = "hp.changed"
    APPROVAL_CHANGED = "approval.changed"
    PERSONA_CONVINCED = "persona.convinced"
    PERSONA_UNCONVINCED = "persona.unconvinced"
    PERSONA_WALKED_OUT = "persona.walked_out"
    INTEGRITY_INJECTION = "integrity.injection"
    CHECKPOINT_SAVED = "checkpoint.saved"


class Result(StrEnum):
    """How a room ended."""

    WON = "won"
    LOST = "lost"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Usage:
    """What a turn consumed, in tokens; ``estimated`` when the provider did not say."""

    input_tokens: int = 0
    output_tokens: int = 0
    estimated: bool = True


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


@dataclass(frozen=True, slots=True)
class AnswerSubmitted:
    """The candidate's words, as typed."""

    type: ClassVar = EventType.ANSWER_SUBMITTED
    text: str
    client_id: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why: a verbatim piece of the answer and the rule it met. An empty quote means absence."""

    dimension: str
    quote: str
    rule: str


@dataclass(frozen=True, slots=True)
class Reaction:
    """What the asker lets slip on hearing the answer."""

    persona: str
    band: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Judged:
    """What the judge's model said of an answer, and how far it counted.

    ``outcome`` is ``weighed``, or why the rules decided alone: ``capped``, ``injection``,
    ``garbled``, or the code of a call that failed. ``q`` and ``q_rules`` are what was weighed;
    ``levels`` are the judge's, after ``rejected`` ones (no true quote) fell back to the rules'.
    Of several judges, ``n_votes``, they are the median's.
    """

    outcome: str
    q_rules: float = 0.0
    q: float = 0.0
    levels: dict[str, int] = field(default_factory=dict)
    quotes: dict[str, str] = field(default_factory=dict)
    rejected: list[str] = field(default_factory=list)
    is_clamped: bool = False
    n_votes: int = 1


@dataclass(frozen=True, slots=True)
class AnswerScored:
    """The score and everything needed to argue with it.

    ``tier`` says who scored: ``rules`` alone, or a ``model`` within the rules' bounds.
    """

    type: ClassVar = EventType.ANSWER_SCORED
    q: float
    par: float
    tier: str
    dimensions: dict[str, int]
    evidence: list[Evidence]
    caps: list[str]
    explain: str
    round: int
    persona: str
    triggers: list[str] = field(default_factory=list)
    key_points: list[str] = field(default_factory=list)
    sketch: list[int] = field(default_factory=list)
    claims: dict[str, float] = field(default_factory=dict)
    contradictions: int = 0
    reaction: Reaction | None = None
    glyph: str = ""
    verdict_before: float = 50.0
    verdict_after: float = 50.0
    judged: Judged | None = None


@dataclass(frozen=True, slots=True)
class FollowupFired:
    """An armed follow-up, or a branch of the plot, went off."""

    type: ClassVar = EventType.FOLLOWUP_FIRED
    id: str
    trigger: str


@dataclass(frozen=True, slots=True)
class HintTaken:
    """The candidate paid for a hint on this question."""

    type: ClassVar = EventType.HINT_TAKEN
    question_id: str


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


@dataclass(frozen=True, slots=True)
class IntegrityInjection:
    """Part of the answer spoke to the machinery instead of the panel; it was cut before scoring."""

    type: ClassVar = EventType.INTEGRITY_INJECTION
    span: list[int]
    n_seen: int


@dataclass(frozen=True, slots=True)
class CheckpointSaved:
    """The position was kept under ``checkpoint_id``."""

    type: ClassVar = EventType.CHECKPOINT_SAVED
    checkpoint_id: str


Payload = (
    RoomCreated
    | RoomForked
    | RoomSettled
    | ResumeParsed
    | SettingsChanged
    | RoundStarted
    | GoalReached
    | TurnSpeakerSelected
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
    | AnswerSubmitted
    | AnswerScored
    | FollowupFired
    | HintTaken
    | HpChanged
    | ApprovalChanged
    | PersonaConvinced
    | PersonaUnconvinced
    | PersonaWalkedOut
    | IntegrityInjection
    | CheckpointSaved
)

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
