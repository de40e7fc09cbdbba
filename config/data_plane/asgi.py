"""``/v1`` alone, as granian serves it in several processes: see `compose.gateway`.

Granian waits for open connections when it is told to stop, for as long as its kill timeout. A
stream may take longer than that, so each process ends its own streams in time: with the error
frame that a client understands.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable
from typing import cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("COMPONENT", "gateway")

import django
from asgiref.typing import (
    ASGI3Application,
    ASGIReceiveCallable,
    ASGISendCallable,
    LifespanShutdownCompleteEvent,
    LifespanStartupCompleteEvent,
    Scope,
)
from django.conf import settings
from prometheus_client import CollectorRegistry, make_asgi_app, multiprocess

django.setup()

# The apps are loaded from here on; these imports need them.
from config import data_plane, interpreter, loop_lag, telemetry
from config.health import PROBES, Health
from gateway.v1 import engine


class Server:
    """The data plane with its probes, from its process's beginning to its end."""

    def __init__(self, plane: data_plane.DataPlane) -> None:
        """Stand around the plane."""
        self.is_draining = False
        self._plane = plane
        self._ending: asyncio.Task[bool] | None = None
        probes = {name: probe for name, probe in PROBES.items() if name != "workers"}
        self._health = Health(cast("ASGI3Application", plane), drain=self, probes=probes)
        if settings.METRICS_DIR:
            self._health.metrics = _metrics_of_all_processes()

    def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> Awaitable[None]:
        """Return what serves one request, or the process's own life."""
        if self._plane.serves(scope):
            return self._plane(scope, receive, send)
        if scope["type"] == "lifespan":
            return self._live(receive, send)
        return self._health(scope, receive, send)

    async def _live(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        await receive()
        await engine.begin()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._signalled)
        loop_lag.measure(loop)
        interpreter.settle()
        await send(LifespanStartupCompleteEvent(type="lifespan.startup.complete"))
        await receive()
        await engine.end()
        await send(LifespanShutdownCompleteEvent(type="lifespan.shutdown.complete"))

    def _signalled(self) -> None:
        if self._ending is not None:
            return
        self.is_draining = True
        self._ending = asyncio.create_task(self._end())

    async def _end(self) -> bool:
        await asyncio.sleep(settings.DRAIN_NOTICE_SECONDS)
        # Granian listens to this one: it takes no more connections and waits for the open ones.
        os.kill(os.getpid(), signal.SIGINT)
        return await self._plane.finished(within_seconds=settings.DRAIN_SECONDS)


def _metrics_of_all_processes() -> ASGI3Application:
    """Return what answers a scrape for all processes: it reaches one of them, by chance."""
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return cast("ASGI3Application", make_asgi_app(registry=registry))


telemetry.start("gateway")
application = Server(data_plane.build())
