"""What speaks against a key, and against the tenant who pays for it."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from gateway.domain.catalog import Catalog, Key
from gateway.domain.configuration.bounds import of_budget, of_budget_within, of_limit
from gateway.domain.configuration.problems import Problem, Severity


def of_keys(catalog: Catalog) -> Iterator[Problem]:
    """Yield what speaks against the keys and their tenants."""
    tenants = {key.tenant.name: key.tenant for key in catalog.keys.values()}
    for tenant in tenants.values():
        subject = f"tenant:{tenant.name}"
        for limit in tenant.limits:
            yield from of_limit(subject, limit)
        for budget in tenant.budgets:
            yield from of_budget(subject, budget)
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
        yield from of_limit(subject, limit)
    for budget in key.budgets:
        yield from of_budget(subject, budget)
        yield from of_budget_within(subject, budget, key.tenant.budgets)
