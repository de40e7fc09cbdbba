"""The routes of /v1 as one ASGI application, and the last word on every failure.

Each request is one `Exchange`. An endpoint either answers it or raises; what is raised becomes
an error in the dialect of the path, as a status while nothing has been sent, and as the last
frame of the stream after that.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import unquote

from prometheus_client import Counter

from gateway import metrics
from gateway.domain.errors import (
    GatewayError,
    MethodNotAllowedError,
    PathNotFoundError,
    ShuttingDownError,
)
from gateway.domain.messages import Dialect
from gateway.v1 import chat_completions, embeddings, errors, messages, models, streams
from gateway.v1.exchange import AsgiMessage, ClientGoneError, Exchange, Receive, Send
from gateway.v1.visit import Plane, Visit

PREFIX = "/v1/"
_CUT_SECONDS = 2.0
_GONE = 499  # nobody is there to read it; what the log and the counter call it
_logger = logging.getLogger(__name__)

Endpoint = Callable[[Visit], Awaitable[None]]
NamedEndpoint = Callable[[Visit, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Road:
    """A path, the one method it takes, and who answers."""

    name: str
    method: str
    dialect: Dialect
    endpoint: Endpoint


_ROADS = {
    "chat/completions": Road("chat", "POST", Dialect.OPENAI, chat_completions.complete),
    "messages": Road("messages", "POST", Dialect.ANTHROPIC, messages.create),
    "messages/count_tokens": Road("count_tokens", "POST", Dialect.ANTHROPIC, messages.count_tokens),
    "embeddings": Road("embeddings", "POST", Dialect.OPENAI, embeddings.create),
    "models": Road("models", "GET", Dialect.OPENAI, models.index),
}
_NAMED_ROADS: dict[str, tuple[str, NamedEndpoint]] = {
    "models/": ("model", models.show),
    "streams/": ("streams", streams.resume),
}


@dataclass(slots=True)
class DataPlane:
    """The application. It knows what is open, so that a process may end without losing any."""

    plane: Plane
    _open: set[Exchange] = field(default_factory=set)
    _idle: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: AsgiMessage, receive: Receive, send: Send) -> None:
        """Serve one request."""
        exchange = Exchange(
            scope,
            receive,
            send,
            self.plane.max_body_bytes,
            body_seconds=self.plane.body_seconds,
        )
        self._open.add(exchange)
        try:
            await self._serve(exchange)
        finally:
            self._open.discard(exchange)
            if not self._open:
                self._idle.set()

    @property
    def n_open(self) -> int:
        """Return how many requests are being served."""
        return len(self._open)

    async def finished(self, *, within_seconds: float) -> bool:
        """Return whether everything that is open came to its own end in time.

        What did not is ended now: with an error where something has been sent, as 503 elsewhere.
        """
        is_clean = await self._is_idle(within_seconds)
        for exchange in tuple(self._open):
            exchange.cut()
        if not is_clean:
            await self._is_idle(_CUT_SECONDS)
        return is_clean

    async def _is_idle(self, within_seconds: float) -> bool:
        self._idle.clear()
        if not self._open:
            return True
        try:
            await asyncio.wait_for(self._idle.wait(), within_seconds)
        except TimeoutError:
            return False
        return True

    async def _serve(self, exchange: Exchange) -> None:
        road = find(exchange.scope["path"])
        dialect = dialect_of(exchange, road)
        visit = Visit(self.plane, exchange, dialect)
        status = 200
        try:
            if road is None:
                raise PathNotFoundError("Nothing is served under this path.")
            if exchange.scope["method"] != road.method:
                raise MethodNotAllowedError(
                    f"This path takes {road.method} only.", allowed=road.method
                )
            await road.endpoint(visit)
            if exchange.is_cut and not exchange.has_ended:
                raise ShuttingDownError
            status = exchange.status if exchange.left_at is None else _GONE
        except ClientGoneError:
            status = _GONE
        except GatewayError as error:
            status = await _fail(visit, error)
        except Exception as error:  # noqa: BLE001  whatever it was, the client is told the truth
            _logger.error(
                "gateway.data_plane_broke",
                extra={"request_id": exchange.request_id, "error_type": type(error).__name__},
            )
            status = await _fail(visit, GatewayError())
        _count(road.name if road else "unknown", status)


async def _fail(visit: Visit, error: GatewayError) -> int:
    """Tell the client, in whatever way is left, and return the status that says it."""
    exchange, dialect = visit.exchange, visit.dialect
    if not exchange.has_begun:
        await visit.delivery.refuse(error)
    elif not exchange.has_ended:
        frames = errors.in_stream(error, dialect, request_id=exchange.request_id)
        await exchange.write(frames, is_last=True)
    return errors.status_of(error, dialect)


def find(path: str) -> Road | None:
    """Return who answers a path under /v1, None when nobody does."""
    rest = path.removeprefix(PREFIX)
    road = _ROADS.get(rest)
    if road is not None:
        return road
    for prefix, (name, endpoint) in _NAMED_ROADS.items():
        if rest.startswith(prefix) and len(rest) > len(prefix):
            named = unquote(rest.removeprefix(prefix))
            return Road(name, "GET", Dialect.OPENAI, _with(endpoint, named))
    return None


def dialect_of(exchange: Exchange, road: Road | None) -> Dialect:
    """Return the dialect to answer in: the path's, or for the shared ones the client's own."""
    if road is not None and road.dialect is Dialect.ANTHROPIC:
        return Dialect.ANTHROPIC
    is_shared = road is None or road.method == "GET"
    if is_shared and b"anthropic-version" in exchange.headers:
        return Dialect.ANTHROPIC
    return Dialect.OPENAI


def _with(endpoint: NamedEndpoint, name: str) -> Endpoint:
    async def bound(visit: Visit) -> None:
        await endpoint(visit, name)

    return bound


def _count(endpoint: str, status: int) -> None:
    _counter(endpoint, status).inc()


@cache
def _counter(endpoint: str, status: int) -> Counter:
    return metrics.DATA_PLANE_ANSWERS.labels(endpoint, str(status))
