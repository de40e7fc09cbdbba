"""The outermost step of a request: its id, and the headers of strangers that are not believed.

And of every answer, whoever makes it: nobody but the reader keeps it, nobody guesses its type.
"""

import structlog
from asgiref.typing import (
    ASGI3Application,
    ASGIReceiveCallable,
    ASGISendCallable,
    ASGISendEvent,
    Scope,
)

from config import client_address, request_id, telemetry

_HEADER = request_id.HEADER.lower().encode()
_UNLESS_CHOSEN = ((b"cache-control", b"private, no-store"), (b"x-content-type-options", b"nosniff"))


class Edge:
    """Gives every request an id: in the scope for the code, in the answer for the client."""

    def __init__(self, application: ASGI3Application) -> None:
        """Stand around an application."""
        self._application = application

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Serve one connection under a fresh id, which every log line of it carries."""
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
            return
        fresh = request_id.new()
        header = (_HEADER, fresh.encode())
        client_address.settle(scope)
        scope["headers"] = [*telemetry.trusted_headers(list(scope["headers"])), header]
        scope["root_path"] = ""  # Daphne takes it from a header that anybody may send

        async def send_with_id(message: ASGISendEvent) -> None:
            if message["type"] == "http.response.start" or message["type"] == "websocket.accept":
                kept = [pair for pair in message.get("headers", ()) if pair[0].lower() != _HEADER]
                message["headers"] = [*kept, header]
            if message["type"] == "http.response.start":
                chosen = {name.lower() for name, _ in message["headers"]}
                missing = [pair for pair in _UNLESS_CHOSEN if pair[0] not in chosen]
                message["headers"] = [*message["headers"], *missing]
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=fresh):
            await self._application(scope, receive, send_with_id)
