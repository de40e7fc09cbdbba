"""Who wants to enter a gate, by which limits and budgets, and how they leave."""

from dataclasses import replace

from gateway.domain.gate import (
    Departure,
    Entered,
    Entrance,
    Reservation,
)
from gateway.domain.money import Budget, BudgetPeriod
from gateway.domain.rate_limit import Algorithm, Claim, Dimension, Limit, Unit
from tests.contracts.gates import GateTwin

DAY_START = 1_789_948_800  # 21 September 2026
MONTH_START = 1_788_220_800  # 1 September 2026
HALF_A_DAY = 43_200.0
REQUESTS = Limit(Dimension.KEY, Unit.REQUESTS, 3, 60.0, Algorithm.FIXED_WINDOW)
TOKENS = Limit(Dimension.TENANT, Unit.TOKENS, 1000, 60.0, Algorithm.FIXED_WINDOW)
SEATS = Limit(Dimension.KEY, Unit.CONCURRENT, 2)
DAILY = Budget("key:k", 1000, BudgetPeriod.DAY)
MONTHLY = Budget("tenant:t", 5000, BudgetPeriod.MONTH)
TOTAL = Budget("user:u", 9000, BudgetPeriod.TOTAL)


def claim(limit: Limit, cost: int = 1, value: str = "k") -> Claim:
    return Claim(limit, value, cost)


def entrance(holder: str, *claims: Claim, **more: object) -> Entrance:
    return replace(Entrance(holder, claims=claims), **more)  # type: ignore[arg-type]


def reserving(holder: str, amount: int, *budgets: Budget) -> Entrance:
    return Entrance(holder, reservations=tuple(Reservation(each, amount) for each in budgets))


def gone(holder: str, tokens: int = 0, cost: int = 0, **more: bool) -> Departure:
    return Departure(holder, tokens=tokens, cost_microusd=cost, **more)


async def entered(gate: GateTwin, wanted: Entrance) -> bool:
    return isinstance(await gate.port.enter(wanted), Entered)


async def left(gate: GateTwin, departure: Departure) -> None:
    await gate.port.leave(departure)
    await gate.port.flush()
