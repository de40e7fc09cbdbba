"""Routes and the targets behind them."""

from typing import Self

from ninja import Field, Schema

from gateway.api.schemas.figures import Count, Given, Seconds, Text
from gateway.api.schemas.limits import LimitOut
from gateway.api.schemas.warnings import Warned
from gateway.domain.catalog import Ability, RoutingPolicy
from gateway.domain.configuration.figures import (
    MOST_ATTEMPTS,
    MOST_RETRIES,
    MOST_WEIGHT_OF_A_TARGET,
)
from gateway.models import Route, RouteTarget


class TargetIn(Given):
    """One model at one provider."""

    provider: Text
    model: Text
    abilities: list[Ability] = Field([Ability.STREAM], max_length=16)
    context_tokens: Count = 0
    max_output_tokens: Count = 0
    quality: float = Field(0.5, ge=0, le=1)
    weight: int = Field(1, ge=0, le=MOST_WEIGHT_OF_A_TARGET)


class TargetOut(Schema):
    """One model at one provider, as it stands."""

    provider: str
    model: str
    abilities: list[Ability]
    context_tokens: int
    max_output_tokens: int
    quality: float
    weight: int

    @classmethod
    def from_row(cls, row: RouteTarget) -> Self:
        """Return the row as programs see it."""
        return cls(
            provider=row.provider.name,
            model=row.model,
            abilities=row.abilities,
            context_tokens=row.context_tokens,
            max_output_tokens=row.max_output_tokens,
            quality=row.quality,
            weight=row.weight,
        )


class RoutePatch(Given):
    """What to change; what is absent stays. ``targets`` replaces all of them, in this order."""

    is_enabled: bool | None = None
    policy: RoutingPolicy | None = None
    n_retries: int | None = Field(None, ge=0, le=MOST_RETRIES)
    n_attempts: int | None = Field(None, ge=1, le=MOST_ATTEMPTS)
    waits_for_primary: bool | None = None
    continues_answers: bool | None = None
    hedge_after_seconds: Seconds | None = None
    connect_seconds: Seconds | None = None
    first_seconds: Seconds | None = None
    idle_seconds: Seconds | None = None
    total_seconds: Seconds | None = None
    cache_seconds: Seconds | None = None
    is_coalesced: bool | None = None
    allows_faults: bool | None = None
    targets: list[TargetIn] | None = Field(None, max_length=64)


class RouteIn(RoutePatch):
    """A new route."""

    model: Text
    targets: list[TargetIn] = Field(max_length=64)


class RouteOut(Schema):
    """A public model name and what is behind it."""

    model: str
    is_enabled: bool
    policy: RoutingPolicy
    n_retries: int
    n_attempts: int
    waits_for_primary: bool
    continues_answers: bool
    hedge_after_seconds: float | None
    connect_seconds: float | None
    first_seconds: float | None
    idle_seconds: float | None
    total_seconds: float | None
    cache_seconds: float
    is_coalesced: bool
    allows_faults: bool
    targets: list[TargetOut]
    limits: list[LimitOut]

    @classmethod
    def from_row(cls, row: Route) -> Self:
        """Return the row as programs see it."""
        columns = {
            name: getattr(row, name)
            for name in RouteOut.model_fields
            if name not in {"targets", "limits"}
        }
        return cls(
            **columns,
            targets=[TargetOut.from_row(target) for target in row.targets.all()],
            limits=[LimitOut.from_row(limit) for limit in row.limits.all()],
        )


class ChangedRoute(RouteOut, Warned):
    """A route that was just added or changed."""
