"""GET /v1/models and /v1/models/{id}: the public names this key may ask, in either dialect."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import parse_qs

import msgspec

from gateway.domain import keys
from gateway.domain.catalog import Route, Scope
from gateway.domain.errors import RequestError, UnknownModelError
from gateway.domain.messages import Dialect
from gateway.v1.visit import Visit

_OWNER = "hotseat"
_MOST_AT_ONCE = 1000
_SINCE = datetime(2026, 1, 1, tzinfo=UTC)  # clients want a date; a route has none


async def index(visit: Visit) -> None:
    """Answer with the list."""
    key = visit.authenticate(Scope.MODELS)
    allowed = [
        route
        for name, route in sorted(visit.catalog.routes.items())
        if keys.may_ask(key.models, name)
    ]
    if visit.dialect is Dialect.ANTHROPIC:
        page, has_more = _page(visit, allowed)
        names = [route.model for route in page]
        body: dict[str, object] = {
            "data": [_described(route, visit.dialect) for route in page],
            "has_more": has_more,
            "first_id": names[0] if names else None,
            "last_id": names[-1] if names else None,
        }
    else:
        body = {
            "object": "list",
            "data": [_described(route, visit.dialect) for route in allowed],
        }
    await visit.exchange.answer(200, msgspec.json.encode(body))


def _page(visit: Visit, routes: Sequence[Route]) -> tuple[Sequence[Route], bool]:
    """Return the page asked for, of routes in order of their names, and whether more follow.

    Of pages before a name, those that follow are nearer to the beginning. The name itself need
    not be there any more.
    """
    query = parse_qs(visit.exchange.scope.get("query_string", b"").decode("latin-1"))
    limit = _limit(query.get("limit", [str(_MOST_AT_ONCE)])[-1])
    names = [route.model for route in routes]
    if "before_id" in query:
        end = bisect_left(names, query["before_id"][-1])
        start = max(0, end - limit)
        return routes[start:end], start > 0
    start = bisect_right(names, query["after_id"][-1]) if "after_id" in query else 0
    return routes[start : start + limit], start + limit < len(routes)


def _limit(given: str) -> int:
    is_number = given.isascii() and given.isdigit() and len(given) <= len(str(_MOST_AT_ONCE))
    if not is_number or not 1 <= int(given) <= _MOST_AT_ONCE:
        raise RequestError(f"limit is a whole number from 1 to {_MOST_AT_ONCE}.", param="limit")
    return int(given)


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
