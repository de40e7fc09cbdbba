"""Frames as they arrive, until nothing of interest can follow."""

import asyncio
from typing import Protocol

from gateway.adapters.providers.http import Reply
from gateway.adapters.providers.sse import Frame, SseDecoder
from gateway.domain.errors import StreamTruncatedError

LAST_WORDS_SECONDS = 1.0  # figures may follow the reason of the end, an answer does not


class Reader(Protocol):
    """What has been understood so far of the answer that arrives."""

    is_over: bool

    @property
    def has_reason(self) -> bool:
        """Whether it was told why the answer ends."""
        ...


class Arriving:
    """The frames of one answer, for one reader. ``read`` is what the last bytes were."""

    def __init__(self, reply: Reply, reader: Reader) -> None:
        self.read = b""
        self._reply = reply
        self._reader = reader
        self._decoder = SseDecoder()
        self._has_ended = False

    async def frames(self) -> list[Frame] | None:
        """Return the frames of the next bytes; None when the bytes end or enough is known."""
        if self._has_ended or self._reader.is_over:
            return None
        self.read = await self._next()
        if self.read:
            return self._decoder.feed(self.read)
        self._has_ended = True
        return self._decoder.close()

    async def _next(self) -> bytes:
        """Return the next bytes; with the reason known, a stall or a cut is as good as an end."""
        if not self._reader.has_reason:
            return await self._reply.read()
        try:
            async with asyncio.timeout(LAST_WORDS_SECONDS):
                return await self._reply.read()
        except (TimeoutError, StreamTruncatedError):
            return b""


def is_whole(reply: Reply) -> bool:
    """Return whether the answer comes as one body; a stream is not always called by its name."""
    return reply.headers.get("Content-Type", "").startswith("application/json")
