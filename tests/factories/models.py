"""A gateway with a model on loopback behind a route, for rooms that are played by models."""

import pytest

from gateway import snapshot
from gateway.domain.catalog import (
    SCRIPTED,
    Ability,
    Catalog,
    Provider,
    RetryPolicy,
    Route,
    Secret,
    Target,
    built_in_catalog,
)
from gateway.domain.messages import Dialect
from tests.fakes.upstream import Upstream

ADAPTER = "openai"


def make_catalog(route: str, *addresses: str, retry: RetryPolicy | None = None) -> Catalog:
    """Return the built-in catalog and a route to one model at each address, in this order."""
    built_in = built_in_catalog()
    providers = [
        Provider(
            name=f"house{n}",
            adapter=ADAPTER,
            dialect=Dialect.OPENAI,
            base_url=address,
            credential=Secret("sk-test"),
            is_local=True,
        )
        for n, address in enumerate(addresses)
    ]
    targets = tuple(
        Target(
            provider=provider,
            model=f"{route}-{n}",
            abilities=frozenset({Ability.STREAM, Ability.JSON}),
        )
        for n, provider in enumerate(providers)
    )
    found = Route(model=route, targets=targets, retry=retry or RetryPolicy(n_retries=0))
    return Catalog(
        version=1,
        providers={
            SCRIPTED: built_in.providers[SCRIPTED],
            **{provider.name: provider for provider in providers},
        },
        routes={SCRIPTED: built_in.routes[SCRIPTED], route: found},
    )


def play_on(*upstreams: Upstream, monkeypatch: pytest.MonkeyPatch, route: str = "panel") -> None:
    """Let the route lead to these servers while the test lasts."""
    catalog = make_catalog(route, *(upstream.base_url for upstream in upstreams))
    monkeypatch.setattr(snapshot._snapshot, "catalog", catalog)
