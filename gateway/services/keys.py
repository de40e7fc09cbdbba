"""Virtual keys: created and shown once, rotated, revoked."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from gateway.domain import keys as rules
from gateway.domain.audit import Actor, Verb
from gateway.domain.catalog import Scope
from gateway.domain.configuration import ConfigurationError, Problem
from gateway.domain.errors import ConflictError, NotThereError
from gateway.models import ApiKey, Budget, Limit, Tenant
from gateway.models.api_key import default_scopes
from gateway.services import configuration, tenants
from gateway.services.configuration import Change

ID_BYTES = 8
SHOWN_CHARACTERS = 7  # sk- and the first four
LONGEST_GRACE = timedelta(days=90)
#: What accounts have to be allowed themselves before they let a key do it; the rest is free.
PERMISSIONS = {
    Scope.USAGE: "gateway.view_usagerecord",
    Scope.FAULTS: "gateway.add_faultrule",
}


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made, and the only sight of its secret."""

    row: ApiKey
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyWish:
    """What a new key should be; ``scopes`` None asks for the usual ones.

    ``limits`` are columns of rows; ``requests_per_minute`` is one more, in short.
    """

    name: str = ""
    scopes: Sequence[str] | None = None
    models: Sequence[str] = ()
    expires_at: datetime | None = None
    limits: Sequence[Mapping[str, Any]] = ()
    requests_per_minute: int | None = None
    budget_microusd: int | None = None


def grantable(*, is_allowed: Callable[[str], bool], manages_all: bool) -> frozenset[Scope]:
    """Return the scopes somebody may give to a key: none that opens more than they have."""
    return frozenset(
        scope
        for scope in Scope
        if manages_all
        or (
            scope is not Scope.MANAGE
            and (scope not in PERMISSIONS or is_allowed(PERMISSIONS[scope]))
        )
    )


def find(key_id: str) -> ApiKey:
    """Return the key; raise NotThereError."""
    row = ApiKey.objects.select_related("tenant").filter(pk=key_id).first()
    if row is None:
        raise NotThereError("There is no key %(id)s.", id=key_id)
    return row


def by_secret(secret: str) -> ApiKey | None:
    """Return the key of a secret while it is good for anything; None otherwise."""
    row = (
        ApiKey.objects.select_related("tenant")
        .filter(hash=rules.hash_of(secret), revoked_at=None, tenant__is_active=True)
        .first()
    )
    if row is None or (row.expires_at is not None and row.expires_at <= timezone.now()):
        return None
    return row


def create(*, tenant: Tenant, wish: KeyWish, actor: Actor) -> NewKey:
    """Make a key for the tenant, with its limit and budget; the secret is in the answer only."""
    with configuration.change(actor=actor) as making:
        return create_within(making, tenant=tenant, wish=wish)


def create_within(making: Change, *, tenant: Tenant, wish: KeyWish) -> NewKey:
    """Do as `create`, as part of a larger change."""
    secret = rules.new_secret()
    row = ApiKey(
        id=_new_id(),
        tenant=tenant,
        name=wish.name,
        hash=rules.hash_of(secret),
        prefix=secret[:SHOWN_CHARACTERS],
        last4=rules.ending_of(secret),
        scopes=default_scopes() if wish.scopes is None else list(wish.scopes),
        model_patterns=list(wish.models),
        expires_at=wish.expires_at,
        created_by=making.actor.name,
    )
    save(row, making=making)
    limits = list(wish.limits)
    if wish.requests_per_minute is not None:
        limits.append(tenants.rpm(row, wish.requests_per_minute))
    tenants.put_limits(subject=row, limits=limits, making=making)
    if wish.budget_microusd is not None:
        tenants.put_budget(subject=row, limit_microusd=wish.budget_microusd, making=making)
    return NewKey(row, secret)


def save(row: ApiKey, *, making: Change) -> None:
    """Save what may be changed of a key; raise ConfigurationError for what is no scope."""
    subject = f"key:{row.pk}"
    if not row.scopes:
        raise ConfigurationError(
            [Problem(subject, "scopes", "A key without a scope opens nothing.")]
        )
    row.scopes = configuration.check_words(Scope, row.scopes, subject=subject, field="scopes")
    row.model_patterns = list(dict.fromkeys(str(p).strip() for p in row.model_patterns if p))
    if row._state.adding and row.expires_at is not None and row.expires_at <= timezone.now():
        raise ConfigurationError(
            [Problem(subject, "expires_at", "This day is past: the key would never be good.")]
        )
    making.save(row)


def set_fields(key_id: str, fields: Mapping[str, Any], *, making: Change) -> ApiKey:
    """Change what a key is called, opens and expires; its secret and its tenant stay."""
    row = find(key_id)
    for name, value in fields.items():
        setattr(row, "model_patterns" if name == "models" else name, value)
    save(row, making=making)
    return row


def rotate(*, key_id: str, grace: timedelta = timedelta(0), actor: Actor) -> NewKey:
    """Make a key in place of another with all it may and is limited to.

    The old one is good for the grace and then no more. Raises ConflictError for a key that is
    revoked already. What the old one has spent of its budget is not the new one's.
    """
    if not timedelta(0) <= grace <= LONGEST_GRACE:
        raise ConfigurationError(
            [Problem(f"key:{key_id}", "grace", "A grace is from 0 to 90 days.")]
        )
    with configuration.change(actor=actor) as making:
        old = find(key_id)
        if old.revoked_at is not None:
            raise ConflictError("The key %(id)s is revoked; create a new one.", id=key_id)
        wish = KeyWish(old.name, old.scopes, old.model_patterns, _still(old.expires_at))
        new = create_within(making, tenant=old.tenant, wish=wish)
        new.row.rotated_from = old
        making.save(new.row)
        _copy_bounds(old, new.row, making)
        now = timezone.now()
        if grace:
            ends = now + grace
            old.expires_at = ends if old.expires_at is None else min(old.expires_at, ends)
        else:
            old.revoked_at = now
        making.save(old, Verb.ROTATED)
    return new


def _still(expires_at: datetime | None) -> datetime | None:
    return expires_at if expires_at is not None and expires_at > timezone.now() else None


def _copy_bounds(old: ApiKey, new: ApiKey, making: Change) -> None:
    bounds: list[Limit | Budget] = [*old.limits.all(), *old.budgets.all()]
    for bound in bounds:
        bound.pk, bound._state.adding, bound.key = None, True, new
        making.save(bound)


def revoke(*, key_id: str, actor: Actor) -> ApiKey:
    """End a key for good, in every process within a second; a second time changes nothing."""
    with configuration.change(actor=actor) as making:
        row = find(key_id)
        if row.revoked_at is None:
            row.revoked_at = timezone.now()
            making.save(row, Verb.REVOKED)
    return row


def _new_id() -> str:
    # No underscore: the admin takes one and two digits after it for a quoted character.
    return f"k-{secrets.token_hex(ID_BYTES)}"
