"""``gateway key``: the secret is printed once, alone on the output; all else goes beside it."""

from argparse import Namespace
from datetime import timedelta

from django.db import transaction

from gateway.domain.audit import Actor
from gateway.domain.errors import NotThereError
from gateway.management.desks.told import Kinds, Told, kind, listing, moment, usd, verb
from gateway.management.terminal import as_json
from gateway.models import ApiKey, Tenant
from gateway.services import keys, tenants
from gateway.services.keys import KeyWish, NewKey


def declare(kinds: Kinds) -> None:
    """Declare the desk's arguments."""
    verbs = kind(kinds, "key", "virtual keys")
    making = verb(verbs, "create", create, about="make a key; it is printed once", with_json=True)
    making.add_argument("--tenant", required=True)
    making.add_argument("--create-tenant", action="store_true", help="if it is not there yet")
    making.add_argument("--name", default="", help="who or what uses it")
    making.add_argument("--models", nargs="*", default=[], metavar="PATTERN", help="such as gpt-*")
    making.add_argument("--scopes", nargs="*", default=None, metavar="SCOPE")
    making.add_argument("--rpm", type=int, metavar="N", help="requests a minute")
    making.add_argument("--budget", type=usd, metavar="USD", help="a month")
    making.add_argument("--expires", type=moment, metavar="DAY")
    showing = verb(verbs, "list", show, about="list the keys", with_json=True)
    showing.add_argument("--tenant", default="")
    rotating = verb(verbs, "rotate", rotate, about="make a key in place of one", with_json=True)
    rotating.add_argument("id")
    rotating.add_argument(
        "--grace-hours", type=float, default=0.0, help="how long the old one is still good"
    )
    verb(verbs, "revoke", revoke, about="end a key, everywhere in a second").add_argument("id")


def create(given: Namespace, actor: Actor) -> Told:
    """Make a key."""
    wish = KeyWish(
        name=given.name,
        scopes=given.scopes,
        models=given.models,
        expires_at=given.expires,
        requests_per_minute=given.rpm,
        budget_microusd=given.budget,
    )
    with transaction.atomic():
        made = keys.create(tenant=_tenant(given, actor), wish=wish, actor=actor)
    return _shown_once(made, given)


def _tenant(given: Namespace, actor: Actor) -> Tenant:
    try:
        return tenants.find(given.tenant)
    except NotThereError as error:
        if given.create_tenant:
            return tenants.add(name=given.tenant, actor=actor)
        raise NotThereError(
            f"{error} Add it with: gateway tenant add {given.tenant}, or use --create-tenant."
        ) from error


def show(given: Namespace, _actor: Actor) -> Told:
    """List the keys."""
    found = ApiKey.objects.select_related("tenant")
    if given.tenant:
        found = found.filter(tenant=tenants.find(given.tenant))
    rows = [
        {
            "id": row.pk,
            "tenant": row.tenant.name,
            "name": row.name,
            "key": row.shown,
            "scopes": row.scopes,
            "models": row.model_patterns,
            "expires": row.expires_at and row.expires_at.isoformat(timespec="minutes"),
            "revoked": row.revoked_at and row.revoked_at.isoformat(timespec="minutes"),
        }
        for row in found
    ]
    columns = ("id", "tenant", "name", "key", "scopes", "models", "expires", "revoked")
    return listing(rows, columns, is_json=given.is_json, nothing="There are no keys yet.")


def rotate(given: Namespace, actor: Actor) -> Told:
    """Make a key in place of one."""
    grace = timedelta(hours=given.grace_hours)
    return _shown_once(keys.rotate(key_id=given.id, grace=grace, actor=actor), given)


def revoke(given: Namespace, actor: Actor) -> Told:
    """End a key."""
    keys.revoke(key_id=given.id, actor=actor)
    return Told(aside=(f"Key {given.id} is revoked.",))


def _shown_once(made: NewKey, given: Namespace) -> Told:
    if given.is_json:
        return Told(as_json({"id": made.row.pk, "key": made.secret}))
    return Told(made.secret, (f"Key {made.row.pk}; it is shown this once, keep it well:",))
