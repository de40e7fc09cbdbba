"""A request that is not sent, and the audit log."""

from datetime import datetime
from typing import Any, Literal

from ninja import Field, Schema

from gateway.api.schemas.figures import Count, Given, Text
from gateway.domain.catalog import Ability
from gateway.models import AuditEntry


class ExplainIn(Given):
    """A request that is not sent: only where it would go is asked."""

    model: Text
    key: Text = ""
    provider: Text = ""
    input_tokens: Count = 1000
    max_output_tokens: Count | None = None
    needs: list[Ability] = Field([], max_length=16)
    session: Text = ""


class AuditOut(Schema):
    """One line of the audit log."""

    id: int
    at: datetime
    actor: str
    via: Literal["admin", "api", "cli"]
    verb: str
    kind: str
    subject: str
    version: int
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    @classmethod
    def from_row(cls, row: AuditEntry) -> "AuditOut":
        """Return the row as programs see it."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields})
