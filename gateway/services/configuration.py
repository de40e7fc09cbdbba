"""The one way to change providers, routes, limits, budgets, faults, tenants and keys.

Every change happens inside `change`: it locks the configuration, sees to it that the whole is
still in order, counts the version, writes the audit log in the same transaction, and tells every
process once it is committed. What was wrong before does not keep a repair out; what the change
itself breaks does.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, ProtectedError

from gateway import snapshot
from gateway.domain.audit import Actor, Fact, Verb, Via, verb_of
from gateway.domain.catalog import Ability
from gateway.domain.configuration import (
    ADAPTERS,
    CREDENTIAL_NAME,
    ConfigurationError,
    Problem,
    Severity,
    errors,
)
from gateway.domain.errors import ConflictError, NotThereError
from gateway.models import FaultRule, Provider, Revision, Route, RouteTarget, Tenant
from gateway.services import audit, hearing, sealing
from gateway.snapshot import reading

MOST_FAULTS_OF_A_TENANT = 32
#: What a form, a request or a command may set on each kind of row.
PROVIDER_FIELDS = (
    "adapter",
    "vendor",
    "base_url",
    "credential_env",
    "is_enabled",
    "is_local",
    "n_places",
    "wait_seconds",
    "connect_seconds",
    "first_seconds",
    "idle_seconds",
    "total_seconds",
    "options",
)


class Change:
    """What one transaction does to the configuration."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        #: Once it is made: what there is to say of what was changed, and what is new elsewhere.
        self.warnings: tuple[Problem, ...] = ()
        self._before: dict[tuple[type[Model], Any], dict[str, Fact] | None] = {}
        self._roots: dict[tuple[type[Model], Any], tuple[Model, str]] = {}
        self._verbs: dict[tuple[type[Model], Any], Verb] = {}

    @property
    def subjects(self) -> set[str]:
        """Return what was changed, as problems name it."""
        told = {f"{audit.kind_of(root)}:{subject}" for root, subject in self._roots.values()}
        owners = (
            getattr(root, name, None)
            for root, _subject in self._roots.values()
            for name in ("key", "tenant", "route")
        )
        return told | {
            f"{audit.kind_of(owner)}:{audit.subject_of(owner)}"
            for owner in owners
            if isinstance(owner, Model)
        }

    def watch(self, row: Model) -> None:
        """Remember what the row, or what it belongs to, says before anything is done to it."""
        root = audit.root_of(row)
        key = (type(root), root.pk)
        if root.pk is not None and key not in self._before:
            self._before[key] = audit.stored_facts(root)
            self._roots[key] = (root, audit.subject_of(root))

    def save(self, row: Model, verb: Verb | None = None) -> None:
        """Insert or update the row; raise ConfigurationError for what its own fields refuse."""
        is_new = row._state.adding
        if not is_new:
            self.watch(row)
        elif audit.root_of(row) is not row:
            self.watch(audit.root_of(row))
        try:
            row.full_clean()
        except ValidationError as error:
            raise ConfigurationError(_told(row, error)) from None
        row.save()
        if is_new:
            root = audit.root_of(row)
            key = (type(root), root.pk)
            self._before.setdefault(key, None)
            self._roots[key] = (root, audit.subject_of(root))
        if verb is not None:
            self._verbs[(type(row), row.pk)] = verb

    def remove(self, row: Model) -> None:
        """Delete the row and what it is bound by; raise ConflictError while others need it."""
        for belonging in ("limits", "budgets"):
            for bound in getattr(row, belonging).all() if hasattr(row, belonging) else ():
                self.remove(bound)  # before its owner, so that the log can be read backwards
        self.watch(row)
        try:
            row.delete()
        except ProtectedError as error:
            needed: set[Model] = getattr(error, "protected_objects", set())
            names = ", ".join(sorted({str(audit.root_of(other)) for other in needed})[:5])
            raise ConflictError("Still needed by %(names)s.", names=names) from error

    def write(self, *, version: int) -> None:
        """Write one line of the audit log for each thing that is not as it was."""
        for key, before in self._before.items():
            kind, pk = key
            now = kind._base_manager.filter(pk=pk).first()
            after = None if now is None else audit.facts(now)
            verb = verb_of(before, after)
            if verb is None:
                continue
            root, subject = self._roots[key]
            audit.record(
                actor=self.actor,
                verb=self._verbs.get(key, verb),
                kind=audit.kind_of(root),
                subject=subject,
                version=version,
                before=before,
                after=after,
            )


@contextmanager
def change(*, actor: Actor) -> Iterator[Change]:
    """Give the block a `Change`; commit it only if the configuration is in order afterwards.

    Raises ConfigurationError with what the change broke; then nothing of it stays.
    """
    with transaction.atomic():
        Revision.objects.get_or_create(pk=1)
        revision = Revision.objects.select_for_update().get(pk=1)
        known = set(map(str, reading.read().problems))
        making = Change(actor)
        yield making
        found = reading.read().problems
        fresh = [problem for problem in errors(found) if str(problem) not in known]
        if fresh:
            raise ConfigurationError(fresh)
        making.warnings = tuple(
            problem
            for problem in found
            if problem.severity is Severity.WARNING
            and (problem.subject in making.subjects or str(problem) not in known)
        )
        revision.number += 1
        revision.save()
        making.write(version=revision.number)
        number = revision.number
        transaction.on_commit(lambda: snapshot.tell(number))
    hearing.tell(making.warnings, version=number, is_logged=actor.via is not Via.CLI)


def _told(row: Model, error: ValidationError) -> list[Problem]:
    """Return Django's complaints about a row in our own words for one."""
    subject = f"{audit.kind_of(row)}:{audit.subject_of(row)}"
    if not hasattr(error, "error_dict"):
        return [Problem(subject, "", "%(words)s", {"words": " ".join(error.messages)})]
    return [
        Problem(
            subject,
            "" if field == "__all__" else field,
            "%(words)s" if field == "__all__" else "%(field)s: %(words)s",
            {"field": field, "words": " ".join(found)},
        )
        for field, found in error.message_dict.items()
    ]


# --- Providers ------------------------------------------------------------------------------


def find_provider(name: str) -> Provider:
    """Return the provider; raise NotThereError."""
    row = Provider.objects.filter(name=name).first()
    if row is None:
        raise NotThereError("There is no provider called %(name)s.", name=name)
    return row


def add_provider(
    *, name: str, fields: Mapping[str, Any], credential: str = "", actor: Actor
) -> Provider:
    """Add a provider; raise ConflictError for a name that is taken."""
    if Provider.objects.filter(name=name).exists():
        raise ConflictError("There is a provider called %(name)s already.", name=name)
    row = Provider(name=name, **fields)
    with change(actor=actor) as making:
        store_provider(row, credential=credential or None, making=making)
    return row


def change_provider(
    *, name: str, fields: Mapping[str, Any], credential: str | None = None, actor: Actor
) -> Provider:
    """Change a provider. ``credential`` None keeps what is sealed, empty forgets it.

    One that is given takes the place of a variable that is not.
    """
    with change(actor=actor) as making:
        row = find_provider(name)
        if credential:
            row.credential_env = ""
        for field, value in fields.items():
            setattr(row, field, value)
        store_provider(row, credential=credential, making=making)
    return row


def store_provider(row: Provider, *, credential: str | None, making: Change) -> None:
    """Save the provider, its credential sealed; the address never keeps a trailing slash."""
    row.base_url = row.base_url.strip().rstrip("/")
    if isinstance(row.options, dict):
        row.options = {str(name).strip(): str(words).strip() for name, words in row.options.items()}
    if credential is None:
        _check_home(row)
    else:
        _check_credential(row, credential)
        row.credential_sealed = sealing.seal(credential) if credential else ""
        row.credential_last4 = credential[-4:] if len(credential) >= 12 else ""
    if row.credential_env and row.credential_sealed and credential is None:
        row.credential_sealed = row.credential_last4 = ""
    _check_provider(row)
    making.save(row)


def _check_credential(row: Provider, credential: str) -> None:
    """Raise ConfigurationError for a second one, and for what no header can carry."""
    subject = f"provider:{row.name}"
    if credential and row.credential_env:
        second = "Give one of the two: a variable's name, or the credential itself."
        raise ConfigurationError([Problem(subject, "credential", second)])
    if credential and not (credential.isascii() and credential.isprintable()):
        unsendable = (
            "A credential is one line of plain letters: nothing else can be sent in a header."
        )
        raise ConfigurationError([Problem(subject, "credential", unsendable)])


def _check_home(row: Provider) -> None:
    """Raise ConfigurationError when a sealed credential would be sent to another server.

    Nobody can read what is sealed; nobody may have it sent to an address of their own either.
    """
    before = Provider.objects.filter(pk=row.pk).first()
    if before is None or not row.credential_sealed or row.credential_env:
        return
    if _home_of(before) != _home_of(row):
        told = "The credential was given for another address: give it again, or forget it."
        raise ConfigurationError([Problem(f"provider:{row.name}", "base_url", told)])


def _home_of(row: Provider) -> tuple[str, ...]:
    """Return what decides which server is asked; the path on it does not."""
    place = row.base_url.split("/", 3)[:3]
    return tuple(place) if row.base_url else (row.adapter, row.vendor)


def _check_provider(row: Provider) -> None:
    subject = f"provider:{row.name}"
    found = []
    if row.credential_env and not CREDENTIAL_NAME.fullmatch(row.credential_env):
        found.append(
            Problem(
                subject,
                "credential_env",
                "Only a variable whose name ends in _API_KEY is ever sent to a vendor.",
            )
        )
    if not isinstance(row.options, dict):
        found.append(Problem(subject, "options", "Options are names and words."))
    if row.adapter not in ADAPTERS:
        found.append(
            Problem(
                subject,
                "adapter",
                "There is no adapter called %(adapter)s; there are %(known)s.",
                {"adapter": row.adapter, "known": ", ".join(ADAPTERS)},
            )
        )
    if found:
        raise ConfigurationError(found)


def remove_provider(*, name: str, actor: Actor) -> None:
    """Remove a provider; raise ConflictError while a route leads to it."""
    with change(actor=actor) as making:
        making.remove(find_provider(name))


# --- Routes ---------------------------------------------------------------------------------


def find_route(model: str) -> Route:
    """Return the route; raise NotThereError."""
    row = Route.objects.filter(model=model).first()
    if row is None:
        raise NotThereError("There is no route called %(name)s.", name=model)
    return row


def put_route(
    *,
    model: str,
    fields: Mapping[str, Any],
    targets: Sequence[Mapping[str, Any]] | None = None,
    is_new: bool = False,
    actor: Actor,
) -> Route:
    """Add or change a route; ``targets``, when given, replace the ones it has, in this order.

    Each target names its ``provider`` and ``model``; what else it says are columns of its row.
    """
    there = Route.objects.filter(model=model).first()
    if is_new and there is not None:
        raise ConflictError("There is a route called %(name)s already.", name=model)
    with change(actor=actor) as making:
        row = there or Route(model=model)
        for field, value in fields.items():
            setattr(row, field, value)
        making.save(row)
        if targets is not None:
            put_targets(row, targets, making)
    return row


def put_targets(route: Route, targets: Sequence[Mapping[str, Any]], making: Change) -> None:
    """Give the route these targets, in this order, instead of those it has."""
    making.watch(route)
    route.targets.all().delete()
    for order, given in enumerate(targets):
        columns = dict(given)
        provider = find_provider(str(columns.pop("provider")))
        abilities = columns.pop("abilities", None)
        target = RouteTarget(route=route, provider=provider, order=order, **columns)
        if abilities is not None:
            target.abilities = check_words(
                Ability, abilities, subject=f"route:{route.model}", field="targets"
            )
        making.save(target)


def remove_route(*, model: str, actor: Actor) -> None:
    """Remove a route and its targets."""
    with change(actor=actor) as making:
        making.remove(find_route(model))


# --- Faults ---------------------------------------------------------------------------------


def find_fault(name: str, *, tenant: str = "") -> FaultRule:
    """Return the fault, of that tenant if one is named; raise NotThereError."""
    rows = FaultRule.objects.filter(name=name)
    row = (rows.filter(tenant__name=tenant) if tenant else rows).first()
    if row is None:
        raise NotThereError("There is no fault called %(name)s.", name=name)
    return row


def add_fault(
    *, name: str, fields: Mapping[str, Any], tenant: Tenant | None = None, actor: Actor
) -> FaultRule:
    """Add a fault, for one tenant or everybody; raise ConflictError for a name that is taken.

    Every request looks at every rule, so no tenant has many.
    """
    if FaultRule.objects.filter(name=name).exists():
        raise ConflictError("There is a fault called %(name)s already.", name=name)
    row = FaultRule(name=name, tenant=tenant, **fields)
    with change(actor=actor) as making:
        if tenant is not None and tenant.faults.count() >= MOST_FAULTS_OF_A_TENANT:
            raise ConflictError(
                "A tenant has %(most)s faults at most.", most=MOST_FAULTS_OF_A_TENANT
            )
        making.save(row)
    return row


def remove_fault(*, name: str, tenant: str = "", actor: Actor) -> None:
    """Remove a fault, of that tenant if one is named."""
    with change(actor=actor) as making:
        making.remove(find_fault(name, tenant=tenant))


# --- What they share ------------------------------------------------------------------------


def check_words(kind: Any, words: Iterable[str], *, subject: str, field: str) -> list[str]:
    """Return the words, each once; raise ConfigurationError for one the kind does not have."""
    known = [str(word) for word in kind]
    given = list(dict.fromkeys(str(word) for word in words))
    unknown = [word for word in given if word not in known]
    if unknown:
        raise ConfigurationError(
            [
                Problem(
                    subject,
                    field,
                    "%(word)s is not known here; there are %(known)s.",
                    {"word": unknown[0], "known": ", ".join(known)},
                )
            ]
        )
    return given
