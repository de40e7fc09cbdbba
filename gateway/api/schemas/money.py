"""Budgets, and what was used."""

from typing import Annotated

from ninja import Field, Schema

from gateway.api.schemas.figures import Given, Microusd, Text
from gateway.api.schemas.warnings import Warned
from gateway.domain.money import BudgetPeriod


class BudgetIn(Given):
    """A budget for one tenant or one key."""

    tenant: Text | None = None
    key: Text | None = None
    period: BudgetPeriod = BudgetPeriod.MONTH
    limit_microusd: Microusd
    alerts: list[Annotated[float, Field(gt=0, le=1)]] = Field([0.8, 1.0], max_length=8)


class BudgetOut(Schema):
    """A budget, what is spent of it, and what will be at the end of its period."""

    id: int
    subject: str
    period: BudgetPeriod
    limit_microusd: int
    alerts: list[float]
    spent_microusd: int
    predicted_microusd: int | None


class ChangedBudget(BudgetOut, Warned):
    """A budget that was just set."""


class UsageOut(Schema):
    """What was used by one tenant, key, route, provider and model in the days asked for."""

    tenant: str
    key_id: str
    route: str
    provider: str
    model: str
    input_tokens: int
    output_tokens: int
    cost_microusd: int
