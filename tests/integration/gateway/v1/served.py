"""The data plane as the tests serve it: the real pipeline, and a catalog made for them.

Run by granian in a process of its own, see ``conftest.py``; ``UPSTREAM_URL`` is the model server.
"""

import os

import django

django.setup()

from config import data_plane  # noqa: E402
from config.data_plane.asgi import Server  # noqa: E402
from gateway.domain import keys  # noqa: E402
from gateway.domain.catalog import (  # noqa: E402
    Ability,
    Catalog,
    Key,
    Provider,
    Route,
    Scope,
    Secret,
    Target,
    Tenant,
    built_in_catalog,
)
from gateway.domain.messages import Deadlines, Dialect  # noqa: E402
from gateway.domain.rate_limit import Algorithm, Dimension, Limit, Unit  # noqa: E402
from gateway.v1 import app, engine  # noqa: E402
from gateway.v1.visit import Plane  # noqa: E402
from tests.integration.gateway.v1 import known  # noqa: E402

ABLE = frozenset({Ability.STREAM, Ability.TOOLS, Ability.JSON, Ability.VISION})
DEADLINES = Deadlines(first_seconds=10.0, idle_seconds=10.0, total_seconds=30.0)


def make_catalog(upstream_url: str) -> Catalog:
    """Two providers on the same model server, one per dialect, and four keys."""
    openai = Provider(
        "acme",
        "openai",
        Dialect.OPENAI,
        base_url=f"{upstream_url}/v1",
        credential=Secret(known.UPSTREAM_SECRET),
        deadlines=DEADLINES,
    )
    clio = Provider(
        "clio",
        "anthropic",
        Dialect.ANTHROPIC,
        base_url=f"{upstream_url}/v1",
        credential=Secret(known.UPSTREAM_SECRET),
        deadlines=DEADLINES,
    )
    routes = {
        "open": (Target(openai, "m-open", ABLE),),
        "claude": (Target(clio, "m-claude", ABLE),),
        "vectors": (Target(openai, "m-vectors", frozenset({Ability.EMBEDDINGS})),),
    }
    for name in known.FRAIL:  # a target that failed rests for a while: each test has its own
        routes[name] = (Target(openai, f"{name}-1", ABLE), Target(openai, f"{name}-2", ABLE))
    return Catalog(
        version=1,
        providers={"acme": openai, "clio": clio},
        routes={
            **{name: Route(name, targets) for name, targets in routes.items()},
            "kept": Route("kept", (Target(openai, "m-kept", ABLE),), cache_seconds=60.0),
            "together": Route(
                "together",
                (Target(openai, "m-together", ABLE),),
                cache_seconds=60.0,
                is_coalesced=True,
            ),
            **built_in_catalog().routes,
        },
        keys={
            keys.hash_of(known.SECRET): Key("k-plain", Tenant("acme")),
            keys.hash_of(known.NARROW): Key(
                "k-narrow", Tenant("acme"), frozenset({Scope.CHAT, Scope.MODELS}), ("open",)
            ),
            keys.hash_of(known.LIMITED): Key(
                "k-limited",
                Tenant("acme"),
                limits=(
                    Limit(
                        Dimension.KEY,
                        Unit.REQUESTS,
                        amount=1,
                        window_seconds=1.5,
                        algorithm=Algorithm.TOKEN_BUCKET,
                    ),
                ),
            ),
        },
    )


_catalog = make_catalog(os.environ["UPSTREAM_URL"])
application = Server(
    data_plane.DataPlane(
        app.DataPlane(
            Plane(lambda: _catalog, engine.ask, max_body_bytes=1_000_000, shelf=engine.shelf)
        )
    )
)
