"""The load: a few connections that ask again as soon as they were answered.

Raw protocols on uvloop, so that the one who measures takes as little of the machine as it can.
Nothing is parsed but what says that an answer is over.
"""

import asyncio
import time
from dataclasses import dataclass, field
from typing import cast

_STREAM_END = b"[DONE]"
_CHUNKED_END = b"0\r\n\r\n"


@dataclass(slots=True)
class Tally:
    """What came back; times in seconds."""

    n_done: int = 0
    n_wrong: int = 0
    first: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)


class Client(asyncio.Protocol):
    """One connection that asks, waits for the whole answer, and asks again."""

    def __init__(self, request: bytes, tally: Tally, *, keeps_gaps: bool = False) -> None:
        self._request = request
        self._tally = tally
        self._keeps_gaps = keeps_gaps
        self._is_streamed = b'"stream": true' in request
        self._left = 1
        self._transport: asyncio.Transport
        self._first_at: float | None = None
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._begin()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to ask."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is of no such class

    def ask(self, n_times: int) -> None:
        """Ask so many times, one after another."""
        self._left = n_times
        self._next()

    def hang_up(self) -> None:
        """Close the connection at once."""
        self._transport.abort()

    def connection_lost(self, _error: Exception | None) -> None:
        """Note an answer that was cut."""
        if not self.over.done():
            self._tally.n_wrong += 1
            self.over.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Take a piece of the answer; ask again once it is whole."""
        now = time.perf_counter()
        self._received.append(data)
        if self._first_at is None:
            # A head may come alone: the first words are in the first bytes with a frame in them.
            if b"data:" in data:
                self._first_at = self._last_at = now
        elif self._keeps_gaps:
            self._tally.gaps.append(now - self._last_at)
            self._last_at = now
        if self._is_streamed or self._is_chunked():
            if data.endswith(_CHUNKED_END):
                self._end(now)
        elif self._is_whole():
            self._end(now)

    def _is_chunked(self) -> bool:
        return b"chunked" in self._received[0]

    def _is_whole(self) -> bool:
        answer = b"".join(self._received)
        head, _, body = answer.partition(b"\r\n\r\n")
        at = head.lower().find(b"content-length:")
        return at >= 0 and len(body) >= int(head[at + 15 :].split(b"\r\n", 1)[0])

    def _end(self, now: float) -> None:
        is_ok = self._received[0].startswith(b"HTTP/1.1 200")
        is_complete = not self._is_streamed or _STREAM_END in b"".join(self._received[-3:])
        if is_ok and is_complete:
            self._tally.n_done += 1
            self._tally.whole.append(now - self._asked_at)
            if self._first_at is not None:
                self._tally.first.append(self._first_at - self._asked_at)
        else:
            self._tally.n_wrong += 1
        self._next()

    def _next(self) -> None:
        if self._left == 0:
            if not self.over.done():
                self.over.set_result(None)
            self._transport.close()
            return
        self._left -= 1
        self._begin()
        self._asked_at = time.perf_counter()
        self._transport.write(self._request)

    def _begin(self) -> None:
        self._received: list[bytes] = []
        self._asked_at = 0.0
        self._last_at = 0.0
        self._first_at = None


def request(
    port: int, *, model: str, key: str, is_streamed: bool, extra: tuple[str, ...] = ()
) -> bytes:
    """Return one whole HTTP request."""
    stream = ', "stream": true' if is_streamed else ""
    body = (
        f'{{"model": "{model}"{stream}, "max_tokens": 100, "messages": '
        '[{"role": "system", "content": "You ask short questions."}, '
        '{"role": "user", "content": "What did the cache save you, and who counted it?"}]}'
    )
    lines = (
        "POST /v1/chat/completions HTTP/1.1",
        f"host: 127.0.0.1:{port}",
        f"authorization: Bearer {key}",
        "content-type: application/json",
        f"content-length: {len(body)}",
        *extra,
    )
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


async def ask(
    port: int, request: bytes, *, n_clients: int, n_each: int, keeps_gaps: bool = False
) -> tuple[Tally, float]:
    """Ask from so many connections, each so many times; return the tally and the seconds."""
    loop = asyncio.get_running_loop()
    tally = Tally()
    clients: list[Client] = []
    for _ in range(n_clients):
        _, client = await loop.create_connection(
            lambda: Client(request, tally, keeps_gaps=keeps_gaps), "127.0.0.1", port
        )
        clients.append(client)
    began_at = time.perf_counter()
    for client in clients:
        client.ask(n_each)
    await asyncio.gather(*(client.over for client in clients))
    return tally, time.perf_counter() - began_at


async def hang_up_on(port: int, request: bytes, *, after_seconds: float) -> float:
    """Ask once, hang up after so many seconds; return when, on the machine's monotonic clock."""
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(lambda: Client(request, Tally()), "127.0.0.1", port)
    client.ask(1)
    await asyncio.sleep(after_seconds)
    at = time.monotonic()
    client.hang_up()
    await client.over
    return at
