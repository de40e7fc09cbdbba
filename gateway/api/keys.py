"""Virtual keys: the secret is in the answer that makes one, and nowhere else ever."""

from collections.abc import Iterable
from datetime import timedelta

from django.http import HttpRequest
from ninja import Router, Status

from gateway.api.auth import OperatorAuth, operator
from gateway.api.schemas import KeyIn, KeyOut, KeyPatch, NewKeyOut, RotateIn
from gateway.domain.catalog import Scope
from gateway.domain.errors import ForbiddenError
from gateway.models import ApiKey
from gateway.services import configuration, keys, tenants
from gateway.services.keys import KeyWish

router = Router(tags=["keys"], auth=OperatorAuth("apikey"))


@router.get("", url_name="keys", response=list[KeyOut])
def list_keys(request: HttpRequest, tenant: str = "") -> list[KeyOut]:
    """Return every key, or those of one tenant; revoked ones too."""
    rows = ApiKey.objects.select_related("tenant").prefetch_related("limits__key")
    if tenant:
        rows = rows.filter(tenant=tenants.find(tenant))
    return [KeyOut.from_row(row) for row in rows]


@router.post("", url_name="keys", response={201: NewKeyOut})
def create_key(request: HttpRequest, body: KeyIn) -> Status[NewKeyOut]:
    """Make a key; ``key`` in the answer is its secret, shown this once."""
    wish = KeyWish(
        name=body.name,
        scopes=body.scopes,
        models=body.models,
        expires_at=body.expires_at,
        requests_per_minute=body.rpm,
        budget_microusd=body.budget_microusd,
    )
    _check_grant(request, body.scopes)
    tenant = tenants.find(body.tenant)
    made = keys.create(tenant=tenant, wish=wish, actor=operator(request).actor)
    return Status(201, NewKeyOut.made(made.row, made.secret))


@router.get("/{key_id}", url_name="key", response=KeyOut)
def read_key(request: HttpRequest, key_id: str) -> KeyOut:
    """Return one key."""
    return KeyOut.from_row(keys.find(key_id))


@router.patch("/{key_id}", url_name="key", response=KeyOut)
def change_key(request: HttpRequest, key_id: str, body: KeyPatch) -> KeyOut:
    """Change what a key is called, opens and is limited to; ``expires_at`` null never expires."""
    fields = body.dict(exclude={"limits"}, exclude_unset=True)
    _check_grant(request, fields.get("scopes"))
    with configuration.change(actor=operator(request).actor) as making:
        row = keys.set_fields(key_id, fields, making=making)
        if body.limits is not None:
            limits = [limit.dict() for limit in body.limits]
            tenants.put_limits(subject=row, limits=limits, making=making)
    return KeyOut.from_row(keys.find(key_id))


@router.post("/{key_id}/rotate", url_name="rotate-key", response={201: NewKeyOut})
def rotate_key(
    request: HttpRequest, key_id: str, body: RotateIn | None = None
) -> Status[NewKeyOut]:
    """Make a key in place of this one, which is good for the grace and then no more."""
    _check_grant(request, keys.find(key_id).scopes)
    grace = timedelta(seconds=body.grace_seconds if body else 0)
    made = keys.rotate(key_id=key_id, grace=grace, actor=operator(request).actor)
    return Status(201, NewKeyOut.made(made.row, made.secret))


@router.post("/{key_id}/revoke", url_name="revoke-key", response=KeyOut)
def revoke_key(request: HttpRequest, key_id: str) -> KeyOut:
    """End a key for good, everywhere within a second."""
    keys.revoke(key_id=key_id, actor=operator(request).actor)
    return KeyOut.from_row(keys.find(key_id))


def _check_grant(request: HttpRequest, scopes: Iterable[str] | None) -> None:
    """Raise ForbiddenError when the secret of such a key would open more than its maker has."""
    if Scope.MANAGE in (scopes or ()) and not operator(request).may_manage_all:
        raise ForbiddenError("Only who may manage everything can let a key do so.")
