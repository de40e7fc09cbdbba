"""``/v1`` as a part of the web process, and as an application of its own: ``make gateway``.

Programs' calls take none of the game's way: no request id twice, no connection kept account of
twice, no Django. A server span is made only where spans are exported at all.
"""

from collections.abc import Awaitable
from typing import cast

from asgiref.typing import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, Scope
from django.conf import settings

from config import client_address, telemetry
from gateway.v1 import app, engine
from gateway.v1.visit import Plane


class DataPlane:
    """The application, with a span around it where somebody reads spans."""

    def __init__(self, plane: app.DataPlane) -> None:
        """Stand around the plane."""
        self.plane = plane
        self._application = cast("ASGI3Application", plane)
        if settings.OTLP_ENDPOINT:
            self._application = _distrusting(telemetry.edge(self._application))

    def serves(self, scope: Scope) -> bool:
        """Return whether the connection is a call of ``/v1``."""
        return scope["type"] == "http" and scope["path"].startswith(app.PREFIX)

    def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> Awaitable[None]:
        """Return what serves one request."""
        if scope["type"] == "http":
            client_address.settle(scope)
        return self._application(scope, receive, send)

    async def finished(self, *, within_seconds: float) -> bool:
        """Return whether everything ended in time; what did not has been ended since."""
        return await self.plane.finished(within_seconds=within_seconds)


def build() -> DataPlane:
    """Return the data plane on the configured engine."""
    plane = Plane(
        engine.catalog,
        engine.ask,
        max_body_bytes=settings.DATA_PLANE_BODY_BYTES,
        body_seconds=settings.REQUEST_SECONDS,
        shelf=engine.shelf,
    )
    return DataPlane(app.DataPlane(plane))


def _distrusting(application: ASGI3Application) -> ASGI3Application:
    """Return the application without what strangers say of traces; see `config.edge`."""

    async def serve(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] == "http":
            scope["headers"] = telemetry.trusted_headers(list(scope["headers"]))
        await application(scope, receive, send)

    return cast("ASGI3Application", serve)
