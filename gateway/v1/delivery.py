"""Deltas to the client: late to commit, never silent for long, never without an end.

The status is sent with the first content, so that until then a failure can still be a status. A
stream with nothing to say for a while gets a ping, which commits it as well. Bytes are never
gathered: each delta is sent before the next is asked for, so a client that does not read stops
the reading from the provider.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from gateway.domain.errors import (
    GatewayError,
    StoppedError,
    StreamTruncatedError,
    UpstreamError,
)
from gateway.domain.messages import (
    Delta,
    Dialect,
    Failed,
    Finish,
    FinishReason,
    Passthrough,
    ReasoningDelta,
    Start,
    Terminal,
    TextDelta,
    ToolCallDelta,
)
from gateway.v1 import errors, headers
from gateway.v1.exchange import Exchange
from gateway.v1.headers import Account
from gateway.v1.speech import Encoder, Folder, queued_comment

KEEP_ALIVE_SECONDS = 15.0
_CONTENTS = (TextDelta, ReasoningDelta, ToolCallDelta)

Deltas = AsyncGenerator[Delta, None]


@dataclass(slots=True, eq=False)
class Delivery:
    """One answer on its way to one client."""

    exchange: Exchange
    account: Callable[[], Account]
    dialect: Dialect
    keep_alive_seconds: float = KEEP_ALIVE_SECONDS
    _ping: bytes = b""
    _is_sending: bool = False
    _pinging: asyncio.Task[None] | None = None

    async def stream(self, deltas: Deltas, encoder: Encoder) -> None:
        """Send the deltas as a stream, or the failure as a status while that is possible."""
        self._ping = encoder.ping
        self._wait_for(self.keep_alive_seconds)
        waiting: list[bytes] = []
        try:
            async with aclosing(deltas):
                async for delta in deltas:
                    if isinstance(delta, Terminal):
                        await self._end(delta, encoder, b"".join(waiting))
                        waiting.clear()
                    elif self.exchange.has_ended:
                        continue
                    elif not self.exchange.has_begun and not _is_content(delta):
                        _hold(waiting, delta, encoder)
                    else:
                        frames = encoder.encode(delta)
                        if waiting:
                            frames = b"".join((*waiting, frames))
                            waiting.clear()
                        await self._send(frames)
            if not self.exchange.has_ended:
                await self._end(Failed(StreamTruncatedError()), encoder, b"")
        finally:
            self.exchange.rounds.leave(self)
            if self._pinging is not None:
                self._pinging.cancel()

    async def whole(self, deltas: Deltas, folder: Folder) -> None:
        """Send the deltas as one body, or the failure as a status."""
        terminal: Terminal | None = None
        async with aclosing(deltas):
            async for delta in deltas:
                if isinstance(delta, Terminal):
                    terminal = delta
                else:
                    folder.take(delta)
        error = _error_of(terminal)
        if error is not None:
            await self.refuse(error)
        elif isinstance(terminal, Finish):
            await self.exchange.answer(200, folder.body(terminal), self._told())

    async def refuse(self, error: GatewayError) -> None:
        """Send the failure as a whole answer."""
        await self.exchange.answer(
            errors.status_of(error, self.dialect),
            errors.body_of(error, self.dialect, request_id=self.exchange.request_id),
            (*errors.headers_of(error), *self._told()),
        )

    async def _end(self, terminal: Terminal, encoder: Encoder, waiting: bytes) -> None:
        error = _error_of(terminal)
        if error is not None and not self.exchange.has_begun:
            await self._own_turn()
            await self.refuse(error)
        elif error is not None:
            await self._send(encoder.fail(error), is_last=True)
        elif isinstance(terminal, Finish):
            await self._send(waiting + encoder.finish(terminal), is_last=True)

    async def _send(self, frames: bytes, *, is_last: bool = False) -> None:
        if not frames and not is_last:
            return
        if self._pinging is not None:
            await self._own_turn()
        self._is_sending = True
        if not self.exchange.has_begun:
            await self._commit()
        await self.exchange.write(frames, is_last=is_last)
        self._is_sending = False

    async def _commit(self) -> None:
        await self.exchange.begin(200, (*headers.EVENT_STREAM, *self._told()))

    def _told(self) -> list[headers.Header]:
        return headers.of_answer(self.account())

    # --- signs of life: a task only when a ping is due ----------------------------------------

    def _wait_for(self, seconds: float) -> None:
        rounds = self.exchange.rounds
        rounds.wait(self, due_at=rounds.now + seconds)

    def due(self) -> None:
        """Send a ping if nothing was sent for so long."""
        last_at = self.exchange.last_sent_at or self.exchange.began_at
        left_seconds = last_at + self.keep_alive_seconds - time.monotonic()
        is_pinging = self._pinging is not None and not self._pinging.done()
        if left_seconds > 0 or is_pinging or self._is_sending or self.exchange.has_ended:
            self._wait_for(max(left_seconds, self.keep_alive_seconds / 4))
            return
        self._pinging = asyncio.create_task(self._send_ping())
        self._wait_for(self.keep_alive_seconds)

    async def _send_ping(self) -> None:
        if not self.exchange.has_begun:
            await self._commit()
        await self.exchange.write(self._sign_of_life())

    def _sign_of_life(self) -> bytes:
        """Return a ping, or while the call waits in line how it stands there."""
        standing = self.account().standing
        return self._ping if standing is None else queued_comment(standing())

    async def _own_turn(self) -> None:
        """Wait until no ping is half sent."""
        if self._pinging is not None:
            await asyncio.wait((self._pinging,))
            self._pinging = None


def _is_content(delta: Delta) -> bool:
    if isinstance(delta, Passthrough):
        return delta.n_contents > 0
    return isinstance(delta, _CONTENTS)


def _hold(waiting: list[bytes], delta: Delta, encoder: Encoder) -> None:
    """Keep frames that mean nothing yet; a new beginning makes those of the last one void."""
    if isinstance(delta, Start):
        waiting.clear()
    frames = encoder.encode(delta)
    if frames:
        waiting.append(frames)


def _error_of(terminal: Terminal | None) -> GatewayError | None:
    """Return what to tell the client when the answer is not what it asked for."""
    if terminal is None:
        return StreamTruncatedError()
    if isinstance(terminal, Failed):
        return terminal.error
    if terminal.reason is FinishReason.CANCELLED:
        return StoppedError()
    return UpstreamError() if terminal.reason is FinishReason.ERROR else None
