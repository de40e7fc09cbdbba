"""What may not stand in a configuration, and what had better not.

The rules see the whole catalog at once, because most mistakes are between things: a route
without anybody behind it, a pattern that matches nothing, a price nobody entered. An error keeps
the change out; a warning is told to whoever made it.
"""

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from types import MappingProxyType
from urllib.parse import urlsplit

from gateway.domain.catalog import (
    SCRIPTED,
    Ability,
    Catalog,
    Key,
    Provider,
    Route,
    RoutingPolicy,
    Target,
)
from gateway.domain.errors import ManagementError
from gateway.domain.faults import READS_SECONDS, FaultProfile, FaultRule
from gateway.domain.messages import Deadlines, Dialect
from gateway.domain.money import Budget
from gateway.domain.rate_limit import Algorithm, Limit, Unit

OPENAI_WIRE = "openai"
#: The wires an adapter exists for, with the dialect each speaks.
ADAPTERS: Mapping[str, Dialect] = MappingProxyType(
    {
        OPENAI_WIRE: Dialect.OPENAI,
        "anthropic": Dialect.ANTHROPIC,
        "gemini": Dialect.GEMINI,
        SCRIPTED: Dialect.SCRIPT,
    }
)
#: The vendors whose accent of the OpenAI wire is known, most with their address.
VENDORS = frozenset(
    {
        *("openai", "azure", "dashscope", "qianfan", "hunyuan", "ark", "deepseek"),
        *("vllm", "ollama"),
    }
)
_WITHOUT_ADDRESS = frozenset({"azure"})
#: A variable that may be sent to a vendor; no other is, whatever an operator writes.
CREDENTIAL_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,80}_API_KEY")
PUBLIC_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}")
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_BUCKETS = frozenset({Algorithm.TOKEN_BUCKET, Algorithm.LEAKY_BUCKET})


class Severity(StrEnum):
    """Whether a configuration with this problem may be used."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """A complaint. ``pattern`` % ``values`` is the sentence; kept apart to be translated.

    ``subject`` is what it is about, as ``kind:name``; ``field`` where in it.
    """

    subject: str
    field: str
    pattern: str
    values: Mapping[str, str | int | float] = dataclasses.field(default_factory=dict)
    severity: Severity = Severity.ERROR

    @property
    def message(self) -> str:
        """Return the sentence in English."""
        return self.pattern % self.values

    def __str__(self) -> str:
        return f"{self.subject}: {self.message}"


class ConfigurationError(ManagementError):
    """A change that breaks the rules; ``problems`` say which, one sentence each."""

    code, status = "invalid_configuration", 422

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(problem.message for problem in self.problems))


def errors(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems that keep a configuration out."""
    return [problem for problem in problems if problem.severity is Severity.ERROR]


def problems(catalog: Catalog) -> list[Problem]:
    """Return everything there is to say against the catalog."""
    return [
        *(found for provider in catalog.providers.values() for found in _of_provider(provider)),
        *(found for route in catalog.routes.values() for found in _of_route(route)),
        *_of_keys(catalog),
        *(found for limit in catalog.limits for found in _of_limit("limit:all", limit)),
        *(found for rule in catalog.faults for found in _of_fault(rule, catalog)),
    ]


def sound_part(catalog: Catalog, problems: Iterable[Problem]) -> Catalog:
    """Return the catalog without whatever one of the problems is about.

    A tenant at fault takes its keys along: a limit that cannot be read must not become none.
    """
    bad = {problem.subject for problem in problems}
    providers = {
        name: provider
        for name, provider in catalog.providers.items()
        if f"provider:{name}" not in bad
    }
    routes = {
        model: replace(
            route, targets=tuple(t for t in route.targets if t.provider.name in providers)
        )
        for model, route in catalog.routes.items()
        if f"route:{model}" not in bad
    }
    keys = {
        hash_: key
        for hash_, key in catalog.keys.items()
        if not {f"key:{key.id}", f"tenant:{key.tenant.name}"} & bad
    }
    faults = tuple(rule for rule in catalog.faults if f"fault:{rule.id}" not in bad)
    return replace(catalog, providers=providers, routes=routes, keys=keys, faults=faults)


# --- Providers ------------------------------------------------------------------------------


def _of_provider(provider: Provider) -> Iterator[Problem]:
    subject = f"provider:{provider.name}"
    if not NAME.fullmatch(provider.name):
        yield Problem(
            subject,
            "name",
            "A name is made of small letters, digits, dots, dashes and underscores.",
        )
    if provider.adapter not in ADAPTERS:
        yield Problem(
            subject,
            "adapter",
            "There is no adapter called %(adapter)s; there are %(known)s.",
            {"adapter": provider.adapter, "known": ", ".join(ADAPTERS)},
        )
    elif not provider.base_url and provider.adapter == OPENAI_WIRE:
        yield from _of_vendor(subject, provider.vendor)
    if provider.base_url:
        yield from _of_address(subject, provider.base_url)
    if provider.n_places < 1:
        yield Problem(subject, "n_places", "With no place nobody is ever served.")
    if provider.deadlines is not None:
        yield from _of_deadlines(subject, provider.deadlines)


def _of_vendor(subject: str, vendor: str) -> Iterator[Problem]:
    """Yield what speaks against asking this vendor where it is thought to live."""
    if vendor not in VENDORS:
        yield Problem(
            subject,
            "base_url",
            "Without a vendor that is known (%(known)s) an address has to be given.",
            {"known": ", ".join(sorted(VENDORS))},
        )
    elif vendor in _WITHOUT_ADDRESS:
        yield Problem(
            subject, "base_url", "Everybody has an address of their own at this vendor: give yours."
        )


def _of_address(subject: str, address: str) -> Iterator[Problem]:
    try:
        parts = urlsplit(address)
        has_host = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        yield Problem(subject, "base_url", "This is not an address.")
        return
    if parts.scheme not in {"http", "https"} or not has_host:
        yield Problem(subject, "base_url", "An address begins with http:// or https:// and a host.")
    if parts.username or parts.password:
        yield Problem(subject, "base_url", "A password does not belong into an address.")
    if parts.query or parts.fragment:
        yield Problem(subject, "base_url", "An address ends before any ? or #.")


def _of_deadlines(subject: str, deadlines: Deadlines) -> Iterator[Problem]:
    single = (deadlines.connect_seconds, deadlines.first_seconds, deadlines.idle_seconds)
    if min(*single, deadlines.total_seconds) <= 0:
        yield Problem(subject, "total_seconds", "A deadline is more than 0 seconds.")
    elif deadlines.total_seconds < max(single):
        yield Problem(
            subject,
            "total_seconds",
            "The total deadline passes before another one of them can.",
        )


# --- Routes ---------------------------------------------------------------------------------


def _of_route(route: Route) -> Iterator[Problem]:
    subject = f"route:{route.model}"
    if not PUBLIC_NAME.fullmatch(route.model):
        yield Problem(
            subject,
            "model",
            "A public name is made of letters, digits and . _ : / @ + -, at most 128 of them.",
        )
    if not route.targets:
        yield Problem(
            subject,
            "targets",
            "Nobody is behind this route: every request for it would be turned away.",
            severity=Severity.WARNING,
        )
    yield from _of_policy(subject, route)
    yield from _of_targets(subject, route.targets)
    if route.deadlines is not None:
        yield from _of_deadlines(subject, route.deadlines)
    for limit in route.limits:
        yield from _of_limit(subject, limit)


def _of_policy(subject: str, route: Route) -> Iterator[Problem]:
    retry, targets = route.retry, route.targets
    if retry.n_attempts < 1:
        yield Problem(subject, "n_attempts", "With no attempt nobody is ever asked.")
    if retry.hedge_after_seconds is not None and len(targets) == 1:
        yield Problem(
            subject, "hedge_after_seconds", "A hedge needs a second target; there is only one."
        )
    if targets and route.policy is RoutingPolicy.WEIGHTED and not any(t.weight for t in targets):
        yield Problem(subject, "policy", "By weight nobody would be chosen: every weight is 0.")
    if route.policy is RoutingPolicy.COST_AWARE and any(t.price is None for t in targets):
        yield Problem(
            subject,
            "policy",
            "A target without a price counts as free, so the cheapest may not be the cheapest.",
            severity=Severity.WARNING,
        )
    if route.policy is RoutingPolicy.LOCAL_PREFER and not any(t.provider.is_local for t in targets):
        yield Problem(
            subject,
            "policy",
            "None of its providers is local, so there is nothing to prefer.",
            severity=Severity.WARNING,
        )


def _of_targets(subject: str, targets: tuple[Target, ...]) -> Iterator[Problem]:
    seen: set[str] = set()
    for target in targets:
        if target.id in seen:
            yield Problem(
                subject, "targets", "The target %(target)s is there twice.", {"target": target.id}
            )
        seen.add(target.id)
        yield from _of_target(subject, target)


def _of_target(subject: str, target: Target) -> Iterator[Problem]:
    named = {"target": target.id}
    if not target.abilities & {Ability.STREAM, Ability.EMBEDDINGS}:
        yield Problem(
            subject,
            "targets",
            "%(target)s can neither stream nor embed: no request could ever reach it.",
            named,
        )
    if 0 < target.context_tokens < target.max_output_tokens:
        yield Problem(
            subject, "targets", "%(target)s would answer with more than its context holds.", named
        )
    if not 0 <= target.quality <= 1:
        yield Problem(subject, "targets", "The quality of %(target)s is from 0 to 1.", named)
    is_free = target.provider.is_local or target.provider.adapter == SCRIPTED
    if target.price is None and not is_free:
        yield Problem(
            subject,
            "targets",
            "%(target)s has no price: what it costs is not counted, and no budget holds it.",
            named,
            Severity.WARNING,
        )


# --- Keys, limits, budgets ------------------------------------------------------------------


def _of_keys(catalog: Catalog) -> Iterator[Problem]:
    tenants = {key.tenant.name: key.tenant for key in catalog.keys.values()}
    for tenant in tenants.values():
        subject = f"tenant:{tenant.name}"
        for limit in tenant.limits:
            yield from _of_limit(subject, limit)
        for budget in tenant.budgets:
            yield from _of_budget(subject, budget)
    for key in catalog.keys.values():
        yield from _of_key(key, catalog)


def _of_key(key: Key, catalog: Catalog) -> Iterator[Problem]:
    subject = f"key:{key.id}"
    if not key.scopes:
        yield Problem(subject, "scopes", "A key without a scope opens nothing.")
    for pattern in key.models:
        if not any(fnmatchcase(model, pattern) for model in catalog.routes):
            yield Problem(
                subject,
                "models",
                "No route is called like %(pattern)s.",
                {"pattern": pattern},
                Severity.WARNING,
            )
    for limit in key.limits:
        yield from _of_limit(subject, limit)
    for budget in key.budgets:
        yield from _of_budget(subject, budget)
        yield from _of_budget_within(subject, budget, key.tenant.budgets)


def _of_limit(subject: str, limit: Limit) -> Iterator[Problem]:
    if limit.amount < 1:
        yield Problem(
            subject, "amount", "A limit of nothing shuts everybody out; switch it off instead."
        )
    if limit.burst and (limit.unit is Unit.CONCURRENT or limit.algorithm not in _BUCKETS):
        yield Problem(subject, "burst", "Only a bucket can save up for a burst.")


def _of_budget(subject: str, budget: Budget) -> Iterator[Problem]:
    if budget.limit_microusd < 1:
        yield Problem(subject, "limit", "A budget is more than nothing.")
    if any(not 0 < share <= 1 for share in budget.alerts):
        yield Problem(subject, "alerts", "An alert is a share of the budget, over 0 and up to 1.")


def _of_budget_within(subject: str, budget: Budget, outer: tuple[Budget, ...]) -> Iterator[Problem]:
    for other in outer:
        if other.period is budget.period and other.limit_microusd < budget.limit_microusd:
            yield Problem(
                subject,
                "limit",
                "The tenant's own budget is smaller, so this one is never reached.",
                severity=Severity.WARNING,
            )


# --- Faults ---------------------------------------------------------------------------------


def _of_fault(rule: FaultRule, catalog: Catalog) -> Iterator[Problem]:
    subject = f"fault:{rule.id}"
    if not 0 < rule.probability <= 1:
        yield Problem(subject, "probability", "A probability is over 0 and up to 1.")
    if rule.profile in READS_SECONDS and rule.seconds <= 0:
        yield Problem(subject, "seconds", "This fault needs to know how many seconds.")
    if rule.profile is FaultProfile.STATUS and not 400 <= rule.status <= 599:
        yield Problem(subject, "status", "A status that is a fault is from 400 to 599.")
    for name, pattern, known in (
        ("provider", rule.provider, catalog.providers),
        ("route", rule.route, catalog.routes),
    ):
        if pattern and not any(fnmatchcase(word, pattern) for word in known):
            yield Problem(
                subject,
                name,
                "Nothing is called like %(pattern)s, so this fault never strikes.",
                {"pattern": pattern},
                Severity.WARNING,
            )
