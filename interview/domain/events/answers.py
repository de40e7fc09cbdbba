"""Facts about an answer: the words, the score and what it was taken for."""

from dataclasses import dataclass, field
from typing import ClassVar

from interview.domain.events.kinds import EventType


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
class Pressed:
    """What the follow-up that was answered asked for, and whether the answer gave it.

    ``want`` is a `reading.aims.Want`, ``outcome`` a `reading.reaching.Outcome`.
    """

    want: str
    outcome: str


@dataclass(frozen=True, slots=True)
class AnswerScored:
    """The score and everything needed to argue with it.

    ``tier`` says who scored: ``rules`` alone, or a ``model`` within the rules' bounds.
    ``dimensions`` holds those that count; of an answer to a follow-up that is what it asked for,
    and ``pressed`` says what that was.
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
    pressed: Pressed | None = None


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
class IntegrityInjection:
    """Part of the answer spoke to the machinery instead of the panel; it was cut before scoring."""

    type: ClassVar = EventType.INTEGRITY_INJECTION
    span: list[int]
    n_seen: int


AnswerFact = AnswerSubmitted | AnswerScored | FollowupFired | HintTaken | IntegrityInjection
