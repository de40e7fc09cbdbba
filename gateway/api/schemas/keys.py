"""Virtual keys; the secret is in `NewKeyOut` alone."""

from datetime import datetime
from typing import Self

from ninja import Field, Schema

from gateway.api.schemas.figures import Given, Microusd, Pattern, Text
from gateway.api.schemas.limits import LimitIn, LimitOut
from gateway.api.schemas.warnings import Warned
from gateway.domain.catalog import Scope
from gateway.domain.configuration.figures import MOST_COUNT, MOST_PATTERNS
from gateway.models import ApiKey


class KeyIn(Given):
    """A new key; ``rpm`` is one more of its limits, ``budget_microusd`` its budget a month."""

    tenant: Text
    name: Text = ""
    scopes: list[Scope] | None = Field(None, max_length=16)
    models: list[Pattern] = Field([], max_length=MOST_PATTERNS)
    expires_at: datetime | None = None
    limits: list[LimitIn] = Field([], max_length=32)
    rpm: int | None = Field(None, gt=0, le=MOST_COUNT)
    budget_microusd: Microusd | None = None


class KeyPatch(Given):
    """What to change; what is absent stays. ``limits`` replaces all of them."""

    name: Text | None = None
    scopes: list[Scope] | None = Field(None, max_length=16)
    models: list[Pattern] | None = Field(None, max_length=MOST_PATTERNS)
    expires_at: datetime | None = None
    limits: list[LimitIn] | None = Field(None, max_length=32)


class RotateIn(Given):
    """For how long the old key is still good."""

    grace_seconds: int = Field(0, ge=0, le=90 * 86_400)


class KeyOut(Schema):
    """A key; of its secret only the beginning and the end."""

    id: str
    tenant: str
    name: str
    shown: str
    scopes: list[str]
    models: list[str]
    limits: list[LimitOut]
    expires_at: datetime | None
    revoked_at: datetime | None
    rotated_from: str | None
    created_by: str
    created_at: datetime

    @classmethod
    def from_row(cls, row: ApiKey) -> Self:
        """Return the row as programs see it."""
        return cls(
            id=row.pk,
            tenant=row.tenant.name,
            name=row.name,
            shown=row.shown,
            scopes=row.scopes,
            models=row.model_patterns,
            limits=[LimitOut.from_row(limit) for limit in row.limits.all()],
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            rotated_from=row.rotated_from_id,
            created_by=row.created_by,
            created_at=row.created_at,
        )


class ChangedKey(KeyOut, Warned):
    """A key that was just changed."""


class NewKeyOut(ChangedKey):
    """A key that was just made: ``key`` is its secret and is never shown again."""

    key: str

    @classmethod
    def made(cls, row: ApiKey, secret: str) -> "NewKeyOut":
        """Return the row with its secret."""
        return cls(**KeyOut.from_row(row).dict(), key=secret)
