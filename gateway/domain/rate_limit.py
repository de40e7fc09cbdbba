"""Limits by four algorithms: what they count, whom they bind, and what a refusal says.

The rules are pure: `take` gets a state and a time and gives the next state. The twin in Redis
does the same arithmetic in one script under Redis's own clock.
"""

from dataclasses import dataclass
from enum import StrEnum


class Algorithm(StrEnum):
    """How use is counted against a limit."""

    TOKEN_BUCKET = "token_bucket"  # noqa: S105  the name of an algorithm
    SLIDING_WINDOW = "sliding_window"
    FIXED_WINDOW = "fixed_window"
    LEAKY_BUCKET = "leaky_bucket"


class Dimension(StrEnum):
    """Whom a limit binds."""

    KEY = "key"
    TENANT = "tenant"
    USER = "user"
    IP = "ip"
    ROUTE = "route"
    MODEL = "model"
    PROVIDER = "provider"
    GLOBAL = "global"


class Unit(StrEnum):
    """What a limit counts; ``concurrent`` is held and given back, the others flow."""

    REQUESTS = "requests"
    TOKENS = "tokens"
    CONCURRENT = "concurrent"
    MICROUSD = "microusd"


@dataclass(frozen=True, slots=True)
class Limit:
    """So many units per window for everyone whose dimension has the same value.

    ``burst`` (buckets only) is the most that can be saved up; 0 means ``amount``.
    ``window_seconds`` says nothing for concurrent limits.
    """

    dimension: Dimension
    unit: Unit
    amount: int
    window_seconds: float = 60.0
    algorithm: Algorithm = Algorithm.TOKEN_BUCKET
    burst: int = 0

    @property
    def name(self) -> str:
        """Return its name in errors and headers, such as ``requests:key``."""
        return f"{self.unit}:{self.dimension}"


@dataclass(frozen=True, slots=True)
class Claim:
    """One limit, whose value it binds here, and how much this request wants of it."""

    limit: Limit
    value: str
    cost: int


@dataclass(frozen=True, slots=True)
class Level:
    """What is left under a limit, and in how many seconds it is whole again."""

    name: str
    limit: int
    remaining: int
    reset_seconds: float
