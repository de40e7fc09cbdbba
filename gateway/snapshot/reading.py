"""The configuration's rows as one catalog, with everything there is to say against it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from django.conf import settings
from django.utils import timezone

from gateway.domain.catalog import (
    NO_SECRET,
    Ability,
    Catalog,
    Key,
    Provider,
    RetryPolicy,
    Route,
    RoutingPolicy,
    Scope,
    Secret,
    Target,
    Tenant,
    built_in_catalog,
)
from gateway.domain.configuration import ADAPTERS, Problem, Severity, problems
from gateway.domain.faults import FaultProfile, FaultRule
from gateway.domain.messages import Deadlines, Dialect
from gateway.domain.money import Budget, BudgetPeriod
from gateway.domain.pricing import PriceList
from gateway.domain.rate_limit import Algorithm, Dimension, Limit, Unit
from gateway.domain.vendors import usual_name
from gateway.models import ApiKey, Revision, RouteTarget
from gateway.models import Budget as BudgetRow
from gateway.models import FaultRule as FaultRow
from gateway.models import Limit as LimitRow
from gateway.models import Price as PriceRow
from gateway.models import Provider as ProviderRow
from gateway.models import Route as RouteRow
from gateway.models import Tenant as TenantRow
from gateway.services import sealing
from gateway.snapshot.found import Reading
from gateway.snapshot.pricing import price_list

MOST_ATTEMPTS = 5
_DEADLINES = ("connect_seconds", "first_seconds", "idle_seconds", "total_seconds")
Word = TypeVar("Word", bound=StrEnum)
Bound = TypeVar("Bound", LimitRow, BudgetRow)


def version() -> int:
    """Return the number of the configuration as it is now stored."""
    number = Revision.objects.values_list("number", flat=True).first()
    return number or 0


def read() -> Reading:
    """Return the configuration as it is stored: all of it from one version."""
    found = _Reader(version()).reading()
    for _ in range(MOST_ATTEMPTS):
        at = version()
        if at == found.catalog.version:
            break
        found = _Reader(at).reading()
    return found


class _Reader:
    """Turns rows into the domain's classes and collects complaints on the way."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._problems: list[Problem] = []

    def reading(self) -> Reading:
        built_in = built_in_catalog()
        limits = _grouped(LimitRow.objects.all())
        budgets = _grouped(BudgetRow.objects.select_related("tenant"))
        rows = list(ProviderRow.objects.all())
        providers = {row.name: self._provider(row) for row in rows if row.is_enabled}
        everyone = {**built_in.providers, **providers}
        for row in rows:
            if not row.is_enabled:
                everyone.pop(row.name, None)
        prices = price_list(PriceRow.objects.all(), day=timezone.now().date())
        routes = self._routes(everyone, limits, prices)
        catalog = Catalog(
            version=self._number,
            providers=everyone,
            routes={
                **{
                    model: route
                    for model, route in built_in.routes.items()
                    if all(target.provider.name in everyone for target in route.targets)
                },
                **routes,
            },
            keys=self._keys(limits, budgets),
            limits=tuple(_limit(row) for row in limits[("", None)]),
            prices=prices,
            faults=tuple(
                _fault(row)
                for row in FaultRow.objects.filter(is_enabled=True).select_related("tenant")
            ),
        )
        return Reading(catalog, (*self._problems, *problems(catalog)))

    def _complain(self, subject: str, field: str, pattern: str, **values: str | int) -> None:
        self._problems.append(Problem(subject, field, pattern, values, Severity.WARNING))

    def _provider(self, row: ProviderRow) -> Provider:
        return Provider(
            name=row.name,
            adapter=row.adapter,
            dialect=ADAPTERS.get(row.adapter, Dialect.OPENAI),
            vendor=row.vendor,
            base_url=row.base_url.rstrip("/"),
            credential=self._credential(row),
            is_local=row.is_local,
            n_places=row.n_places,
            wait_seconds=row.wait_seconds,
            deadlines=_deadlines(row),
            options={str(name): str(value) for name, value in row.options.items()},
        )

    def _credential(self, row: ProviderRow) -> Secret:
        subject = f"provider:{row.name}"
        if row.credential_env:
            word = settings.PROVIDER_API_KEYS.get(row.credential_env, "")
            if not word:
                self._complain(
                    subject,
                    "credential_env",
                    "%(name)s is not set where this process runs; calls go out without a key.",
                    name=row.credential_env,
                )
            return Secret(word)
        if not row.credential_sealed:
            return NO_SECRET
        word = sealing.opened(row.credential_sealed) or ""
        if not word:
            self._complain(
                subject,
                "credential",
                "The credential was sealed under another SECRET_KEY; enter it again.",
            )
        return Secret(word)

    def _routes(
        self,
        providers: Mapping[str, Provider],
        limits: Mapping[object, list[LimitRow]],
        prices: PriceList,
    ) -> dict[str, Route]:
        targets = defaultdict(list)
        for row in RouteTarget.objects.select_related("provider").order_by("order", "pk"):
            targets[row.route_id].append(row)
        routes = {}
        for route in RouteRow.objects.filter(is_enabled=True):
            there = [row for row in targets[route.pk] if row.provider.name in providers]
            routes[route.model] = Route(
                model=route.model,
                targets=tuple(_target(row, providers, prices) for row in there),
                policy=RoutingPolicy(route.policy),
                retry=RetryPolicy(
                    n_retries=route.n_retries,
                    n_attempts=route.n_attempts,
                    waits_for_primary=route.waits_for_primary,
                    continues_answers=route.continues_answers,
                    hedge_after_seconds=route.hedge_after_seconds,
                ),
                deadlines=_deadlines(route),
                cache_seconds=route.cache_seconds,
                is_coalesced=route.is_coalesced,
                allows_faults=route.allows_faults,
                limits=tuple(_limit(row) for row in limits[("route", route.pk)]),
            )
        return routes

    def _keys(
        self,
        limits: Mapping[object, list[LimitRow]],
        budgets: Mapping[object, list[BudgetRow]],
    ) -> dict[str, Key]:
        tenants = {
            row.pk: Tenant(
                name=row.name,
                limits=tuple(_limit(limit) for limit in limits[("tenant", row.pk)]),
                budgets=tuple(_budget(budget) for budget in budgets[("tenant", row.pk)]),
                is_active=row.is_active,
                weight=row.weight,
            )
            for row in TenantRow.objects.all()
        }
        return {
            row.hash: Key(
                id=row.pk,
                tenant=tenants[row.tenant_id],
                scopes=frozenset(_known(Scope, row.scopes)),
                models=tuple(map(str, row.model_patterns)),
                expires_at=_unix(row.expires_at),
                limits=tuple(_limit(limit) for limit in limits[("key", row.pk)]),
                budgets=tuple(_budget(budget) for budget in budgets[("key", row.pk)]),
            )
            for row in ApiKey.objects.filter(revoked_at=None)
            # A tenant made between two queries comes with the next version, a moment later.
            if row.tenant_id in tenants
        }


def _target(row: RouteTarget, providers: Mapping[str, Provider], prices: PriceList) -> Target:
    provider = providers[row.provider.name]
    return Target(
        provider=provider,
        model=row.model,
        abilities=frozenset(_known(Ability, row.abilities)),
        context_tokens=row.context_tokens,
        max_output_tokens=row.max_output_tokens,
        quality=row.quality,
        weight=row.weight,
        price=prices.of(
            provider=provider.name,
            vendor=usual_name(provider.vendor or provider.adapter),
            model=row.model,
        ),
    )


def _grouped(rows: Iterable[Bound]) -> defaultdict[object, list[Bound]]:
    """Return limits or budgets by whom they bind: a kind and its key; ``""`` for everybody."""
    found: defaultdict[object, list[Bound]] = defaultdict(list)
    for row in rows:
        found[_subject(row)].append(row)
    return found


def _subject(row: LimitRow | BudgetRow) -> tuple[str, object]:
    if row.key_id is not None:
        return ("key", row.key_id)
    if row.tenant_id is not None:
        return ("tenant", row.tenant_id)
    route_id = getattr(row, "route_id", None)
    return ("", None) if route_id is None else ("route", route_id)


def _limit(row: LimitRow) -> Limit:
    return Limit(
        dimension=Dimension(row.dimension),
        unit=Unit(row.unit),
        amount=row.amount,
        window_seconds=row.window_seconds,
        algorithm=Algorithm(row.algorithm),
        burst=row.burst,
    )


def _budget(row: BudgetRow) -> Budget:
    return Budget(
        subject=row.subject,
        limit_microusd=row.limit_microusd,
        period=BudgetPeriod(row.period),
        alerts=tuple(map(float, row.alerts)),
    )


def _fault(row: FaultRow) -> FaultRule:
    return FaultRule(
        id=f"{row.name}.{row.pk}",
        profile=FaultProfile(row.profile),
        provider=row.provider,
        model=row.model,
        route=row.route,
        room=row.room,
        probability=row.probability,
        n_times=row.n_times,
        until=_unix(row.until),
        seconds=row.seconds,
        status=row.status,
        after_tokens=row.after_tokens,
        tenant=row.tenant.name if row.tenant else "",
    )


def _deadlines(row: ProviderRow | RouteRow) -> Deadlines | None:
    """Return the row's own deadlines over those of the settings; None when it has none."""
    own = {name: getattr(row, name) for name in _DEADLINES if getattr(row, name) is not None}
    return replace(Deadlines(**settings.PROVIDER_DEADLINES), **own) if own else None


def _known(kind: type[Word], words: Iterable[object]) -> list[Word]:
    """Return those of the words the kind has; one that a later version wrote is passed over."""
    known = {str(word) for word in kind}
    return [kind(word) for word in words if word in known]


def _unix(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()
