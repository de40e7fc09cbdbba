"""Orders to stop in Redis: a flag that stays, and a notice that is quick."""

import asyncio
import contextvars
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
from redis.asyncio import Redis

from gateway.adapters.redis import scripts
from gateway.adapters.redis.faults import translated
from gateway.adapters.redis.listener import Listener
from gateway.domain.errors import StateUnavailableError
from gateway.domain.ports import CancelOrder

FLAG_SECONDS = 600  # as long as a stream can be replayed
LISTEN_SECONDS = 5.0  # a turn that cannot be stopped had better not begin

OnCancel = Callable[[CancelOrder], None]


class _Notice(msgspec.Struct, array_like=True, frozen=True):
    """The flag's value and the message on the control channel."""

    stream_id: str
    by: str
    at: float


class RedisCancelSignals:
    """Orders to stop from any process to the one that speaks; one subscriber per process."""

    def __init__(self, client: Redis, listening: Redis, *, prefix: str) -> None:
        self._client = client
        self._script = client.register_script(scripts.source("cancellation"))
        self._prefix = prefix
        self._channel = f"{prefix}control"
        self._watched: dict[str, OnCancel] = {}
        self._listener = Listener(
            listening, on_message=self._notice_arrived, on_restored=self._look_again
        )
        self._look: asyncio.Task[None] | None = None
        self._decoder = msgspec.msgpack.Decoder(_Notice)

    async def send(self, stream_id: str, *, by: str) -> bool:
        """Order the stream to stop; False when it was ordered before."""
        notice = msgspec.msgpack.encode(_Notice(stream_id, by, time.time()))
        with translated():
            is_first: int = await self._script(
                keys=[self._key(stream_id)], args=[notice, FLAG_SECONDS, self._channel]
            )
        return is_first == 1

    @asynccontextmanager
    async def watch(self, stream_id: str, on_cancel: OnCancel) -> AsyncIterator[None]:
        """Call back once when the order is or has already been given."""
        self._watched[stream_id] = on_cancel
        try:
            # Hear first, look second: an order given in between is heard, seen, or both.
            with translated():
                async with asyncio.timeout(LISTEN_SECONDS):
                    await self._listener.subscribe(self._channel)
            await self._look_at([stream_id])
            yield
        finally:
            self._watched.pop(stream_id, None)

    async def aclose(self) -> None:
        """Stop listening."""
        await self._listener.aclose()

    def _notice_arrived(self, payload: bytes) -> None:
        notice = self._decoder.decode(payload)
        on_cancel = self._watched.pop(notice.stream_id, None)
        if on_cancel is not None:
            on_cancel(CancelOrder(by=notice.by, at=notice.at))

    def _look_again(self) -> None:
        self._look = asyncio.get_running_loop().create_task(
            self._look_at_all(), context=contextvars.Context()
        )

    async def _look_at_all(self) -> None:
        try:
            await self._look_at(list(self._watched))
        except StateUnavailableError:
            return  # the listener comes back once more, and so does this look

    async def _look_at(self, stream_ids: list[str]) -> None:
        if not stream_ids:
            return
        with translated():
            flags = await self._client.mget([self._key(stream_id) for stream_id in stream_ids])
        for flag in flags:
            if isinstance(flag, bytes):
                self._notice_arrived(flag)

    def _key(self, stream_id: str) -> str:
        return f"{self._prefix}cancel:{stream_id}"
