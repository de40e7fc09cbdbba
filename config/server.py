"""Runs Daphne with an end of our own: ``python -m config.server --port 8000``.

Daphne's command stops at once on SIGTERM; here SIGTERM and SIGINT drain first (see ``drain``)
and a second signal stops at once. The access log is a log line like any other.
"""

import argparse
import asyncio
import logging
import os
import signal
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("COMPONENT", "web")

import uvloop

# Daphne makes its loop as it is imported; this one costs a tenth less per word.
asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())

from daphne.endpoints import build_endpoint_description_strings
from daphne.server import twisted_loop
from django.conf import settings

from config import bodies, interpreter, loop_lag, readers
from config.asgi import application
from config.health import PATHS
from gateway import snapshot

logger = logging.getLogger("config.server")  # __name__ is __main__ here


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop; return the exit code."""
    options = _parse(arguments)
    snapshot.start()
    endpoints = build_endpoint_description_strings(
        host=options.bind, port=options.port, unix_socket=options.unix_socket
    )
    server: readers.Server = readers.Server(
        application,
        endpoints=endpoints,
        signal_handlers=False,
        action_logger=log_action,
        server_name="hotseat",
        websocket_max_message_size=64 * 1024,
        websocket_max_frame_size=64 * 1024,
        application_close_timeout=5,
        proxy_forwarded_address_header="X-Forwarded-For" if settings.TRUST_PROXY else None,
        proxy_forwarded_proto_header="X-Forwarded-Proto" if settings.TRUST_PROXY else None,
        ready_callable=lambda: _ready(server),
    )
    server.run()
    return 1 if server.abort_start else 0


def log_action(protocol: str, action: str, details: dict[str, object]) -> None:
    """Write one line per finished request and per socket's opening and end."""
    path = str(details.get("path", "")).partition("?")[0]  # a query may hold a token
    if path in PATHS:  # probes come every few seconds and say nothing new
        return
    logger.info(
        f"{protocol}.{action}",  # noqa: G004  both words come from Daphne's short list
        extra={
            "method": details.get("method"),
            "path": path,
            "status": details.get("status"),
            "duration_seconds": details.get("time_taken"),
            "size_bytes": details.get("size"),
        },
    )


def _ready(server: readers.Server) -> None:
    bodies.bound(server.http_factory, readers.Request)
    interpreter.settle()
    stopping = _Stopping(server)
    for number in (signal.SIGTERM, signal.SIGINT):
        twisted_loop.add_signal_handler(number, stopping.signalled)
    loop_lag.measure(twisted_loop)


class _Stopping:
    """The way from the first signal to the end."""

    def __init__(self, server: readers.Server) -> None:
        self._server = server
        self._task: asyncio.Task[None] | None = None

    def signalled(self) -> None:
        """Drain at the first signal, stop at the second."""
        if self._task is None:
            self._task = twisted_loop.create_task(self._drain())
        else:
            self._server.stop()

    async def _drain(self) -> None:
        logger.info("server.draining")
        application.begin()
        await asyncio.sleep(settings.DRAIN_NOTICE_SECONDS)
        application.close_streams()
        is_clean = await application.finished(within_seconds=settings.DRAIN_SECONDS)
        logger.info("server.stopped", extra={"outcome": "clean" if is_clean else "cut"})
        self._server.stop()


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m config.server", description=__doc__)
    parser.add_argument("--bind", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on")
    parser.add_argument("--unix-socket", default=None, help="socket path, instead of a port")
    options = parser.parse_args(arguments)
    if options.unix_socket:
        options.bind = options.port = None
    return options


if __name__ == "__main__":
    sys.exit(main())
