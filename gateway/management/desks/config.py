"""``gateway config``: what the configuration was, and back to it."""

from argparse import Namespace
from collections.abc import Iterable

from gateway.domain.audit import Actor
from gateway.management.desks.told import Kinds, Told, kind, listing, verb
from gateway.models import AuditEntry
from gateway.services import rollback

N_SHOWN = 30


def declare(kinds: Kinds) -> None:
    """Declare the desk's arguments."""
    verbs = kind(kinds, "config", "versions of the configuration")
    showing = verb(verbs, "history", show, about="list the latest changes", with_json=True)
    showing.add_argument("--changes", type=int, default=N_SHOWN, help="how many")
    about = "make providers, routes, limits, budgets and faults what they were at a version"
    going_back = verb(verbs, "rollback", go_back, about=about)
    going_back.add_argument("version", type=int)
    going_back.add_argument("--dry-run", action="store_true", help="only list what it would undo")


def show(given: Namespace, _actor: Actor) -> Told:
    """List the latest changes."""
    entries = AuditEntry.objects.filter(version__gt=0)[: max(1, given.changes)]
    nothing = "Nothing has been changed yet."
    return _listed(entries, is_json=given.is_json, nothing=nothing)


def go_back(given: Namespace, actor: Actor) -> Told:
    """Go back, or list what that would undo."""
    if given.dry_run:
        entries = rollback.changes_since(given.version)
        return _listed(entries, is_json=False, nothing="There is nothing to undo.")
    done = rollback.to_version(given.version, actor=actor)
    aside = [f"It is what it was at version {given.version}; changes undone: {done.n_undone}."]
    if done.n_kept:
        aside.append(f"Changes of tenants and keys since then, which stay: {done.n_kept}.")
    return Told(aside=tuple(aside))


def _listed(entries: Iterable[AuditEntry], *, is_json: bool, nothing: str) -> Told:
    rows = [
        {
            "version": entry.version,
            "at": entry.at.isoformat(timespec="seconds"),
            "who": f"{entry.actor} ({entry.via})",
            "did": entry.verb,
            "what": f"{entry.kind} {entry.subject}",
        }
        for entry in entries
    ]
    columns = ("version", "at", "who", "did", "what")
    return listing(rows, columns, is_json=is_json, nothing=nothing)
