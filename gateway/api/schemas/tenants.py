"""Tenants."""

from datetime import datetime

from ninja import Field, Schema

from gateway.api.schemas.figures import Text
from gateway.api.schemas.limits import LimitIn, LimitOut
from gateway.models import Tenant


class TenantIn(Schema):
    """A new tenant."""

    name: Text
    title: Text = ""
    is_active: bool = True
    weight: int = Field(1, ge=1, le=1000)


class TenantPatch(Schema):
    """What to change; what is absent stays. ``limits`` replaces all of them."""

    title: Text | None = None
    is_active: bool | None = None
    weight: int | None = Field(None, ge=1, le=1000)
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
    def from_row(cls, row: Tenant) -> "TenantOut":
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
