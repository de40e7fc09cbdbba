"""Tenants."""

from datetime import datetime
from typing import Self

from ninja import Field, Schema

from gateway.api.schemas.figures import Given, Text
from gateway.api.schemas.limits import LimitIn, LimitOut
from gateway.api.schemas.warnings import Warned
from gateway.domain.configuration.figures import MOST_WEIGHT_OF_A_TENANT
from gateway.models import Tenant


class TenantIn(Given):
    """A new tenant."""

    name: Text
    title: Text = ""
    is_active: bool = True
    weight: int = Field(1, ge=1, le=MOST_WEIGHT_OF_A_TENANT)


class TenantPatch(Given):
    """What to change; what is absent stays. ``limits`` replaces all of them."""

    title: Text | None = None
    is_active: bool | None = None
    weight: int | None = Field(None, ge=1, le=MOST_WEIGHT_OF_A_TENANT)
    limits: list[LimitIn] | None = Field(None, max_length=32)


class TenantOut(Schema):
    """A tenant."""

    name: str
    title: str
    is_active: bool
    weight: int
    n_keys: int
    limits: list[LimitOut]
    created_at: datetime

    @classmethod
    def from_row(cls, row: Tenant) -> Self:
        """Return the row as programs see it."""
        return cls(
            name=row.name,
            title=row.title,
            is_active=row.is_active,
            weight=row.weight,
            n_keys=sum(key.revoked_at is None for key in row.keys.all()),
            limits=[LimitOut.from_row(limit) for limit in row.limits.all()],
            created_at=row.created_at,
        )


class ChangedTenant(TenantOut, Warned):
    """A tenant that was just added or changed."""
