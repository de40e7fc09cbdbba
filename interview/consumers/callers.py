"""Who opened a stream: read from the ASGI scope as the REST API reads it from a request."""

from typing import Any
from urllib.parse import parse_qs

from django.http import parse_cookie

from interview.services import players
from interview.services.players import Visitor


def headers_of(scope: dict[str, Any]) -> dict[str, str]:
    """Return the request's headers by lower-case name."""
    return {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
    }


def query_of(scope: dict[str, Any]) -> dict[str, str]:
    """Return the last value of each query parameter."""
    parsed = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    return {name: values[-1] for name, values in parsed.items()}


def address_of(scope: dict[str, Any]) -> str:
    """Return where the caller is; empty where the server does not know."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def visitor_of(scope: dict[str, Any]) -> Visitor:
    """Return the player of the cookie, or the bearer of a room's token."""
    headers = headers_of(scope)
    return players.visitor(
        cookie=parse_cookie(headers.get("cookie", "")).get(players.COOKIE),
        token=query_of(scope).get("token", ""),
        authorization=headers.get("authorization", ""),
    )
