"""A reader of a room's event stream that costs the machine as little as it can.

A bench shares its cores with what it measures, so this is a bare protocol: bytes in, frames out,
no task and no queue per reader.
"""

import asyncio
from typing import Any

import msgspec


class DeltaFrame(msgspec.Struct):
    """The data of a ``delta`` frame."""

    turn_id: str
    seq: int
    text: str


class SnapshotFrame(msgspec.Struct):
    """The data of a ``snapshot`` frame."""

    turn_id: str
    text: str
    upto_seq: int


_DELTA = b"event: delta\ndata: "
_SNAPSHOT = b"event: snapshot\ndata: "
_FACT = b"id: "
_decode_delta = msgspec.json.Decoder(DeltaFrame).decode
_decode_snapshot = msgspec.json.Decoder(SnapshotFrame).decode
_decode_fact = msgspec.json.Decoder(dict[str, Any]).decode


class EventStream(asyncio.Protocol):
    """One connection; a bench says what to do with each frame by overriding the three calls."""

    def __init__(self, path: str, token: str) -> None:
        """Prepare to ask for the path on behalf of the token's bearer."""
        self._request = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n"
            f"Authorization: Bearer {token}\r\n\r\n"
        ).encode()
        self._raw = b""
        self._text = b""
        self.status = 0
        self.transport: asyncio.Transport | None = None
        self.opened: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def on_fact(self, fact: dict[str, Any]) -> None:
        """Take a durable event."""

    def on_delta(self, delta: DeltaFrame) -> None:
        """Take words that append."""

    def on_snapshot(self, snapshot: SnapshotFrame) -> None:
        """Take words that replace."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the request."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Take bytes as they come."""
        self._raw += data
        if not self.status and not self._take_head():
            return
        self._take_chunks()
        *frames, self._text = self._text.split(b"\n\n")
        for frame in frames:
            self._take_frame(frame)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end."""
        if not self.opened.done():
            self.opened.set_result(0)
        if not self.closed.done():
            self.closed.set_result(None)

    def close(self) -> None:
        """Leave."""
        if self.transport is not None:
            self.transport.abort()

    def _take_head(self) -> bool:
        head, separator, rest = self._raw.partition(b"\r\n\r\n")
        if not separator:
            return False
        self._raw = rest
        self.status = int(head[9:12])
        self.opened.set_result(self.status)
        return True

    def _take_chunks(self) -> None:
        """Move whole HTTP chunks from the raw bytes to the text."""
        raw, start, parts = self._raw, 0, [self._text]
        while (line_end := raw.find(b"\r\n", start)) >= 0:
            size = int(raw[start:line_end], 16)
            chunk_end = line_end + 2 + size
            if len(raw) < chunk_end + 2:
                break
            parts.append(raw[line_end + 2 : chunk_end])
            start = chunk_end + 2
        self._raw = raw[start:]
        self._text = b"".join(parts)

    def _take_frame(self, frame: bytes) -> None:
        if frame.startswith(_DELTA):
            self.on_delta(_decode_delta(frame[len(_DELTA) :]))
        elif frame.startswith(_FACT):
            self.on_fact(_decode_fact(frame[frame.index(b"\ndata: ") + 7 :]))
        elif frame.startswith(_SNAPSHOT):
            self.on_snapshot(_decode_snapshot(frame[len(_SNAPSHOT) :]))
