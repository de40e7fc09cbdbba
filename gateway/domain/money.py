"""Prices, budgets and what an attempt cost; all money is whole micro-USD.

A price is per million tokens, as vendors quote it, in micro-USD: 0.15 USD per million tokens is
150,000. A cost is rounded up once, at its end, so that many small calls are never free.
"""

from dataclasses import dataclass
from enum import StrEnum

from gateway.domain.messages import Usage

MICROUSD_PER_USD = 1_000_000
TOKENS_PER_PRICE = 1_000_000


@dataclass(frozen=True, slots=True)
class Tier:
    """Other figures for a request with more input than this; they hold for all of its tokens."""

    over_input_tokens: int
    input: int
    output: int
    input_cached: int | None = None
    input_cache_write_5m: int | None = None
    input_cache_write_1h: int | None = None
    output_reasoning: int | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """Micro-USD per million tokens, and where the figures are from.

    None falls back: cached input and cache writes to ``input``, reasoning to ``output``.
    ``source`` and ``as_of`` (ISO date) are shown beside every figure made from it. ``tiers``
    rise by their threshold; the last that is passed counts.
    """

    id: str
    input: int
    output: int
    input_cached: int | None = None
    input_cache_write_5m: int | None = None
    input_cache_write_1h: int | None = None
    output_reasoning: int | None = None
    source: str = ""
    as_of: str = ""
    tiers: tuple[Tier, ...] = ()

    def figures(self, input_tokens: int) -> "Price | Tier":
        """Return the figures for a request with so much input."""
        passed = [tier for tier in self.tiers if input_tokens > tier.over_input_tokens]
        return passed[-1] if passed else self


class BudgetPeriod(StrEnum):
    """When a budget begins anew, in UTC."""

    DAY = "day"
    MONTH = "month"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Budget:
    """So much money per period for one subject (``key:<id>``, ``tenant:<name>`` ...).

    ``alerts`` are shares of it in (0, 1] at which somebody should be told.
    """

    subject: str
    limit_microusd: int
    period: BudgetPeriod = BudgetPeriod.MONTH
    alerts: tuple[float, ...] = (0.8, 1.0)


class AttemptState(StrEnum):
    """Where an attempt's entry in the ledger stands; the last two are final."""

    RESERVED = "reserved"
    STREAMING = "streaming"
    SETTLED = "settled"
    VOIDED = "voided"


class AttemptEnd(StrEnum):
    """How an attempt came to its end."""

    DONE = "done"
    ERROR = "error"
    CANCELLED = "cancelled"
    CRASHED = "crashed"
    HEDGED = "hedged"
    CACHED = "cached"
    SHARED = "shared"


@dataclass(slots=True)
class Entry:
    """One attempt, as the ledger keeps it: written once, never changed.

    ``id`` is the attempt's and the idempotency key. Times are Unix seconds. ``key_id`` and
    ``tenant`` are empty for the rooms' own calls. ``room_id`` names the room, if there is one.
    ``entered_at`` is when the gate let the request in, which decides the period that pays; 0 is
    ``began_at``. ``raw_usage`` is the vendor's own usage object as JSON, while it is small.
    """

    id: str
    request_id: str
    state: AttemptState
    end: AttemptEnd
    tenant: str
    key_id: str
    route: str
    provider: str
    model: str
    usage: Usage
    cost_microusd: int
    price_id: str
    began_at: float
    ended_at: float
    ttft_seconds: float | None = None
    error_code: str = ""
    room_id: str = ""
    entered_at: float = 0.0
    raw_usage: str = ""


def cost_microusd(usage: Usage, price: Price | None) -> int:
    """Return what the tokens cost, rounded up; 0 without a price.

    Cached and cache-writing input is priced by its own figure and not again as input;
    reasoning likewise within the output.
    """
    if price is None:
        return 0
    figures = price.figures(usage.input_total) if price.tiers else price
    writes = usage.input_cache_write_5m + usage.input_cache_write_1h
    plain_input = max(0, usage.input_total - usage.input_cached - writes)
    plain_output = max(0, usage.output_total - usage.output_reasoning)
    total = (
        plain_input * figures.input
        + usage.input_cached * _or(figures.input_cached, figures.input)
        + usage.input_cache_write_5m * _or(figures.input_cache_write_5m, figures.input)
        + usage.input_cache_write_1h * _or(figures.input_cache_write_1h, figures.input)
        + plain_output * figures.output
        + usage.output_reasoning * _or(figures.output_reasoning, figures.output)
    )
    return -(-total // TOKENS_PER_PRICE)


def expected_microusd(price: Price, input_tokens: int, output_tokens: int) -> int:
    """Return what so many tokens would cost if none were cached, rounded up."""
    figures = price.figures(input_tokens) if price.tiers else price
    total = input_tokens * figures.input + output_tokens * figures.output
    return -(-total // TOKENS_PER_PRICE)


def _or(figure: int | None, otherwise: int) -> int:
    return otherwise if figure is None else figure
