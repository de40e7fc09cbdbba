"""GET /v1/models and /v1/models/{id}: the public names this key may ask, in either dialect."""

from datetime import UTC, datetime

import msgspec

from gateway.domain import keys
from gateway.domain.catalog import Route, Scope
from gateway.domain.errors import UnknownModelError
from gateway.domain.messages import Dialect
from gateway.v1.visit import Visit

_OWNER = "hotseat"
_SINCE = datetime(2026, 1, 1, tzinfo=UTC)  # clients want a date; a route has none


async def index(visit: Visit) -> None:
    """Answer with the list."""
    key = visit.authenticate(Scope.MODELS)
    allowed = [
        route
        for name, route in sorted(visit.catalog.routes.items())
        if keys.may_ask(key.models, name)
    ]
    described = [_described(route, visit.dialect) for route in allowed]
    if visit.dialect is Dialect.ANTHROPIC:
        names = [route.model for route in allowed]
        body: dict[str, object] = {
            "data": described,
            "has_more": False,
            "first_id": names[0] if names else None,
            "last_id": names[-1] if names else None,
        }
    else:
        body = {"object": "list", "data": described}
    await visit.exchange.answer(200, msgspec.json.encode(body))


async def show(visit: Visit, name: str) -> None:
    """Answer with one of them; what the key may not ask is not there."""
    key = visit.authenticate(Scope.MODELS)
    route = visit.catalog.routes.get(name)
    if route is None or not keys.may_ask(key.models, name):
        raise UnknownModelError(f"There is no model {name!r} here.", param="model")
    body = msgspec.json.encode(_described(route, visit.dialect))
    await visit.exchange.answer(200, body)


def _described(route: Route, dialect: Dialect) -> dict[str, object]:
    if dialect is Dialect.ANTHROPIC:
        return {
            "type": "model",
            "id": route.model,
            "display_name": route.model,
            "created_at": _SINCE.isoformat().replace("+00:00", "Z"),
        }
    return {
        "id": route.model,
        "object": "model",
        "created": int(_SINCE.timestamp()),
        "owned_by": _OWNER,
    }
