"""Faults on purpose."""

from datetime import datetime
from typing import Self

from ninja import Field, Schema

from gateway.api.schemas.figures import Count, Given, Seconds, Text
from gateway.api.schemas.warnings import Warned
from gateway.domain.faults import FaultProfile
from gateway.models import FaultRule


class FaultIn(Given):
    """A fault and whom it hits; patterns are globs, empty ones match all.

    ``tenant`` is a name; empty hits everybody, the rooms too.
    """

    name: Text
    profile: FaultProfile
    is_enabled: bool = True
    tenant: Text = ""
    provider: Text = ""
    model: Text = ""
    route: Text = ""
    room: Text = ""
    probability: float = Field(1.0, gt=0, le=1)
    n_times: Count | None = None
    until: datetime | None = None
    seconds: Seconds = 0.0
    status: int = Field(500, ge=400, le=599)
    after_tokens: Count = 0


class FaultOut(Schema):
    """A fault as it stands."""

    name: str
    profile: FaultProfile
    is_enabled: bool
    tenant: str
    provider: str
    model: str
    route: str
    room: str
    probability: float
    n_times: int | None
    until: datetime | None
    seconds: float
    status: int
    after_tokens: int

    @classmethod
    def from_row(cls, row: FaultRule) -> Self:
        """Return the row as programs see it."""
        columns = {name: getattr(row, name) for name in FaultOut.model_fields if name != "tenant"}
        return cls(**columns, tenant=row.tenant.name if row.tenant else "")


class ChangedFault(FaultOut, Warned):
    """A fault that was just added."""
