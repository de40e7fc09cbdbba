"""Tenants: added, changed, switched off, given limits and budgets."""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.domain.audit import Actor
from gateway.domain.errors import ConflictError, NotThereError
from gateway.domain.money import BudgetPeriod
from gateway.domain.rate_limit import Dimension, Unit
from gateway.models import ApiKey, Budget, Limit, Tenant
from gateway.services import configuration
from gateway.services.configuration import Change


def find(name: str) -> Tenant:
    """Return the tenant; raise NotThereError."""
    row = Tenant.objects.filter(name=name).first()
    if row is None:
        raise NotThereError("There is no tenant called %(name)s.", name=name)
    return row


def add(*, name: str, fields: Mapping[str, Any] | None = None, actor: Actor) -> Tenant:
    """Add a tenant; raise ConflictError for a name that is taken."""
    if Tenant.objects.filter(name=name).exists():
        raise ConflictError("There is a tenant called %(name)s already.", name=name)
    row = Tenant(name=name, **(fields or {}))
    with configuration.change(actor=actor) as making:
        making.save(row)
    return row


def edit(*, name: str, fields: Mapping[str, Any], actor: Actor) -> Tenant:
    """Change a tenant; its name stays, the ledger counts under it."""
    with configuration.change(actor=actor) as making:
        return set_fields(name, fields, making=making)


def set_fields(name: str, fields: Mapping[str, Any], *, making: Change) -> Tenant:
    """Do as `edit`, as part of a larger change."""
    row = find(name)
    for field, value in fields.items():
        setattr(row, field, value)
    making.save(row)
    return row


def remove(*, name: str, actor: Actor) -> None:
    """Remove a tenant that never had a key; any other one can be switched off."""
    with configuration.change(actor=actor) as making:
        making.remove(find(name))


def put_limits(
    *, subject: Tenant | ApiKey, limits: Sequence[Mapping[str, Any]], making: Change
) -> None:
    """Replace what the tenant or the key is limited to."""
    bound: dict[str, Any] = _bound(subject)
    for row in subject.limits.all():
        making.remove(row)
    for columns in limits:
        making.save(Limit(**bound, **columns))


def rpm(subject: Tenant | ApiKey, per_minute: int) -> dict[str, Any]:
    """Return the limit of so many requests a minute, for the tenant or the key."""
    dimension = Dimension.KEY if isinstance(subject, ApiKey) else Dimension.TENANT
    return {"amount": per_minute, "unit": Unit.REQUESTS, "dimension": dimension}


def put_budget(
    *,
    subject: Tenant | ApiKey,
    limit_microusd: int,
    period: BudgetPeriod = BudgetPeriod.MONTH,
    alerts: Sequence[float] | None = None,
    making: Change,
) -> Budget:
    """Set what the tenant or the key may spend in a period."""
    row = subject.budgets.filter(period=period).first() or Budget(**_bound(subject), period=period)
    row.limit_microusd = limit_microusd
    if alerts is not None:
        row.alerts = list(alerts)
    making.save(row)
    return row


def _bound(subject: Tenant | ApiKey) -> dict[str, Any]:
    return {"key": subject} if isinstance(subject, ApiKey) else {"tenant": subject}
