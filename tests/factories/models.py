"""A gateway with a model on loopback behind a route, for rooms that are played by models."""

from collections.abc import Collection, Sequence
from uuid import uuid4

import pytest

from gateway import runtime, snapshot
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


def make_catalog(routes: Sequence[str], *addresses: str, abilities: frozenset[Ability]) -> Catalog:
    """Return the built-in catalog and routes, each to a model of its own at every address.

    A model's name is new each time: what a process knows of the one before is not held against it.
    """
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
    return Catalog(
        version=1,
        providers={
            SCRIPTED: built_in.providers[SCRIPTED],
            **{provider.name: provider for provider in providers},
        },
        routes={
            SCRIPTED: built_in.routes[SCRIPTED],
            **{route: _route(route, providers, abilities) for route in routes},
        },
    )


def _route(name: str, providers: Sequence[Provider], abilities: frozenset[Ability]) -> Route:
    targets = tuple(
        Target(
            provider=provider,
            model=f"{name}.{uuid4().hex[:8]}",
            abilities=abilities,
        )
        for provider in providers
    )
    return Route(model=name, targets=targets, retry=RetryPolicy(n_retries=0))


def play_on(
    *upstreams: Upstream,
    monkeypatch: pytest.MonkeyPatch,
    routes: Sequence[str],
    abilities: Collection[Ability] = (Ability.STREAM, Ability.JSON),
) -> None:
    """Let the routes lead to these servers, in this order, while the test lasts."""
    addresses = [upstream.base_url for upstream in upstreams]
    catalog = make_catalog(routes, *addresses, abilities=frozenset(abilities))
    runtime.ports()  # whatever begins to follow the tables has begun now, and looks no more
    monkeypatch.setattr(snapshot._snapshot, "refresh", lambda: None)
    monkeypatch.setattr(snapshot._snapshot, "catalog", catalog)
