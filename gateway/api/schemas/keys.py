"""Virtual keys; the secret is in `NewKeyOut` alone."""

from datetime import datetime

from ninja import Field, Schema

from gateway.api.schemas.figures import Microusd, Text
from gateway.api.schemas.limits import LimitIn, LimitOut
from gateway.domain.catalog import Scope
from gateway.models import ApiKey


class KeyIn(Schema):
    """A new key; ``rpm`` and ``budget_microusd`` (a month) are its first limit and budget."""

    tenant: Text
    name: Text = ""
    scopes: list[Scope] | None = Field(None, max_length=16)
    models: list[Text] = Field([], max_length=64)
    expires_at: datetime | None = None
    rpm: int | None = Field(None, gt=0, lt=2**31)
    budget_microusd: Microusd | None = None


class KeyPatch(Schema):
    """What to change; what is absent stays. ``limits`` replaces all of them."""

    name: Text | None = None
    scopes: list[Scope] | None = Field(None, max_length=16)
    models: list[Text] | None = Field(None, max_length=64)
    expires_at: datetime | None = None
    limits: list[LimitIn] | None = Field(None, max_length=32)


class RotateIn(Schema):
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
    def from_row(cls, row: ApiKey) -> "KeyOut":
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


class NewKeyOut(KeyOut):
    """A key that was just made: ``key`` is its secret and is never shown again."""

    key: str

    @classmethod
    def made(cls, row: ApiKey, secret: str) -> "NewKeyOut":
        """Return the row with its secret."""
        return cls(**KeyOut.from_row(row).dict(), key=secret)
