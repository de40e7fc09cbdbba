"""Limits by four algorithms: what they count, whom they bind, and what a refusal says.

Here are the words; `gateway.domain.meters` has the arithmetic. The twin in Redis does the same
arithmetic in one script under Redis's own clock.
"""

from dataclasses import dataclass, replace
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

    ``burst`` (buckets only): a token bucket saves up that many, 0 means ``amount``; a leaky
    bucket lets one run that far ahead of the even flow, 0 means not at all. ``window_seconds``
    and ``algorithm`` say nothing for concurrent limits. An ``amount`` of 0 lets nothing pass.
    """

    dimension: Dimension
    unit: Unit
    amount: int
    window_seconds: float = 60.0
    algorithm: Algorithm = Algorithm.TOKEN_BUCKET
    burst: int = 0

    def __post_init__(self) -> None:
        """Refuse what no meter can count."""
        if self.amount < 0 or self.burst < 0:
            raise ValueError("A limit holds nothing or more.")
        if self.window_us < 1:
            raise ValueError("A limit's window is a microsecond or more.")

    @property
    def name(self) -> str:
        """Return its name in errors and headers, such as ``requests:key``."""
        return f"{self.unit}:{self.dimension}"

    @property
    def window_us(self) -> int:
        """Return the window in whole microseconds."""
        return round(self.window_seconds * 1_000_000)

    @property
    def identity(self) -> str:
        """Return what its use is remembered under, beside the value it binds.

        A limit whose figures change begins anew. What is held is held, whatever the figures.
        """
        if self.unit is Unit.CONCURRENT:
            return self.name
        return f"{self.name}:{self.algorithm}:{self.amount}:{self.window_us}:{self.burst}"

    def share(self, n_sharers: int) -> "Limit":
        """Return what one of so many may use alone: an equal part, and never less than one."""
        return replace(
            self,
            amount=part_of(self.amount, n_sharers),
            burst=part_of(self.burst, n_sharers),
        )


def part_of(amount: int, n_sharers: int) -> int:
    """Return an equal part, rounded down but at least 1; nothing stays nothing."""
    return max(amount // n_sharers, min(amount, 1))


@dataclass(frozen=True, slots=True)
class Claim:
    """One limit, whose value it binds here, and how much this request wants of it.

    Under a concurrent limit every request holds one seat, whatever the cost.
    """

    limit: Limit
    value: str
    cost: int


@dataclass(frozen=True, slots=True)
class Level:
    """What is left under a limit, and in how many seconds it is whole again.

    Nobody knows when what is held comes back: ``reset_seconds`` of a concurrent limit is 0.
    """

    name: str
    limit: int
    remaining: int
    reset_seconds: float
