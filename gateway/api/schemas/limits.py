"""Limits, and whom they bind."""

from typing import Self

from ninja import Field, Schema

from gateway.api.schemas.figures import Given, Text
from gateway.api.schemas.warnings import Warned
from gateway.domain.configuration.figures import LONGEST_WINDOW_SECONDS, MOST_UNITS
from gateway.domain.rate_limit import Algorithm, Dimension, Unit
from gateway.models import Limit


class LimitIn(Given):
    """So many units per window."""

    dimension: Dimension
    unit: Unit = Unit.REQUESTS
    amount: int = Field(gt=0, le=MOST_UNITS)
    window_seconds: float = Field(60.0, gt=0, le=LONGEST_WINDOW_SECONDS)
    algorithm: Algorithm = Algorithm.TOKEN_BUCKET
    burst: int = Field(0, ge=0, le=MOST_UNITS)


class LimitOut(Schema):
    """A limit as it stands, with whom it binds; nobody named means everybody."""

    id: int
    dimension: Dimension
    unit: Unit
    amount: int
    window_seconds: float
    algorithm: Algorithm
    burst: int
    tenant: str | None
    key: str | None
    route: str | None

    @classmethod
    def from_row(cls, row: Limit) -> Self:
        """Return the row as programs see it."""
        return cls(
            id=row.pk,
            tenant=row.tenant.name if row.tenant else None,
            key=row.key_id,
            route=row.route.model if row.route else None,
            dimension=Dimension(row.dimension),
            unit=Unit(row.unit),
            amount=row.amount,
            window_seconds=row.window_seconds,
            algorithm=Algorithm(row.algorithm),
            burst=row.burst,
        )


class ChangedLimit(LimitOut, Warned):
    """A limit that was just added."""


class BoundLimitIn(LimitIn):
    """A limit and whom it binds: at most one of the three; none binds everybody."""

    tenant: Text | None = None
    key: Text | None = None
    route: Text | None = None
