"""``gateway tenant``."""

from argparse import Namespace

from gateway.domain.audit import Actor
from gateway.management.desks.told import Kinds, Told, kind, listing, verb
from gateway.models import Tenant
from gateway.services import tenants


def declare(kinds: Kinds) -> None:
    """Declare the desk's arguments."""
    verbs = kind(kinds, "tenant", "who pays")
    adding = verb(verbs, "add", add, about="add a tenant")
    adding.add_argument("name")
    adding.add_argument("--title", default="")
    adding.add_argument("--weight", type=int, default=1, help="share of the queue")
    verb(verbs, "list", show, about="list the tenants", with_json=True)
    verb(verbs, "remove", remove, about="remove a tenant without keys").add_argument("name")


def add(given: Namespace, actor: Actor) -> Told:
    """Add a tenant."""
    fields = {"title": given.title, "weight": given.weight}
    tenants.add(name=given.name, fields=fields, actor=actor)
    return Told(aside=(f"Tenant {given.name} is there; make it a key with: gateway key create.",))


def show(given: Namespace, _actor: Actor) -> Told:
    """List the tenants."""
    rows = [
        {
            "name": row.name,
            "title": row.title,
            "on": row.is_active,
            "weight": row.weight,
            "keys": sum(key.revoked_at is None for key in row.keys.all()),
        }
        for row in Tenant.objects.prefetch_related("keys")
    ]
    columns = ("name", "title", "on", "weight", "keys")
    return listing(rows, columns, is_json=given.is_json, nothing="There are no tenants yet.")


def remove(given: Namespace, actor: Actor) -> Told:
    """Remove a tenant."""
    tenants.remove(name=given.name, actor=actor)
    return Told(aside=(f"Tenant {given.name} is gone.",))
