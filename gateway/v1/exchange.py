"""One HTTP request and its answer: the body in, bounded; the client watched; the bytes out.

The client is watched from a moment after its request is here to the last byte of the answer. When
it leaves, the task that serves it is cancelled, which closes whatever is open upstream.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from itertools import accumulate
from types import TracebackType
from typing import Any

from gateway import metrics
from gateway.domain.errors import (
    MediaTypeError,
    RequestError,
    RequestTooLargeError,
    RequestTooSlowError,
)
from gateway.services.rounds import Rounds, rounds_here
from gateway.v1.headers import JSON, Header

AsgiMessage = dict[str, Any]
Receive = Callable[[], Awaitable[AsgiMessage]]
Send = Callable[[AsgiMessage], Awaitable[None]]

BODY_SECONDS = 60.0
MAX_DEPTH = 64
# Most answers are there sooner than this: a task to watch each of them would cost more than all
# else the edge does, and find nobody gone.
_UNWATCHED_SECONDS = 0.02
_PAUSED_SECONDS = 0.05  # shorter waits are the loop's, not the reader's
MOST_BRACKETS = 100_000
MOST_QUOTES = 4 * MOST_BRACKETS
_NOT_OPENING = bytes(set(range(256)) - set(b"[{"))
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEPS = bytes.maketrans(b"[{]}", b"\1\1\0\0")
_NO_BYTES = b""


def _task_here() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None  # every request has one
    return task


@dataclass(slots=True, eq=False)
class Exchange:
    """A request that is being answered; an asynchronous context that watches the client.

    Inside the context the client's leaving, and the end of the process, cancel the running task;
    the context swallows these cancellations, and no other.
    """

    scope: AsgiMessage
    receive: Receive
    send: Send
    max_body_bytes: int
    request_id: str = field(default_factory=lambda: os.urandom(12).hex())
    began_at: float = field(default_factory=time.monotonic)
    status: int = 0
    has_begun: bool = False
    has_ended: bool = False
    left_at: float | None = None
    last_sent_at: float = 0.0
    headers: dict[bytes, bytes] = field(init=False)
    is_cut: bool = False
    body_seconds: float = BODY_SECONDS
    id_names: tuple[bytes, ...] = (b"x-request-id",)  # the headers that carry the request's id
    rounds: Rounds = field(default_factory=rounds_here)
    _task: asyncio.Task[Any] = field(default_factory=_task_here)
    _watcher: asyncio.Task[None] | None = None
    _is_served: bool = False
    _is_arriving: bool = False
    _is_late: bool = False

    def __post_init__(self) -> None:
        """Read the headers once; of one sent twice the last counts."""
        self.headers = dict(self.scope["headers"])

    @property
    def elapsed_seconds(self) -> float:
        """Since the request was here."""
        return time.monotonic() - self.began_at

    async def __aenter__(self) -> "Exchange":
        """Begin to watch, unless the answer is there first."""
        self._is_served = True
        self.rounds.wait(self, due_at=self.rounds.now + _UNWATCHED_SECONDS)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Stop watching; note how soon everything was closed after the client had left."""
        self.rounds.leave(self)
        if self._watcher is not None:
            self._watcher.cancel()
        self._is_served = False
        if self.left_at is not None:
            metrics.DISCONNECT_SECONDS.observe(time.monotonic() - self.left_at)
        elif not self.is_cut:
            return False
        if kind is None or not issubclass(kind, asyncio.CancelledError):
            return False
        # Still counted above zero: somebody else wants this task gone as well.
        return self._task.uncancel() == 0

    def cut(self) -> None:
        """End the answer here and now: the process ends."""
        if self._is_served and self.left_at is None and not self.is_cut:
            self.is_cut = True
            self._task.cancel()

    async def body(self) -> bytes:
        """Return the request's JSON; raise a RequestError when it is too much or not JSON.

        One that drips in is not waited for: each of them holds its memory, and a connection.
        """
        kind = self.headers.get(b"content-type", _NO_BYTES)
        if kind and b"json" not in kind.lower():
            raise MediaTypeError("The body has to be application/json.")
        declared = self.headers.get(b"content-length", _NO_BYTES)
        if declared.isdigit() and int(declared) > self.max_body_bytes:
            raise self._too_large()
        self._is_arriving = True
        self.rounds.wait(self, due_at=self.rounds.now + self.body_seconds)
        try:
            return await self._arriving()
        except asyncio.CancelledError:
            if not self._is_late or self._task.uncancel() > 0:
                raise
            raise RequestTooSlowError("The body took too long to arrive.") from None
        finally:
            self.rounds.leave(self)
            self._is_arriving = False

    def due(self) -> None:
        """Give up on a body that is still on its way; else begin to watch the client."""
        if self._is_arriving:
            self._is_late = True
            self._task.cancel()
        else:
            self._watcher = asyncio.create_task(self._watch())

    async def _arriving(self) -> bytes:
        message = await self._next()
        if not message.get("more_body", False):
            return self._bounded(message.get("body", _NO_BYTES))
        # In one place: a body sent in pieces of two bytes would weigh twenty times as much.
        body = bytearray(message.get("body", _NO_BYTES))
        while message.get("more_body", False):
            message = await self._next()
            body += message.get("body", _NO_BYTES)
            if len(body) > self.max_body_bytes:
                raise self._too_large()
        return bytes(body)

    async def answer(self, status: int, body: bytes, headers: Iterable[Header] = ()) -> None:
        """Send a whole answer of JSON."""
        length = (b"content-length", b"%d" % len(body))
        await self.begin(status, (JSON, length, *headers))
        await self.write(body, is_last=True)

    async def begin(self, status: int, headers: Iterable[Header]) -> None:
        """Send status and headers: from here on nothing can be taken back."""
        self.has_begun, self.status = True, status
        request_id = self.request_id.encode()
        ids = [(name, request_id) for name in self.id_names]
        await self.send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [*ids, (b"x-content-type-options", b"nosniff"), *headers],
            }
        )

    async def write(self, data: bytes, *, is_last: bool = False) -> None:
        """Send bytes; waits while the client does not take what it was sent before."""
        self.has_ended = is_last
        began_at = time.monotonic()
        await self.send({"type": "http.response.body", "body": data, "more_body": not is_last})
        self.last_sent_at = time.monotonic()
        paused_seconds = self.last_sent_at - began_at
        if paused_seconds > _PAUSED_SECONDS:
            metrics.PAUSED_SECONDS.inc(paused_seconds)

    async def _next(self) -> AsgiMessage:
        message = await self.receive()
        if message["type"] == "http.disconnect":
            self.left_at = time.monotonic()
            raise ClientGoneError
        return message

    async def _watch(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass
        if self._is_served and not self.is_cut:
            self.left_at = time.monotonic()
            self._task.cancel()

    def _bounded(self, body: bytes) -> bytes:
        if len(body) > self.max_body_bytes:
            raise self._too_large()
        return body

    def _too_large(self) -> RequestTooLargeError:
        return RequestTooLargeError(f"The body is larger than {self.max_body_bytes} bytes.")


class ClientGoneError(Exception):
    """The client left before its request was whole; nobody is there to be told."""


def check_depth(body: bytes) -> None:
    """Raise RequestError when valid JSON is nested deeper, or in more parts, than anybody needs.

    Few brackets cannot be deep, which settles nearly every request. Otherwise strings are taken
    out and the brackets counted one by one; there are never so many that this would be felt.
    """
    if len(body.translate(None, _NOT_OPENING)) <= MAX_DEPTH:
        return
    has_escapes = b"\\" in body
    plain = body.replace(b"\\\\", b"").replace(b'\\"', b"") if has_escapes else body
    if plain.count(b'"') > MOST_QUOTES:
        raise _too_many_parts()
    outside = b"".join(plain.split(b'"')[::2])  # of strings: every other piece between quotes
    brackets = outside.translate(_STEPS, _NOT_BRACKETS)
    if len(brackets) > MOST_BRACKETS:
        raise _too_many_parts()
    if max(accumulate(brackets, _step), default=0) > MAX_DEPTH:
        raise RequestError(f"The body is nested deeper than {MAX_DEPTH} levels.")


def _step(depth: int, bracket: int) -> int:
    return depth + 1 if bracket else depth - 1


def _too_many_parts() -> RequestError:
    return RequestError("The body has more parts than anybody needs.")
