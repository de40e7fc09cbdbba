"""A model server that costs next to nothing: answers from bytes made beforehand.

    python -m tests.bench.v1.upstream --port 9000

The model's name says what it does: ``fast`` writes frame after frame as quickly as it can, each by
itself; ``paced`` writes one every 20 ms. ``GET /seen`` tells how many requests came, and when (on
the machine's monotonic clock) streams were hung up on before their end.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Iterator
from functools import partial
from typing import cast

import uvloop

N_TOKENS = 50
PACE_SECONDS = 0.02
_USAGE = {"prompt_tokens": 12, "completion_tokens": N_TOKENS, "total_tokens": 12 + N_TOKENS}
_HEADERS = b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\n"
_STREAM_HEAD = _HEADERS % b"text/event-stream" + b"transfer-encoding: chunked\r\n\r\n"


def _chunk(**fields: object) -> bytes:
    body = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return b"data: " + json.dumps({**body, **fields}, separators=(",", ":")).encode() + b"\n\n"


def _choice(delta: dict[str, str], finish: str | None = None) -> list[dict[str, object]]:
    return [{"index": 0, "delta": delta, "finish_reason": finish}]


def _framed(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


FIRST = _framed(_chunk(choices=_choice({"role": "assistant", "content": ""})))
TOKEN = _framed(_chunk(choices=_choice({"content": "token "})))
LAST = _framed(_chunk(choices=_choice({}, "stop")))
USAGE = _framed(_chunk(choices=[], usage=_USAGE))
DONE = _framed(b"data: [DONE]\n\n") + b"0\r\n\r\n"

STREAM = [_STREAM_HEAD, FIRST, *[TOKEN] * N_TOKENS, LAST, DONE]
STREAM_WITH_USAGE = [*STREAM[:-1], USAGE, DONE]


def _whole() -> bytes:
    message = {"role": "assistant", "content": "token " * N_TOKENS}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    body = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m"}
    text = json.dumps({**body, "choices": [choice], "usage": _USAGE}).encode()
    return _HEADERS % b"application/json" + b"content-length: %d\r\n\r\n%b" % (len(text), text)


WHOLE = _whole()


class Seen:
    """What happened here, for the bench to ask."""

    def __init__(self) -> None:
        self.n_requests = 0
        self.hung_up_at: list[float] = []

    def answer(self) -> bytes:
        """Return it as an HTTP answer, and forget it."""
        text = json.dumps({"n_requests": self.n_requests, "hung_up_at": self.hung_up_at}).encode()
        self.n_requests, self.hung_up_at = 0, []
        return _HEADERS % b"application/json" + b"content-length: %d\r\n\r\n%b" % (len(text), text)


class Server(asyncio.Protocol):
    """One connection; requests come one after another."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._received = b""
        self._pace: asyncio.Handle | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to answer."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is of no such class

    def connection_lost(self, _error: Exception | None) -> None:
        """Note a stream that was hung up on."""
        if self._pace is not None:
            self._pace.cancel()
            self._seen.hung_up_at.append(time.monotonic())

    def data_received(self, data: bytes) -> None:
        """Answer every whole request."""
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._received) < end + 4 + length:
                return
            body = self._received[end + 4 : end + 4 + length]
            self._received = self._received[end + 4 + length :]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"get /seen"):
            self._transport.write(self._seen.answer())
            return
        self._seen.n_requests += 1
        asked = json.loads(body)
        if not asked.get("stream"):
            self._transport.write(WHOLE)
            return
        has_usage = bool((asked.get("stream_options") or {}).get("include_usage"))
        frames = STREAM_WITH_USAGE if has_usage else STREAM
        self._write_on(iter(frames), pace_seconds=PACE_SECONDS if "paced" in asked["model"] else 0)

    def _write_on(self, frames: Iterator[bytes], *, pace_seconds: float) -> None:
        """Write the next frame by itself, as a model does, and come back for the others."""
        frame = next(frames, None)
        if frame is None:
            self._pace = None
            return
        self._transport.write(frame)
        go_on = partial(self._write_on, frames, pace_seconds=pace_seconds)
        loop = asyncio.get_running_loop()
        self._pace = loop.call_later(pace_seconds, go_on) if pace_seconds else loop.call_soon(go_on)


async def _serve(port: int) -> None:
    seen = Seen()
    server = await asyncio.get_running_loop().create_server(
        lambda: Server(seen), "127.0.0.1", port, backlog=1024
    )
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    uvloop.run(_serve(parser.parse_args().port))
