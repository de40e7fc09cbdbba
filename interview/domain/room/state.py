"""What is known of a room at one moment; only the fold changes it."""

from dataclasses import dataclass, field
from enum import StrEnum

from interview.domain import modes
from interview.domain.bilingual import Language
from interview.domain.events import Result
from interview.domain.scenery import Mode, Strategy
from interview.domain.turn import BROKEN_OFF, Turn


class Status(StrEnum):
    """Whose move it is."""

    NEW = "new"
    INTERVIEWING = "interviewing"
    AWAITING_ANSWER = "awaiting_answer"
    SCORING = "scoring"
    SETTLED = "settled"


class WinReason(StrEnum):
    """Why a room was won."""

    GOAL_REACHED = "goal_reached"
    PANEL_CONVINCED = "panel_convinced"


class Engine(StrEnum):
    """Who finds the panel's words."""

    SCRIPTED = "scripted"
    MODEL = "model"


class Pace(StrEnum):
    """How fast the panel speaks, as a factor on each persona's own pace."""

    CALM = "calm"
    NORMAL = "normal"
    BRISK = "brisk"

    @property
    def factor(self) -> float:
        """Return the factor on characters per second."""
        return {Pace.CALM: 0.7, Pace.NORMAL: 1.0, Pace.BRISK: 1.8}[self]


@dataclass(slots=True)
class Thread:
    """The root question being pursued and how far into it the panel is."""

    question_id: str = ""
    speaker: str = ""
    fact_id: str | None = None
    claim: str | None = None
    trigger: str | None = None
    depth: int = 0
    used_followups: list[str] = field(default_factory=list)
    covered: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Room:
    """The folded state of one room. Only `fold` changes it."""

    offset: int = 0
    status: Status = Status.NEW
    scenery: str = ""
    scenery_version: int = 0
    mode: Mode = Mode.SURVIVE
    language: Language = "en"
    strategy: Strategy = Strategy.SERIAL
    pace: Pace = Pace.NORMAL
    difficulty: int = 2
    engine: str = "scripted"
    seed: int = 0
    ruleset: str = ""
    edition: str = ""
    nickname: str = ""
    max_rounds: int = 12
    convinced_at: int = 70
    panel: list[str] = field(default_factory=list)
    round: int = 0
    par: float = 0.0
    rounds_answered: int = 0
    hp: int = 100
    hp_at_last_round: int = 100
    approval: dict[str, int] = field(default_factory=dict)
    convinced: list[str] = field(default_factory=list)
    walked_out: list[str] = field(default_factory=list)
    has_asked: list[str] = field(default_factory=list)
    pool: list[str] = field(default_factory=list)
    root_asked_at: dict[str, int] = field(default_factory=dict)
    n_roots: int = 0
    turn: Turn | None = None
    n_turns: int = 0
    thread: Thread = field(default_factory=Thread)
    planned_text: str = ""
    asked: list[str] = field(default_factory=list)
    asked_tags: list[str] = field(default_factory=list)
    spent_facts: list[str] = field(default_factory=list)
    fired_branches: list[str] = field(default_factory=list)
    bags: dict[str, list[int]] = field(default_factory=dict)
    claims: dict[str, float] = field(default_factory=dict)
    sketches: list[list[int]] = field(default_factory=list)
    streak: int = 0
    shielded: bool = False
    level_bonus: int = 0
    n_injections: int = 0
    n_contradictions: int = 0
    n_good: int = 0
    n_hints: int = 0
    hinted: list[str] = field(default_factory=list)
    goal_reached: bool = False
    last_triggers: list[str] = field(default_factory=list)
    result: Result | None = None
    reason: str = ""
    score: int = 0

    @property
    def may_answer(self) -> bool:
        """Return whether the candidate has heard something and is expected to reply."""
        return (
            self.status is Status.AWAITING_ANSWER and self.turn is not None and bool(self.turn.text)
        )

    @property
    def may_retry(self) -> bool:
        """Return whether the last turn broke off and may be asked again."""
        return (
            self.status is Status.AWAITING_ANSWER
            and self.turn is not None
            and self.turn.state in BROKEN_OFF
        )

    @property
    def is_ranked(self) -> bool:
        """Return whether the run may enter a board: three injections end that."""
        return self.n_injections < modes.INJECTIONS_TO_UNRANK
