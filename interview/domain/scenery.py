"""A scenery: the fixed position a game starts from, as in an endgame problem."""

from dataclasses import dataclass, field
from enum import StrEnum

from interview.domain.bilingual import Language, Text


class Mode(StrEnum):
    """How the candidate wins: outlast the panel, or win it over."""

    SURVIVE = "survive"
    CONVINCE = "convince"


class Strategy(StrEnum):
    """Who speaks next."""

    SERIAL = "serial"
    RANDOM = "random"
    DIRECTOR = "director"


class WinRule(StrEnum):
    """Whose approval Convince needs."""

    ALL = "all"
    MAJORITY = "majority"
    CHAIR_PLUS_ONE = "chair_plus_one"


@dataclass(frozen=True, slots=True)
class StrategyChoice:
    """The strategy a room starts with and those a player may switch to."""

    default: Strategy = Strategy.SERIAL
    allowed: tuple[Strategy, ...] = (
        Strategy.SERIAL,
        Strategy.RANDOM,
        Strategy.DIRECTOR,
    )


@dataclass(frozen=True, slots=True)
class Difficulty:
    """Question difficulty: 1 to 5, rising by one every ``up_every_rounds``."""

    start: int = 2
    up_every_rounds: int = 3
    max: int = 5


@dataclass(frozen=True, slots=True)
class Approval:
    """Convince: where approval starts, what locks it and what ends it (points, 0 to 100)."""

    start: int = 40
    convinced_at: int = 70
    walkout_at: int = 8
    rule: WinRule = WinRule.ALL
    max_rounds: int = 12


@dataclass(frozen=True, slots=True)
class Branch:
    """A side line of the plot: when ``trigger`` fires, the next root question is ``goto``."""

    trigger: str
    goto: str
    label: Text


@dataclass(frozen=True, slots=True)
class Scenery:
    """One position to play: who sits on the panel and what they draw on."""

    id: str
    version: int
    title: Text
    blurb: Text
    panel: tuple[str, ...]
    chair: str
    goal_rounds: int
    question_tags: tuple[str, ...]
    modes: tuple[Mode, ...] = (Mode.SURVIVE, Mode.CONVINCE)
    languages: tuple[Language, ...] = ("zh", "en")
    strategy: StrategyChoice = field(default_factory=StrategyChoice)
    difficulty: Difficulty = field(default_factory=Difficulty)
    approval: Approval = field(default_factory=Approval)
    branches: tuple[Branch, ...] = ()
    backdrop: str = "courtroom"
