"""Who changed what: an actor, and a subject as it was before and is now. Never a secret."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Fact = str | int | float | bool | None | list["Fact"] | dict[str, "Fact"]
Facts = Mapping[str, Fact]

HIDDEN = "***"


class Via(StrEnum):
    """Which door somebody came through."""

    ADMIN = "admin"
    API = "api"
    CLI = "cli"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an account's name or ``key:<id>``, and through which door."""

    name: str
    via: Via


class Verb(StrEnum):
    """What was done."""

    CREATED = "created"
    CHANGED = "changed"
    REMOVED = "removed"
    ROTATED = "rotated"
    REVOKED = "revoked"
    TESTED = "tested"


@dataclass(frozen=True, slots=True)
class Difference:
    """One fact that changed; None stands for what was not there."""

    name: str
    before: Fact
    after: Fact


def veiled(facts: Facts, secrets: frozenset[str]) -> dict[str, Fact]:
    """Return the facts with each secret that is set replaced by stars."""
    return {name: HIDDEN if name in secrets and value else value for name, value in facts.items()}


def verb_of(before: Facts | None, after: Facts | None) -> Verb | None:
    """Return what was done to something that was and is like this; None for nothing."""
    if before is None:
        return None if after is None else Verb.CREATED
    if after is None:
        return Verb.REMOVED
    return None if before == after else Verb.CHANGED


def differences(before: Facts | None, after: Facts | None) -> list[Difference]:
    """Return what differs, in the order of the facts."""
    old, new = before or {}, after or {}
    return [
        Difference(name, old.get(name), new.get(name))
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    ]
