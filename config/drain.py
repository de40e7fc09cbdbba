"""A graceful end: refuse nothing that has begun, let long streams go, then stop.

Every connection passes through ``Drain``. A plain request is left to finish. An event stream or a
WebSocket would live for hours, so on ``close_streams`` its application is told that the client
left, and the client is told to come back (the event stream simply ends and the browser
reconnects; the socket closes with 4012, "service restart"). The log and the relay carry on where
the client stopped reading.
"""

import asyncio
from collections.abc import Awaitable
from typing import Literal, Protocol, TypeAlias

from asgiref.typing import (
    ASGI3Application,
    ASGIReceiveCallable,
    ASGIReceiveEvent,
    ASGISendCallable,
    ASGISendEvent,
    HTTPDisconnectEvent,
    HTTPResponseBodyEvent,
    HTTPScope,
    Scope,
    WebSocketCloseEvent,
    WebSocketDisconnectEvent,
    WebSocketScope,
)

Kind: TypeAlias = Literal["http", "websocket"]
_SERVICE_RESTART = 4012  # 1012 with a prefix: the WebSocket library refuses codes below 3000


class DataPlane(Protocol):
    """What answers some of the paths and ends by itself; see `config.data_plane`."""

    def serves(self, scope: Scope) -> bool:
        """Return whether the connection is one of its own."""
        ...

    def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> Awaitable[None]:
        """Return what serves one request."""
        ...

    async def finished(self, *, within_seconds: float) -> bool:
        """Return whether everything ended in time; what did not has been ended since."""
        ...


class Drain:
    """The ASGI application that knows which connections are open, around the one that works."""

    def __init__(
        self, application: ASGI3Application, *, data_plane: DataPlane | None = None
    ) -> None:
        """Stand around an application, and beside a data plane that keeps its own account."""
        self._application = application
        self._data_plane = data_plane
        self._open: set[_Connection] = set()
        self._all_closed = asyncio.Event()
        self._all_closed.set()
        self.is_draining = False
        self._are_streams_closed = False

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Serve one connection and keep account of it."""
        if self._data_plane is not None and self._data_plane.serves(scope):
            await self._data_plane(scope, receive, send)
            return
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
            return
        connection = _Connection(scope, receive, send)
        self._open.add(connection)
        self._all_closed.clear()
        if self._are_streams_closed:
            connection.close_when_stream()
        try:
            await self._application(scope, connection.receive, connection.send)
        finally:
            await connection.finish()
            self._open.discard(connection)
            if not self._open:
                self._all_closed.set()

    def begin(self) -> None:
        """Tell ``/readyz`` to answer 503, so that balancers look elsewhere."""
        self.is_draining = True

    def close_streams(self) -> None:
        """End every stream and socket; those that open from now on end at once."""
        self.is_draining = True
        self._are_streams_closed = True
        for connection in list(self._open):
            connection.close_when_stream()

    async def finished(self, *, within_seconds: float) -> bool:
        """Return whether everything ended in time; the data plane cuts what did not."""
        results = await asyncio.gather(
            self._all_ended(within_seconds), self._data_plane_ended(within_seconds)
        )
        return all(results)

    async def _data_plane_ended(self, within_seconds: float) -> bool:
        if self._data_plane is None:
            return True
        return await self._data_plane.finished(within_seconds=within_seconds)

    async def _all_ended(self, within_seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._all_closed.wait(), within_seconds)
        except TimeoutError:
            return False
        return True


class _Connection:
    """One connection: passes everything through until it is asked to close."""

    def __init__(
        self,
        scope: HTTPScope | WebSocketScope,
        receive: ASGIReceiveCallable,
        send: ASGISendCallable,
    ) -> None:
        self._kind: Kind = scope["type"]
        self._receive = receive
        self._send = send
        self._is_stream = self._kind == "websocket"
        self._must_close = False
        self._has_begun = False
        self._has_ended = False
        self._closing: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._next: asyncio.Future[ASGIReceiveEvent] | None = None

    async def receive(self) -> ASGIReceiveEvent:
        """Return the client's next message, or its departure once we want it gone."""
        if self._next is None:
            self._next = asyncio.ensure_future(self._receive())
        await asyncio.wait((self._next, self._closing), return_when=asyncio.FIRST_COMPLETED)
        if self._next.done():
            message, self._next = self._next.result(), None
            return message
        return self._departure()

    async def send(self, message: ASGISendEvent) -> None:
        """Pass a message on, noticing streams by the type of their answer."""
        if message["type"] == "http.response.start":
            self._has_begun = True
            headers = {name.lower(): value for name, value in message["headers"]}
            self._is_stream = headers.get(b"content-type", b"").startswith(b"text/event-stream")
            self._close_if_due()
        elif message["type"] == "http.response.body":
            self._has_ended = not message.get("more_body", False)
        elif message["type"] == "websocket.close":
            self._has_ended = True
        await self._send(message)

    def close_when_stream(self) -> None:
        """Close now, or as soon as the answer turns out to be a stream."""
        self._must_close = True
        self._close_if_due()

    async def finish(self) -> None:
        """Complete what the client sees of a stream that we closed."""
        if self._next is not None:
            self._next.cancel()
        if not self._closing.done() or self._has_ended:
            return
        if self._kind == "websocket":
            await self._send(
                WebSocketCloseEvent(
                    type="websocket.close", code=_SERVICE_RESTART, reason="service restart"
                )
            )
        elif self._has_begun:
            await self._send(
                HTTPResponseBodyEvent(type="http.response.body", body=b"", more_body=False)
            )

    def _close_if_due(self) -> None:
        if self._must_close and self._is_stream and not self._closing.done():
            self._closing.set_result(None)

    def _departure(self) -> ASGIReceiveEvent:
        if self._kind == "websocket":
            return WebSocketDisconnectEvent(
                type="websocket.disconnect", code=_SERVICE_RESTART, reason="service restart"
            )
        return HTTPDisconnectEvent(type="http.disconnect")
