"""What may not stand in a configuration, and what had better not.

The rules see the whole catalog at once, because most mistakes are between things: a route
without anybody behind it, a pattern that matches nothing, a price nobody entered. An error keeps
the change out; a warning is told to whoever made it.
"""

from collections.abc import Iterable
from dataclasses import replace

from gateway.domain.catalog import Catalog
from gateway.domain.configuration.bounds import of_limit
from gateway.domain.configuration.faults import of_fault
from gateway.domain.configuration.keys import of_keys
from gateway.domain.configuration.problems import (
    ConfigurationError,
    Problem,
    Severity,
    errors,
)
from gateway.domain.configuration.providers import (
    ADAPTERS,
    CREDENTIAL_NAME,
    NAME,
    VENDORS,
    of_provider,
)
from gateway.domain.configuration.routes import PUBLIC_NAME, of_route

__all__ = [
    "ADAPTERS",
    "CREDENTIAL_NAME",
    "NAME",
    "PUBLIC_NAME",
    "VENDORS",
    "ConfigurationError",
    "Problem",
    "Severity",
    "errors",
    "problems",
    "sound_part",
]


def problems(catalog: Catalog) -> list[Problem]:
    """Return everything there is to say against the catalog."""
    return [
        *(found for provider in catalog.providers.values() for found in of_provider(provider)),
        *(found for route in catalog.routes.values() for found in of_route(route)),
        *of_keys(catalog),
        *(found for limit in catalog.limits for found in of_limit("limit:all", limit)),
        *(found for rule in catalog.faults for found in of_fault(rule, catalog)),
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
    faults = tuple(rule for rule in catalog.faults if f"fault:{rule.name}" not in bad)
    return replace(catalog, providers=providers, routes=routes, keys=keys, faults=faults)
