"""``/healthz``, ``/readyz`` and ``/metrics``, answered before Django sees the request.

Liveness does no I/O: a slow database must not make an orchestrator kill healthy processes.
Readiness asks Postgres, Redis and the workers' signs of life, at most once a second.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hmac import compare_digest
from ipaddress import ip_address
from typing import Protocol, cast

import redis.asyncio
from asgiref.sync import sync_to_async
from asgiref.typing import (
    ASGI3Application,
    ASGIReceiveCallable,
    ASGISendCallable,
    HTTPResponseBodyEvent,
    HTTPResponseStartEvent,
    HTTPScope,
    Scope,
)
from django.conf import settings
from django.db import connection
from django.http.request import split_domain_port
from prometheus_client import make_asgi_app

from config import heartbeat

PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
PROBE_SECONDS = 2.0
_FRESH_SECONDS = 1.0
_NEEDED_WORKERS = ("turns", "background")

Probe = Callable[[], Awaitable[None]]


class NotReadyError(Exception):
    """A part this service cannot work without is missing."""


class Draining(Protocol):
    """What knows that this process takes no more work."""

    @property
    def is_draining(self) -> bool:
        """Whether the end has begun."""
        ...


@dataclass(slots=True)
class Health:
    """Answers the operator's three paths and passes every other request on."""

    application: ASGI3Application
    drain: Draining | None = None
    probes: dict[str, Probe] = field(default_factory=lambda: dict(PROBES))
    metrics: ASGI3Application = field(
        default_factory=lambda: cast("ASGI3Application", make_asgi_app())
    )
    _seen: dict[str, str] = field(default_factory=dict)
    _seen_at: float = float("-inf")

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Serve one request."""
        path = scope["path"] if scope["type"] == "http" else ""
        if scope["type"] == "http" and path == "/healthz":
            await _answer(send, 200, {"status": "ok"})
        elif scope["type"] == "http" and path == "/readyz":
            await self._readiness(send)
        elif scope["type"] == "http" and path == "/metrics":
            if may_scrape(scope):
                await self.metrics(scope, receive, send)
            else:
                await _answer(send, 404, {"status": "not found"})
        else:
            await self.application(scope, receive, send)

    async def _readiness(self, send: ASGISendCallable) -> None:
        if self.drain is not None and self.drain.is_draining:
            await _answer(send, 503, {"status": "draining"})
            return
        if time.monotonic() - self._seen_at > _FRESH_SECONDS:
            results = await asyncio.gather(*(_probe(run) for run in self.probes.values()))
            self._seen = dict(zip(self.probes, results, strict=True))
            self._seen_at = time.monotonic()
        is_ready = all(result == "ok" for result in self._seen.values())
        status = "ok" if is_ready else "not ready"
        await _answer(send, 200 if is_ready else 503, {"status": status, **self._seen})


def may_scrape(scope: HTTPScope) -> bool:
    """Return whether this client may read the metrics: the token's holder, or this machine."""
    headers = {name.lower(): value for name, value in scope["headers"]}
    if settings.METRICS_TOKEN:
        expected = f"Bearer {settings.METRICS_TOKEN}".encode()
        return compare_digest(headers.get(b"authorization", b""), expected)
    # A proxy on this machine is not this machine: it speaks for strangers.
    is_forwarded = b"x-forwarded-for" in headers or b"forwarded" in headers
    # Nor is a page whose name was made to point here; its browser sends that name.
    host, _ = split_domain_port(headers.get(b"host", b"localhost").decode("latin-1"))
    is_named_here = host == "localhost" or _is_loopback(host.strip("[]"))
    client = scope.get("client")
    is_here = client is not None and _is_loopback(client[0])
    return is_here and is_named_here and not is_forwarded


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


async def _probe(run: Probe) -> str:
    """Return ``ok`` or a word for the failure; details stay in the log of the part itself."""
    try:
        await asyncio.wait_for(run(), PROBE_SECONDS)
    except TimeoutError:
        return "slow"
    except Exception as error:  # noqa: BLE001  whatever it is, this part does not work
        return type(error).__name__
    return "ok"


async def _database() -> None:
    await sync_to_async(_select_one)()


def _select_one() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()


async def _redis() -> None:
    async with redis.asyncio.Redis.from_url(settings.REDIS_URL) as client:
        await client.ping()


async def _workers() -> None:
    async with redis.asyncio.Redis.from_url(settings.REDIS_URL) as client:
        signs = await client.mget([heartbeat.key(component) for component in _NEEDED_WORKERS])
    if None in signs:
        raise NotReadyError


PROBES: dict[str, Probe] = {"database": _database, "redis": _redis, "workers": _workers}


async def _answer(send: ASGISendCallable, status: int, body: dict[str, str]) -> None:
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    await send(
        HTTPResponseStartEvent(
            type="http.response.start", status=status, headers=headers, trailers=False
        )
    )
    await send(
        HTTPResponseBodyEvent(
            type="http.response.body", body=json.dumps(body).encode(), more_body=False
        )
    )
