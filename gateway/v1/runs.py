"""A streamed answer that goes on without its reader: each frame numbered, and kept for a while.

The answer is made by a task of its own, as if for a client; what it sends is numbered, handed to
the client while there is one, and to the relay, where `streams` finds it. So the client's leaving
ends nothing at once, and what it has not read yet is gathered for it.

Only so much is kept of an answer. One that is longer says so where it breaks off to whoever comes
back for it, and is from there on a stream like any other: no faster than its first reader reads,
and over when that one leaves.
"""

import asyncio
import contextvars
import re
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

from gateway.domain.catalog import Tenant
from gateway.domain.errors import AnswerNotKeptError, ShuttingDownError, StreamTruncatedError
from gateway.domain.messages import Dialect
from gateway.domain.ports import Relay, RelayHub, RelayWriter
from gateway.v1 import errors
from gateway.v1.delivery import Delivery, Deltas
from gateway.v1.exchange import AsgiMessage, Exchange
from gateway.v1.headers import Account
from gateway.v1.speech import Encoder

KEPT_BYTES = 4 * 1024 * 1024
NOT_KEPT = "The answer is longer than what is kept of one: its rest cannot be taken up again."
_FRAME = re.compile(rb"(.+?)(?:\r\n\r\n|\n\n|\r\r)", re.DOTALL)
_running: "set[asyncio.Task[None]]" = set()


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where streams are kept, how long one is spoken on without its reader, how much is kept."""

    relay: Relay
    hub: RelayHub
    resume_seconds: float
    max_bytes: int = KEPT_BYTES


def shelf_name(tenant: Tenant, run_id: str) -> str:
    """Return under which name a run is kept: another tenant looks under another."""
    return f"v1:{tenant.name}:{run_id}"


def mark_of(run_id: str, seq: int) -> bytes:
    """Return the end of the frame that has the number."""
    return b"\nid: %s:%d\n\n" % (run_id.encode(), seq)


class Run:
    """One answer being made, and its first reader."""

    def __init__(
        self, exchange: Exchange, dialect: Dialect, shelf: Shelf, *, tenant: Tenant
    ) -> None:
        self.id = exchange.request_id
        self._exchange = exchange
        self._dialect = dialect
        self._shelf = shelf
        self._name = shelf_name(tenant, self.id)
        self._writer: RelayWriter | None = None
        self._seq = 0
        self._messages: deque[AsgiMessage] = deque()
        self._news = asyncio.Event()
        self._is_read = True
        self._is_over = False
        self._n_kept_bytes = 0
        self._making: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None  # of what is kept, once that is full
        self._caught_up = asyncio.Event()

    async def serve(
        self,
        deltas: Deltas,
        encoder: Encoder,
        *,
        account: Callable[[], Account],
        keep_alive_seconds: float,
    ) -> None:
        """Make the answer and read it to the client; without the client it goes on for a while."""
        # The same request for all that is told of it, and another way out.
        inner = Exchange(
            self._exchange.scope,
            self._exchange.receive,
            self._take,
            self._exchange.max_body_bytes,
            request_id=self.id,
            id_names=self._exchange.id_names,
        )
        delivery = Delivery(inner, account, self._dialect, keep_alive_seconds)
        making = self._making = _kept_alive(self._make(delivery.stream(deltas, encoder)))
        try:
            await self._read()
        finally:
            self._is_read = False
            self._messages.clear()
            self._caught_up.set()
            if not self._is_over:
                is_last = self._exchange.is_cut or self._ending is not None
                seconds = 0.0 if is_last else self._shelf.resume_seconds
                timer = asyncio.get_running_loop().call_later(seconds, making.cancel)
                making.add_done_callback(lambda _: timer.cancel())

    async def _make(self, answer: Coroutine[object, object, None]) -> None:
        try:
            await answer
        finally:
            if not self._is_over and self._seq:
                gone = ShuttingDownError() if self._exchange.is_cut else StreamTruncatedError()
                frames = errors.in_stream(gone, self._dialect, request_id=self.id)
                self._hand_out(frames, is_last=True)
            self._is_over = True
            self._news.set()
            if self._ending is not None:
                await asyncio.shield(self._ending)
            elif self._writer is not None:
                await asyncio.shield(self._writer.end("over"))

    async def _read(self) -> None:
        exchange = self._exchange
        while True:
            while self._messages:
                message = self._messages.popleft()
                if message["type"] == "http.response.start":
                    exchange.has_begun, exchange.status = True, message["status"]
                    await exchange.send(message)
                else:
                    await exchange.write(message["body"], is_last=not message["more_body"])
            self._caught_up.set()
            if self._is_over:
                return
            self._news.clear()
            await self._news.wait()

    async def _take(self, message: AsgiMessage) -> None:
        """Take what the answer sends: a status that is no stream goes to the client alone."""
        if message["type"] == "http.response.start":
            if message["status"] == 200:
                self._writer = self._shelf.relay.open(self._name)
            self._put(message)
        elif self._writer is None:
            self._is_over = not message["more_body"]
            self._put(message)
        else:
            self._hand_out(message["body"], is_last=not message["more_body"])
            if self._ending is not None and self._is_read:
                self._caught_up.clear()
                await self._caught_up.wait()

    def _hand_out(self, frames: bytes, *, is_last: bool) -> None:
        numbered = b"".join(self._numbered(found[1]) for found in _FRAME.finditer(frames))
        self._is_over = self._is_over or is_last
        if numbered and self._writer is not None and self._ending is None:
            self._keep(self._writer, numbered)
        self._put({"type": "http.response.body", "body": numbered, "more_body": not is_last})

    def _keep(self, writer: RelayWriter, numbered: bytes) -> None:
        """Keep the frames, or the word that no more are kept."""
        self._n_kept_bytes += len(numbered)
        if self._n_kept_bytes <= self._shelf.max_bytes:
            # Bytes are kept as they are: each is one character of the relay's text.
            writer.write(numbered.decode("latin-1"))
            return
        last = errors.in_stream(AnswerNotKeptError(NOT_KEPT), self._dialect, request_id=self.id)
        writer.write(last.decode("latin-1"))
        self._ending = _kept_alive(writer.end("full"))
        if not self._is_read and self._making is not None:
            self._making.cancel()  # nobody can come back for the rest

    def _numbered(self, frame: bytes) -> bytes:
        if frame.startswith(b":") and b"\n" not in frame:
            return frame + b"\n\n"  # a sign of life, and no part of the answer
        self._seq += 1
        return frame + mark_of(self.id, self._seq)

    def _put(self, message: AsgiMessage) -> None:
        if self._is_read:
            self._messages.append(message)
            self._news.set()


def _kept_alive(work: Coroutine[object, object, None]) -> "asyncio.Task[None]":
    """Return the work as a task that lives until it is done, whoever forgets it."""
    task = asyncio.get_running_loop().create_task(work, context=contextvars.copy_context())
    _running.add(task)
    task.add_done_callback(_running.discard)
    return task
