"""The audit log: what a row says, without its secrets, and who changed it into what."""

from datetime import date
from decimal import Decimal

from django.db.models import ForeignKey, Model

from gateway.domain.audit import Actor, Fact, Verb, veiled
from gateway.models import AuditEntry, Route, RouteTarget

SECRETS = frozenset({"credential_sealed"})
_KINDS = {"apikey": "key", "faultrule": "fault", "routetarget": "target"}
_LEFT_OUT = frozenset({"id", "hash", "created_at"})


def root_of(row: Model) -> Model:
    """Return what the log tells of when this row changes: a route for its targets."""
    return row.route if isinstance(row, RouteTarget) else row


def kind_of(row: Model) -> str:
    """Return the kind of thing a row is, such as ``provider``."""
    name = str(row._meta.model_name)
    return _KINDS.get(name, name)


def subject_of(row: Model) -> str:
    """Return the row's name in the log, which outlives it."""
    for field in ("name", "model"):
        name = getattr(row, field, None)
        if kind_of(row) != "key" and name:
            return str(name)
    return str(row.pk)


def facts(row: Model) -> dict[str, Fact]:
    """Return what the row says, for the log: secrets veiled, relations by name."""
    told: dict[str, Fact] = {
        field.name: _told(row, field.name, isinstance(field, ForeignKey))
        for field in row._meta.concrete_fields
        if field.name not in _LEFT_OUT
    }
    if isinstance(row, Route):
        told["targets"] = [
            {name: value for name, value in facts(target).items() if name != "route"}
            for target in row.targets.select_related("provider").order_by("order", "pk")
        ]
    return veiled(told, SECRETS)


def stored_facts(row: Model) -> dict[str, Fact] | None:
    """Return what the row says in the database now; None when it is not there."""
    found = type(row)._base_manager.filter(pk=row.pk).first() if row.pk is not None else None
    return None if found is None else facts(found)


def record(
    *,
    actor: Actor,
    verb: Verb,
    kind: str,
    subject: str,
    version: int = 0,
    before: dict[str, Fact] | None = None,
    after: dict[str, Fact] | None = None,
) -> None:
    """Write one line of the log, in the caller's transaction."""
    AuditEntry.objects.create(
        actor=actor.name[:150],
        via=actor.via.value,
        verb=verb.value,
        kind=kind,
        subject=subject[:160],
        version=version,
        before=before,
        after=after,
    )


def _told(row: Model, name: str, is_relation: bool) -> Fact:
    if is_relation:
        other = getattr(row, name)
        return None if other is None else subject_of(other)
    value = getattr(row, name)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    told: Fact = value
    return told
