"""The way out to a vendor: one session per event loop and provider, and every failure ours.

No deadline lives here but that of connecting: whoever waits cuts the wait, and cutting it closes
the connection at once. A line is kept for the next request only when its answer has ended.
"""

import asyncio
import io
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import lru_cache
from types import TracebackType
from typing import Self
from weakref import WeakKeyDictionary

import aiohttp
from aiohttp import hdrs
from yarl import URL

from gateway.domain.errors import (
    ConnectionFailedError,
    DeadlinePhase,
    ProviderError,
    ProviderTimeoutError,
    StreamTruncatedError,
    UpstreamError,
)

LARGEST_COMPLAINT_BYTES = 64 * 2**10
LARGEST_ANSWER_BYTES = 64 * 2**20
LARGE_BODY_BYTES = 2**20  # beyond this aiohttp wants a file, to write it piece by piece
KEEP_LINE_SECONDS = 30.0
LINGER_SECONDS = 1.0
NAMES_SECONDS = 300

#: What every call says; an adapter adds its key, and says otherwise where it has to.
_HEADERS = {
    hdrs.ACCEPT: "text/event-stream, application/json",
    hdrs.ACCEPT_ENCODING: "identity",
    hdrs.CONTENT_TYPE: "application/json",
    hdrs.USER_AGENT: "hotseat",
}


@dataclass(slots=True)
class _Lines:
    """What one event loop has open: a session per provider, and answers all but ended."""

    sessions: dict[str, aiohttp.ClientSession] = field(default_factory=dict)
    lingering: set[aiohttp.ClientResponse] = field(default_factory=set)


class Http:
    """Sends requests; owns its sessions until `aclose`. Loops of any number may share it."""

    def __init__(self) -> None:
        self._lines: WeakKeyDictionary[asyncio.AbstractEventLoop, _Lines] = WeakKeyDictionary()

    async def post(
        self,
        url: str,
        *,
        provider: str,
        headers: Mapping[str, str],
        body: bytes,
        connect_seconds: float,
    ) -> "Reply":
        """Return the answer as soon as its headers are there, whatever its status.

        Raises ConnectionFailedError, or ProviderTimeoutError when connecting takes too long.
        """
        lines = self._here()
        data = body if len(body) < LARGE_BODY_BYTES else aiohttp.BytesIOPayload(io.BytesIO(body))
        try:
            response = await _session(lines, provider).post(
                _parsed(url),
                data=data,
                headers=headers,
                allow_redirects=False,  # it would carry the key elsewhere
                timeout=_timeout(connect_seconds),
            )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # Their texts name addresses and quote headers: the class says enough.
            raise _not_reached(error) from None
        return Reply(response, lines.lingering)

    async def aclose(self) -> None:
        """Close the sessions of the loop that is running."""
        lines = self._lines.pop(asyncio.get_running_loop(), _Lines())
        for response in tuple(lines.lingering):
            response.close()
        for session in lines.sessions.values():
            await session.close()

    def _here(self) -> _Lines:
        loop = asyncio.get_running_loop()
        lines = self._lines.get(loop)
        if lines is None:
            lines = self._lines[loop] = _Lines()
        return lines


class Reply(AbstractContextManager["Reply"]):
    """An answer being read; leaving its context closes the connection unless it has `ended`."""

    def __init__(
        self, response: aiohttp.ClientResponse, lingering: set[aiohttp.ClientResponse]
    ) -> None:
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self._response = response
        self._lingering = lingering
        self._has_ended = False

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        """Let go of the connection."""
        if self._has_ended:
            self._linger()
        else:
            self._response.close()

    @property
    def is_stream(self) -> bool:
        """Whether events come rather than one body."""
        return self.headers.get("Content-Type", "").startswith("text/event-stream")

    async def read(self) -> bytes:
        """Return what has arrived, b"" at the end; raise StreamTruncatedError when it is cut."""
        try:
            return await self._response.content.readany()
        except (aiohttp.ClientError, OSError):
            raise StreamTruncatedError("the connection was cut inside the answer") from None

    async def whole(self) -> bytes:
        """Return the body; raise StreamTruncatedError when it is cut."""
        return await self._up_to(LARGEST_ANSWER_BYTES, is_cut=False)

    async def complaint(self) -> bytes:
        """Return the body of an error, what there is of it and no more than is worth reading."""
        return await self._up_to(LARGEST_COMPLAINT_BYTES, is_cut=True)

    def ended(self) -> None:
        """Note that nothing of interest follows: if the rest comes soon, the line is kept."""
        self._has_ended = True

    async def _up_to(self, limit: int, *, is_cut: bool) -> bytes:
        pieces: list[bytes] = []
        n_bytes = 0
        try:
            while n_bytes <= limit and not self._has_ended:
                read = await self.read()
                pieces.append(read)
                n_bytes += len(read)
                if not read or self._response.content.at_eof():
                    self.ended()
        except StreamTruncatedError:
            if not is_cut:
                raise
        if n_bytes > limit and not is_cut:
            raise UpstreamError("the answer is too large", raw_code="answer_too_large")
        return b"".join(pieces)[:limit]

    def _linger(self) -> None:
        """Wait for the last bytes without anybody waiting for us; then the pool has the line."""
        response, lingering = self._response, self._lingering
        if response.content.is_eof():
            return  # and has it already
        lingering.add(response)

        def give_up() -> None:
            response.close()
            lingering.discard(response)

        def is_over() -> None:
            late.cancel()
            lingering.discard(response)

        late = asyncio.get_running_loop().call_later(LINGER_SECONDS, give_up)
        response.content.on_eof(is_over)


def _session(lines: _Lines, provider: str) -> aiohttp.ClientSession:
    found = lines.sessions.get(provider)
    if found is None:
        found = lines.sessions[provider] = aiohttp.ClientSession(
            # How many calls are open is decided before they come here, never by the pool.
            connector=aiohttp.TCPConnector(
                limit=0, keepalive_timeout=KEEP_LINE_SECONDS, ttl_dns_cache=NAMES_SECONDS
            ),
            cookie_jar=aiohttp.DummyCookieJar(),  # what one caller is told is not another's
            headers=_HEADERS,
            trust_env=False,
        )
    return found


@lru_cache(maxsize=1024)
def _parsed(url: str) -> URL:
    return URL(url, encoded=True)


@lru_cache(maxsize=64)
def _timeout(connect_seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, connect=connect_seconds, sock_read=None)


def _not_reached(error: Exception) -> ProviderError:
    """Return our word for a request that got no answer."""
    kind = type(error).__name__
    if isinstance(error, aiohttp.ServerTimeoutError):
        return ProviderTimeoutError("no connection in time", phase=DeadlinePhase.CONNECT)
    if isinstance(error, aiohttp.ClientResponseError):
        return UpstreamError("the answer is not HTTP", raw_code=kind)
    return ConnectionFailedError(f"no answer from the provider: {kind}", raw_code=kind)
