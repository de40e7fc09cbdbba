"""Virtual keys: the secret is in the answer that makes one, and nowhere else ever."""

from datetime import timedelta

from django.http import HttpRequest
from ninja import Router, Status

from gateway.api.auth import OperatorAuth, operator
from gateway.api.schemas.keys import ChangedKey, KeyIn, KeyOut, KeyPatch, NewKeyOut, RotateIn
from gateway.api.warned import warned
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
@warned
def create_key(request: HttpRequest, body: KeyIn) -> Status[NewKeyOut]:
    """Make a key; ``key`` in the answer is its secret, shown this once."""
    wish = KeyWish(
        name=body.name,
        scopes=body.scopes,
        models=body.models,
        expires_at=body.expires_at,
        limits=[limit.dict() for limit in body.limits],
        requests_per_minute=body.rpm,
        budget_microusd=body.budget_microusd,
    )
    maker = operator(request)
    maker.check_grant(body.scopes)
    if body.limits or body.rpm is not None:
        maker.check("add_limit")
    if body.budget_microusd is not None:
        maker.check("add_budget")
    made = keys.create(tenant=tenants.find(body.tenant), wish=wish, actor=maker.actor)
    return Status(201, NewKeyOut.made(made.row, made.secret))


@router.get("/{key_id}", url_name="key", response=KeyOut)
def read_key(request: HttpRequest, key_id: str) -> KeyOut:
    """Return one key."""
    return KeyOut.from_row(keys.find(key_id))


@router.patch("/{key_id}", url_name="key", response=ChangedKey)
@warned
def change_key(request: HttpRequest, key_id: str, body: KeyPatch) -> ChangedKey:
    """Change what a key is called, opens and is limited to; ``expires_at`` null never expires."""
    fields = body.dict(exclude={"limits"}, exclude_unset=True)
    changer = operator(request)
    changer.check_grant([*keys.find(key_id).scopes, *(fields.get("scopes") or ())])
    with configuration.change(actor=changer.actor) as making:
        row = keys.set_fields(key_id, fields, making=making)
        if body.limits is not None:
            changer.check("add_limit", "delete_limit")
            limits = [limit.dict() for limit in body.limits]
            tenants.put_limits(subject=row, limits=limits, making=making)
    return ChangedKey.from_row(keys.find(key_id))


@router.post(
    "/{key_id}/rotate",
    url_name="rotate-key",
    response={201: NewKeyOut},
    auth=OperatorAuth("apikey", action="change"),
)
@warned
def rotate_key(
    request: HttpRequest, key_id: str, body: RotateIn | None = None
) -> Status[NewKeyOut]:
    """Make a key in place of this one, which is good for the grace and then no more."""
    changer = operator(request)
    changer.check_grant(keys.find(key_id).scopes)
    grace = timedelta(seconds=body.grace_seconds if body else 0)
    made = keys.rotate(key_id=key_id, grace=grace, actor=changer.actor)
    return Status(201, NewKeyOut.made(made.row, made.secret))


@router.post(
    "/{key_id}/revoke",
    url_name="revoke-key",
    response=ChangedKey,
    auth=OperatorAuth("apikey", action="change"),
)
@warned
def revoke_key(request: HttpRequest, key_id: str) -> ChangedKey:
    """End a key for good, everywhere within a second."""
    changer = operator(request)
    changer.check_grant(keys.find(key_id).scopes)
    keys.revoke(key_id=key_id, actor=changer.actor)
    return ChangedKey.from_row(keys.find(key_id))
