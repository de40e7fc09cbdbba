"""Which WebSocket handshakes are let in, by the page they come from."""

from asgiref.typing import (
    ASGI3Application,
    ASGIReceiveCallable,
    ASGISendCallable,
    Scope,
    WebSocketCloseEvent,
)
from django.conf import settings


class SameOrigin:
    """Refuses the sockets of foreign pages: browsers send our cookies along with those too.

    A handshake without an Origin header comes from a program, which has no cookies to steal and
    brings its own token.
    """

    def __init__(self, application: ASGI3Application) -> None:
        """Stand before an application."""
        self._application = application

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Serve one handshake, or close it before it is accepted (the client sees 403)."""
        assert scope["type"] == "websocket"
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if is_same_origin(headers.get(b"origin"), host=headers.get(b"host", "")):
            await self._application(scope, receive, send)
        else:
            await refuse(scope, receive, send)


def is_same_origin(origin: str | None, *, host: str) -> bool:
    """Return whether a page of this origin may open a socket to this host."""
    if origin is None or origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    scheme, _, place = origin.partition("://")
    return scheme.lower() in {"http", "https"} and place.lower() == host.lower() != ""


async def refuse(_scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Close a socket before it is accepted."""
    await receive()
    await send(WebSocketCloseEvent(type="websocket.close", code=4403, reason="foreign origin"))
