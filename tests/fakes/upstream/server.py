"""The server itself: HTTP/1.1 by hand, because a good server would not let us misbehave."""

import asyncio
import contextlib
import json
import socket
import struct
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from tests.fakes.upstream.dialects import DIALECTS, WireDialect
from tests.fakes.upstream.replies import WORDS, Cut, Reply

ANY_MODEL = ""
_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 429: "Too Many Requests"}


@dataclass(slots=True)
class Seen:
    """A request, and what became of it. Times are ``time.monotonic()``."""

    method: str
    path: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    connection: int  # 0 for the first connection made, 1 for the second ...
    at: float
    json: dict[str, Any] = field(default_factory=dict)
    n_tokens: int = 0  # written so far
    n_bytes: int = 0
    is_answered: bool = False  # to the end of the reply, whatever that is
    gone_at: float | None = None  # when the other side hung up before that
    n_paused: int = 0  # times we had to wait because nobody read

    @property
    def is_gone(self) -> bool:
        """Whether the other side hung up before the reply's end."""
        return self.gone_at is not None

    @property
    def model(self) -> str:
        """Return the model that was asked for in the body."""
        return str(self.json.get("model", ANY_MODEL))


class Upstream:
    """The server; a context that listens while it lasts. Give it replies at any time."""

    def __init__(self, *, port: int = 0) -> None:
        self.seen: list[Seen] = []
        self.otherwise = Reply()
        self.decide: Callable[[Seen], Reply | None] = lambda _: None
        self.n_connections = 0
        self.n_open = 0
        self.port = port
        self._replies: dict[str, deque[Reply]] = defaultdict(deque)
        self._always: dict[str, Reply] = {}
        self._connections: set[_Connection] = set()
        self._watchers: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self._server: asyncio.Server | None = None
        self._bugs: list[Exception] = []

    # --- What a test says ---------------------------------------------------------------------

    def say(self, text: str = WORDS, *, model: str = ANY_MODEL, **how: Any) -> None:
        """Answer one more request with the text; ``how`` are fields of `Reply`."""
        self.reply(Reply(text=text, **how), model=model)

    def fail(
        self,
        status: int,
        *,
        model: str = ANY_MODEL,
        retry_after: str | None = None,
        headers: Mapping[str, str] | None = None,
        **how: Any,
    ) -> None:
        """Refuse one more request; ``how`` are fields of `Reply`: code, message, error ..."""
        given = dict(headers or {})
        if retry_after is not None:
            given["Retry-After"] = retry_after
        self.reply(Reply(status=status, headers=given, **how), model=model)

    def reply(self, reply: Reply, *, model: str = ANY_MODEL) -> None:
        """Give one more request this reply."""
        self._replies[model].append(reply)

    def always(self, reply: Reply, *, model: str = ANY_MODEL) -> None:
        """Give the reply to every request for which no single one is waiting."""
        self._always[model] = reply

    def forget(self) -> None:
        """Drop all replies that wait and all requests seen."""
        self._replies.clear()
        self._always.clear()
        self.seen.clear()

    # --- What a test asks ---------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Return ``http://host:port``."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        """Return the base URL of the OpenAI dialect."""
        return f"{self.url}/v1"

    @property
    def n_in_flight(self) -> int:
        """Return how many requests are being answered now."""
        return sum(not (found.is_answered or found.is_gone) for found in self.seen)

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for something to be so: looked at whenever anything happens here."""
        if is_so():
            return
        changed = asyncio.get_running_loop().create_future()
        self._watchers.append((is_so, changed))
        await changed

    async def until_idle(self) -> None:
        """Wait until nothing is being answered and nobody is connected."""
        await self.until(lambda: not self.n_in_flight and not self.n_open)

    # --- Its life -----------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Connection(self), "127.0.0.1", self.port, backlog=4096
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.hang_up()
        await self._server.wait_closed()
        await self.until(lambda: not self._connections)
        if self._bugs:
            raise self._bugs[0]

    async def stop_listening(self) -> None:
        """Refuse new connections from now on; those that are open stay."""
        assert self._server is not None
        self._server.close()

    def hang_up(self) -> None:
        """Close every connection, whatever goes on there."""
        for connection in tuple(self._connections):
            connection.hang_up()

    def _next(self, model: str) -> Reply:
        for waiting in (self._replies[model], self._replies[ANY_MODEL]):
            if waiting:
                return waiting.popleft()
        return self._always.get(model) or self._always.get(ANY_MODEL) or self.otherwise

    def _changed(self) -> None:
        watchers, self._watchers = self._watchers, []
        for is_so, changed in watchers:
            if changed.done():
                continue
            if is_so():
                changed.set_result(None)
            else:
                self._watchers.append((is_so, changed))


class _Connection(asyncio.Protocol):
    """One connection: requests in, one after the other, replies out."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._received = bytearray()
        self._answering: asyncio.Task[None] | None = None
        self._seen: Seen | None = None
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._number = upstream.n_connections
        self._transport: asyncio.Transport

    # --- Called by the loop -------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._upstream.n_connections += 1
        self._upstream.n_open += 1
        self._upstream._connections.add(self)

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._begin()

    def connection_lost(self, error: Exception | None) -> None:
        self._upstream.n_open -= 1
        self._may_write.set()
        if self._seen is not None and not self._seen.is_answered:
            self._seen.gone_at = time.monotonic()
        if self._answering is not None:
            self._answering.cancel()
        self._upstream._connections.discard(self)
        self._upstream._changed()

    def pause_writing(self) -> None:
        self._may_write.clear()
        if self._seen is not None:
            self._seen.n_paused += 1
            self._upstream._changed()

    def resume_writing(self) -> None:
        self._may_write.set()

    # --- A request ----------------------------------------------------------------------------

    def _begin(self) -> None:
        """Start to answer if a whole request is there and no other is being answered."""
        if self._answering is not None:
            return
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        first, *lines = bytes(self._received[:end]).decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        body_end = end + 4 + int(headers.get("content-length", "0"))
        if len(self._received) < body_end:
            return
        body = bytes(self._received[end + 4 : body_end])
        del self._received[:body_end]
        method, path, _ = first.split(" ")
        seen = Seen(method, path, headers, body, self._number, time.monotonic(), _object(body))
        self._seen = seen
        self._upstream.seen.append(seen)
        reply = self._upstream.decide(seen) or self._upstream._next(seen.model)
        self._answering = asyncio.ensure_future(self._answer(seen, reply))
        self._upstream._changed()

    async def _answer(self, seen: Seen, reply: Reply) -> None:
        try:
            await self._send_reply(seen, reply)
        except Exception as error:  # noqa: BLE001  told at the end, in the test's own task
            self._upstream._bugs.append(error)
            self._transport.abort()
        finally:
            self._answering = None
        seen.is_answered = True
        self._upstream._changed()
        self._begin()

    async def _send_reply(self, seen: Seen, reply: Reply) -> None:
        if reply.never_answers:
            await asyncio.Event().wait()
        await _pause(reply.headers_delay_seconds)
        if reply.hangs_up:
            self._reset(seen)
            return
        path = seen.path.partition("?")[0]
        dialect = next((found for found in DIALECTS if found.speaks(path)), None)
        if dialect is None:
            await self._send_body(replace(reply, status=404), b"{}")
        elif reply.status != 200:
            await self._send_body(reply, dialect.error(reply))
        elif dialect.is_streamed(seen.path, seen.json):
            await self._send_stream(seen, reply, dialect)
        else:
            body = reply.whole or dialect.whole(reply, path, seen.json)
            await self._send_whole(seen, reply, body)

    # --- The reply ----------------------------------------------------------------------------

    def _head(self, reply: Reply, own: Mapping[str, str]) -> bytes:
        lines = [f"HTTP/1.1 {reply.status} {_REASONS.get(reply.status, 'Status')}"]
        lines += [f"{name}: {value}" for name, value in {**own, **reply.headers}.items()]
        return "\r\n".join([*lines, "", ""]).encode()

    async def _send_body(self, reply: Reply, body: bytes) -> None:
        own = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        await self._write(self._head(reply, own) + body)

    async def _send_whole(self, seen: Seen, reply: Reply, body: bytes) -> None:
        await _pause(reply.first_delay_seconds)
        own = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        if reply.cut_after is None and reply.stall_after is None:
            await self._write(self._head(reply, own) + body)
            return
        await self._write(self._head(reply, own) + body[: len(body) // 2])
        if reply.stall_after is not None:
            await asyncio.Event().wait()
        await self._break_off(seen, reply.cut)

    async def _send_stream(self, seen: Seen, reply: Reply, dialect: WireDialect) -> None:
        own = {"Content-Type": "text/event-stream; charset=utf-8", "Transfer-Encoding": "chunked"}
        await self._write(self._head(reply, own))
        send = _in_pieces(self._send_chunk, reply.write_bytes)
        for _ in range(reply.n_comments):
            await send(b": still here\n\n")
        if reply.frames:
            for frame in reply.frames:
                await send(frame)
            await self._break_off(seen, Cut.END if reply.cut_after is None else reply.cut)
            return
        wire = dialect.stream(reply, seen.json)
        for frame in wire.opening:
            await send(frame)
        await _pause(reply.first_delay_seconds)
        for frame in wire.tokens:
            if await self._misbehaves(seen, reply, dialect):
                return
            await send(frame)
            seen.n_tokens += 1
            self._upstream._changed()
            await asyncio.sleep(reply.token_delay_seconds)
        if await self._misbehaves(seen, reply, dialect):
            return
        for frame in wire.closing:
            await send(frame)
        await self._write(b"0\r\n\r\n")

    async def _misbehaves(self, seen: Seen, reply: Reply, dialect: WireDialect) -> bool:
        """Do what is due after so many tokens; True when the reply is over."""
        if reply.malformed_after == seen.n_tokens:
            await self._send_chunk(dialect.malformed)
        if reply.error_after == seen.n_tokens:
            await self._send_chunk(dialect.error_frame(reply))
            await self._write(b"0\r\n\r\n")
            return True
        while reply.stall_after == seen.n_tokens:
            await asyncio.sleep(reply.comment_every_seconds or 3600.0)
            await self._send_chunk(b": still here\n\n")
            self._upstream._changed()
        if reply.cut_after == seen.n_tokens:
            await self._break_off(seen, reply.cut)
            return True
        return False

    async def _break_off(self, seen: Seen, cut: Cut) -> None:
        if cut is Cut.END:
            await self._write(b"0\r\n\r\n")
        elif cut is Cut.CLOSE:
            seen.is_answered = True
            self._transport.close()
        else:
            self._reset(seen)

    def _reset(self, seen: Seen) -> None:
        seen.is_answered = True
        found = self._transport.get_extra_info("socket")
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    async def _send_chunk(self, data: bytes) -> None:
        await self._write(b"%x\r\n%b\r\n" % (len(data), data))

    async def _write(self, data: bytes) -> None:
        await self._may_write.wait()
        self._transport.write(data)
        if self._seen is not None:
            self._seen.n_bytes += len(data)

    def hang_up(self) -> None:
        """Close from this side, whatever is going on."""
        self._transport.abort()


@contextlib.contextmanager
def upstream_in_thread(*, port: int = 0) -> Iterator[Upstream]:
    """Run a server beside code that blocks; its replies may be given from any thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="upstream", daemon=True)
    thread.start()

    def run(step: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(step, loop).result(timeout=10)

    upstream = Upstream(port=port)
    run(upstream.__aenter__())
    try:
        yield upstream
    finally:
        run(upstream.__aexit__())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


async def _pause(seconds: float) -> None:
    if seconds:
        await asyncio.sleep(seconds)


def _in_pieces(
    send: Callable[[bytes], Coroutine[Any, Any, None]], write_bytes: int
) -> Callable[[bytes], Coroutine[Any, Any, None]]:
    """Return a way to send that cuts frames into pieces which arrive one by one."""
    if not write_bytes:
        return send

    async def send_in_pieces(data: bytes) -> None:
        for at in range(0, len(data), write_bytes):
            await send(data[at : at + write_bytes])
            await asyncio.sleep(0)

    return send_in_pieces
