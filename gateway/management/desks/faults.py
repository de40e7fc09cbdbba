"""``gateway fault``."""

from argparse import Namespace
from datetime import timedelta

from django.utils import timezone

from gateway.domain.audit import Actor
from gateway.domain.faults import FaultProfile
from gateway.management.desks.told import Kinds, Told, kind, listing, verb
from gateway.models import FaultRule
from gateway.services import configuration, tenants

_PATTERNS = ("provider", "model", "route", "room")


def declare(kinds: Kinds) -> None:
    """Declare the desk's arguments."""
    verbs = kind(kinds, "fault", "faults on purpose")
    adding = verb(verbs, "add", add, about="make something go wrong")
    adding.add_argument("name")
    adding.add_argument("--profile", required=True, choices=[p.value for p in FaultProfile])
    adding.add_argument("--tenant", default="", help="its calls alone; everybody's when not said")
    for pattern in _PATTERNS:
        adding.add_argument(f"--{pattern}", default="", metavar="PATTERN")
    adding.add_argument("--probability", type=float, default=1.0)
    adding.add_argument("--times", type=int, help="how often it strikes; always when not said")
    adding.add_argument("--minutes", type=float, help="for how long; until removed when not said")
    adding.add_argument("--seconds", type=float, default=0.0, help="of latency, stall, Retry-After")
    adding.add_argument("--status", type=int, default=500)
    adding.add_argument("--after", type=int, default=0, metavar="TOKENS")
    verb(verbs, "list", show, about="list the faults", with_json=True)
    verb(verbs, "remove", remove, about="end a fault").add_argument("name")


def add(given: Namespace, actor: Actor) -> Told:
    """Add a fault."""
    until = None
    if given.minutes is not None:
        until = timezone.now() + timedelta(minutes=given.minutes)
    fields = {
        **{pattern: getattr(given, pattern) for pattern in _PATTERNS},
        "profile": given.profile,
        "probability": given.probability,
        "n_times": given.times,
        "until": until,
        "seconds": given.seconds,
        "status": given.status,
        "after_tokens": given.after,
    }
    tenant = tenants.find(given.tenant) if given.tenant else None
    configuration.add_fault(name=given.name, fields=fields, tenant=tenant, actor=actor)
    return Told(aside=(f"Fault {given.name} strikes from now on.",))


def show(given: Namespace, _actor: Actor) -> Told:
    """List the faults."""
    rows = [
        {
            "name": row.name,
            "fault": row.profile,
            "on": row.is_enabled,
            "tenant": row.tenant.name if row.tenant else "",
            **{pattern: getattr(row, pattern) for pattern in _PATTERNS},
            "probability": row.probability,
            "times": row.n_times,
            "until": row.until and row.until.isoformat(timespec="minutes"),
        }
        for row in FaultRule.objects.select_related("tenant")
    ]
    columns = ("name", "fault", "on", "tenant", *_PATTERNS, "probability", "times", "until")
    return listing(rows, columns, is_json=given.is_json, nothing="Nothing goes wrong on purpose.")


def remove(given: Namespace, actor: Actor) -> Told:
    """End a fault."""
    configuration.remove_fault(name=given.name, actor=actor)
    return Told(aside=(f"Fault {given.name} is over.",))
