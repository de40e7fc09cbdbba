"""What comes in and goes out of the management API. Money is whole micro-USD everywhere."""

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Field, Schema
from pydantic import AfterValidator

from gateway.domain.catalog import Ability, RoutingPolicy, Scope
from gateway.domain.faults import FaultProfile
from gateway.domain.money import BudgetPeriod
from gateway.domain.rate_limit import Algorithm, Dimension, Unit
from gateway.models import (
    ApiKey,
    AuditEntry,
    FaultRule,
    Limit,
    Provider,
    Route,
    RouteTarget,
    Tenant,
)


def _storable(text: str) -> str:
    """Return the text if a database can hold it; raise ValueError."""
    if "\x00" in text:
        raise ValueError("there is a zero byte in it")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("there is half a character in it") from None
    return text


Text = Annotated[str, AfterValidator(_storable), Field(max_length=300)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]
Count = Annotated[int, Field(ge=0, lt=2**31)]
Microusd = Annotated[int, Field(gt=0, lt=2**53)]


class LimitIn(Schema):
    """So many units per window."""

    dimension: Dimension
    unit: Unit = Unit.REQUESTS
    amount: int = Field(gt=0, lt=2**53)
    window_seconds: float = Field(60.0, gt=0, le=31 * 86_400)
    algorithm: Algorithm = Algorithm.TOKEN_BUCKET
    burst: int = Field(0, ge=0, lt=2**53)


class LimitOut(LimitIn):
    """A limit as it stands, with whom it binds; nobody named means everybody."""

    id: int
    tenant: str | None
    key: str | None
    route: str | None

    @classmethod
    def from_row(cls, row: Limit) -> "LimitOut":
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


class BoundLimitIn(LimitIn):
    """A limit and whom it binds: at most one of the three; none binds everybody."""

    tenant: Text | None = None
    key: Text | None = None
    route: Text | None = None


class BudgetIn(Schema):
    """A budget for one tenant or one key."""

    tenant: Text | None = None
    key: Text | None = None
    period: BudgetPeriod = BudgetPeriod.MONTH
    limit_microusd: Microusd
    alerts: list[float] = Field([0.8, 1.0], max_length=8)


class BudgetOut(Schema):
    """A budget, what is spent of it, and what will be at the end of its period."""

    id: int
    subject: str
    period: BudgetPeriod
    limit_microusd: int
    alerts: list[float]
    spent_microusd: int
    predicted_microusd: int | None


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


class ProviderPatch(Schema):
    """What to change; what is absent stays. ``credential`` is sealed and never comes back."""

    adapter: Text | None = None
    vendor: Text | None = None
    base_url: Text | None = None
    credential: str | None = Field(None, max_length=4000)
    credential_env: Text | None = None
    is_enabled: bool | None = None
    is_local: bool | None = None
    n_places: int | None = Field(None, ge=1, lt=2**31)
    wait_seconds: Seconds | None = None
    connect_seconds: Seconds | None = None
    first_seconds: Seconds | None = None
    idle_seconds: Seconds | None = None
    total_seconds: Seconds | None = None
    options: dict[str, str] | None = None


class ProviderIn(ProviderPatch):
    """A new provider."""

    name: Text
    adapter: Text


class ProviderOut(Schema):
    """A provider; of its credential only where it is from."""

    name: str
    adapter: str
    vendor: str
    base_url: str
    credential: str
    is_enabled: bool
    is_local: bool
    n_places: int
    wait_seconds: float
    connect_seconds: float | None
    first_seconds: float | None
    idle_seconds: float | None
    total_seconds: float | None
    options: dict[str, str]

    @classmethod
    def from_row(cls, row: Provider) -> "ProviderOut":
        """Return the row as programs see it."""
        columns = {
            name: getattr(row, name) for name in cls.model_fields if name not in {"credential"}
        }
        return cls(**columns, credential=credential_of(row))


def credential_of(row: Provider) -> str:
    """Return where a provider's credential is from, never what it is."""
    if row.credential_env:
        return f"env:{row.credential_env}"
    return f"sealed:…{row.credential_last4}" if row.credential_sealed else ""


class TrialIn(Schema):
    """The model to ask for; empty asks for the first one a route leads to."""

    model: Text = ""


class TrialOut(Schema):
    """How a short real call to the provider went."""

    is_ok: bool
    model: str
    seconds: float
    code: str
    message: str


class TargetIn(Schema):
    """One model at one provider."""

    provider: Text
    model: Text
    abilities: list[Ability] = Field([Ability.STREAM], max_length=16)
    context_tokens: Count = 0
    max_output_tokens: Count = 0
    quality: float = Field(0.5, ge=0, le=1)
    weight: int = Field(1, ge=0, le=10_000)

    @classmethod
    def from_row(cls, row: RouteTarget) -> "TargetIn":
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


class RoutePatch(Schema):
    """What to change; what is absent stays. ``targets`` replaces all of them, in this order."""

    is_enabled: bool | None = None
    policy: RoutingPolicy | None = None
    n_retries: int | None = Field(None, ge=0, le=10)
    n_attempts: int | None = Field(None, ge=1, le=50)
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
    targets: list[TargetIn]
    limits: list[LimitOut]

    @classmethod
    def from_row(cls, row: Route) -> "RouteOut":
        """Return the row as programs see it."""
        columns = {
            name: getattr(row, name)
            for name in cls.model_fields
            if name not in {"targets", "limits"}
        }
        return cls(
            **columns,
            targets=[TargetIn.from_row(target) for target in row.targets.all()],
            limits=[LimitOut.from_row(limit) for limit in row.limits.all()],
        )


class FaultIn(Schema):
    """A fault and whom it hits; patterns are globs, empty ones match all."""

    name: Text
    profile: FaultProfile
    is_enabled: bool = True
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

    @classmethod
    def from_row(cls, row: FaultRule) -> "FaultIn":
        """Return the row as programs see it."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class ExplainIn(Schema):
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
