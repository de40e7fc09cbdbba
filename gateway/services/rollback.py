"""Back to an earlier version of the configuration, from what the audit log remembers.

Providers, routes, limits, budgets and faults become what they were; a version of its own, undone
like any other. Tenants and keys stay as they are: a key that was shown, rotated or revoked cannot
be unseen. Nor can a credential that was replaced since: the provider keeps the one it has.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Field, ForeignKey, Model, QuerySet

from gateway.domain.audit import HIDDEN, Actor
from gateway.domain.errors import ConflictError, NotThereError
from gateway.models import ApiKey, AuditEntry, Budget, FaultRule, Limit, Provider, Route, Tenant
from gateway.models.audit_entry import Revision
from gateway.services import audit, configuration
from gateway.services.configuration import Change

_TABLES: Mapping[str, type[Model]] = {
    "provider": Provider,
    "route": Route,
    "limit": Limit,
    "budget": Budget,
    "fault": FaultRule,
}
_NAMED_BY = {Provider: "name", Route: "model", FaultRule: "name", Tenant: "name", ApiKey: "pk"}
_CREDENTIAL = ("credential_sealed", "credential_last4")


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What came of it: how much was undone, and how much of the same time stays."""

    n_undone: int
    n_kept: int  # changes of tenants and keys


def changes_since(version: int) -> QuerySet[AuditEntry]:
    """Return what going back to the version undoes, the newest first."""
    return AuditEntry.objects.filter(version__gt=version, kind__in=_TABLES)


def to_version(version: int, *, actor: Actor) -> RolledBack:
    """Make the configuration what it was at the version, all of it or nothing.

    Raises NotThereError for a version that never was, ConflictError when something is not as the
    log has left it or is still needed, ConfigurationError when the whole would not be in order.
    """
    with configuration.change(actor=actor) as making:
        if not 0 <= version <= Revision.objects.get(pk=1).number:
            raise NotThereError("There has been no version %(version)s.", version=version)
        entries = list(changes_since(version))
        for entry in entries:
            _undo(entry, making)
    later = AuditEntry.objects.filter(version__gt=version, kind__in=("tenant", "key"))
    return RolledBack(len(entries), later.count())


def _undo(entry: AuditEntry, making: Change) -> None:
    table = _TABLES[entry.kind]
    row = table() if entry.after is None else _found(table, entry, entry.after)
    if entry.before is None:
        making.remove(row)
    else:
        _become(row, entry.before, making)


def _found(table: type[Model], entry: AuditEntry, left: Mapping[str, Any]) -> Model:
    """Return the row that says what the entry has left behind; limits have no other name."""
    name = _NAMED_BY.get(table)
    rows = table._base_manager.filter(**{name: left[name]} if name else {})
    for row in rows:
        says = audit.facts(row)
        # A column that has come since is no difference.
        if all(says[fact] == value for fact, value in left.items() if fact in says):
            return row
    raise ConflictError(
        "The %(kind)s %(subject)s is not as version %(version)s left it.",
        kind=entry.kind,
        subject=entry.subject,
        version=entry.version,
    )


def _become(row: Model, facts: Mapping[str, Any], making: Change) -> None:
    """Make the row say the facts, with all that belongs to it."""
    for column in row._meta.concrete_fields:
        if column.name in facts and not (column.name in _CREDENTIAL and _is_veiled(facts)):
            setattr(row, column.name, _value(column, facts[column.name]))
    if isinstance(row, Provider):
        configuration.store_provider(row, credential=None, making=making)
    else:
        making.save(row)
    if isinstance(row, Route):
        targets = [{k: v for k, v in each.items() if k != "order"} for each in facts["targets"]]
        configuration.put_targets(row, targets, making)


def _is_veiled(facts: Mapping[str, Any]) -> bool:
    return facts.get("credential_sealed") == HIDDEN


def _value(column: "Field[Any, Any]", fact: Any) -> Any:
    """Return what the column holds for a fact of the log, where relations go by name."""
    if fact is None or not isinstance(column, ForeignKey):
        return column.to_python(fact)
    table = column.related_model
    found = table._base_manager.filter(**{_NAMED_BY[table]: fact}).first()
    if found is None:
        raise ConflictError(
            "The %(kind)s %(name)s is gone.", kind=audit.kind_of(table()), name=fact
        )
    return found
