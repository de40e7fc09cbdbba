"""GET /v1/streams/{id}: where a stream that broke off on the way is taken up again.

A stream that was asked for with ``x-gateway-resumable: true`` has a number on every frame. Who
names the last one it has gets what followed, and then goes along to the end. When that frame is
not known (any more), one ``event: resync`` says so, and everything begins anew.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from urllib.parse import parse_qs

from gateway import metrics
from gateway.domain.catalog import Scope
from gateway.domain.errors import (
    PathNotFoundError,
    RequestError,
    StateUnavailableError,
    StreamTruncatedError,
)
from gateway.domain.ports import RelayReader
from gateway.domain.relay import End, Item, Snapshot
from gateway.v1 import errors, headers
from gateway.v1.delivery import Deltas
from gateway.v1.runs import Run, mark_of, shelf_name
from gateway.v1.speech import Encoder
from gateway.v1.visit import Visit

RESUMABLE_HEADER = b"x-gateway-resumable"
RESYNC = b'event: resync\ndata: {"type": "resync"}\n\n'
FIND_SECONDS = 2.0
FIRST_WORDS_SECONDS = 0.25  # between a first frame at the client and the same in the store
_SILENT_PINGS = 3  # whoever speaks is heard at every ping; after so many without it, it is gone
_RUN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_PING = b": keep-alive\n\n"


async def send(visit: Visit, deltas: Deltas, encoder: Encoder) -> None:
    """Send a streamed answer; one that is asked for as resumable goes on without its reader."""
    exchange, plane = visit.exchange, visit.plane
    is_wanted = exchange.headers.get(RESUMABLE_HEADER, b"").lower() == b"true"
    if plane.shelf is None or not is_wanted:
        await visit.delivery.stream(deltas, encoder)
        return
    run = Run(exchange, visit.dialect, plane.shelf(), tenant=visit.key.tenant)
    await run.serve(
        deltas, encoder, account=visit.account, keep_alive_seconds=plane.keep_alive_seconds
    )


async def resume(visit: Visit, stream_id: str) -> None:
    """Answer with what followed the last frame the client has, then with what is said live."""
    key = visit.authenticate(Scope.CHAT)
    place = _Place(stream_id, after(visit))
    shelf = visit.plane.shelf
    if shelf is None or not _RUN_ID.match(stream_id):
        raise _unknown(stream_id)
    name = shelf_name(key.tenant, stream_id)
    async with visit.exchange:
        try:
            async with asyncio.timeout(FIND_SECONDS):
                attached = shelf().hub.reader(name)
                reader = await attached.__aenter__()
        except TimeoutError:
            raise StateUnavailableError("streams cannot be found now") from None
        try:
            await _follow(visit, place, reader)
        finally:
            await attached.__aexit__(None, None, None)


def after(visit: Visit) -> int:
    """Return the last seq the client has: ``Last-Event-ID`` if it sent one, else ``after``."""
    query = parse_qs(visit.exchange.scope.get("query_string", b"").decode("latin-1"))
    header = visit.exchange.headers.get(b"last-event-id", b"").decode("latin-1")
    given = header.rpartition(":")[2] or query.get("after", ["0"])[-1]
    if not (given.isascii() and given.isdigit() and len(given) < 16):
        raise RequestError("The position is a whole number.", param="after")
    return int(given)


async def _follow(visit: Visit, place: "_Place", reader: RelayReader) -> None:
    exchange, n_silent, has_looked = visit.exchange, 0, False
    async with aclosing(_heard(reader, pause_seconds=visit.plane.keep_alive_seconds)) as heard:
        async for items in heard:
            if not exchange.has_begun:
                if not has_looked and items and not _is_known(items):
                    has_looked = True  # its first words may be on their way
                    continue
                await _begin(visit, place, items, has_looked=has_looked)
            n_silent = 0 if items else n_silent + 1
            if not items and n_silent < _SILENT_PINGS:
                await exchange.write(_PING)
            elif not items or isinstance(items[-1], End):
                await exchange.write(_last_words(visit, place, items), is_last=True)
                return
            elif data := place.following(items):
                await exchange.write(data)


async def _begin(visit: Visit, place: "_Place", items: list[Item], *, has_looked: bool) -> None:
    if not items and not has_looked:
        raise StateUnavailableError("streams cannot be found now")
    if not items or not _is_known(items):
        metrics.RESUMED.labels("unknown").inc()
        raise _unknown(place.run_id)
    await visit.exchange.begin(200, headers.EVENT_STREAM)


def _last_words(visit: Visit, place: "_Place", items: list[Item]) -> bytes:
    """Return what is left of a run that is over, or that nobody speaks any more."""
    if items:
        data = place.following(items)
        metrics.RESUMED.labels("resync" if place.is_lost else "ended").inc()
        return data
    metrics.RESUMED.labels("abandoned").inc()
    return errors.in_stream(StreamTruncatedError(), visit.dialect, request_id=place.run_id)


async def _heard(reader: RelayReader, *, pause_seconds: float) -> AsyncGenerator[list[Item], None]:
    """Yield what is heard, and nothing whenever so long nothing was."""
    batches = reader.batches()
    coming, patience = asyncio.ensure_future(_next(batches)), FIND_SECONDS
    try:
        while True:
            await asyncio.wait((coming,), timeout=patience)
            if not coming.done():
                patience = pause_seconds
                yield []
                continue
            items = coming.result()
            patience = pause_seconds if _is_known(items) else FIRST_WORDS_SECONDS
            yield items
            coming = asyncio.ensure_future(_next(batches))
    finally:
        coming.cancel()


async def _next(batches: AsyncIterator[list[Item]]) -> list[Item]:
    return await anext(batches)


def _is_known(items: list[Item]) -> bool:
    """Return whether anything was ever said under the name."""
    return any(not isinstance(item, Snapshot) or item.upto_seq > 0 for item in items)


def _unknown(stream_id: str) -> PathNotFoundError:
    return PathNotFoundError(f"No stream {stream_id[:64]!r} is kept here (any more).")


class _Place:
    """How far one client has come, by the numbers on the frames."""

    def __init__(self, run_id: str, seq: int) -> None:
        self.run_id = run_id
        self.is_lost = False
        self._seq = seq
        self._held = b""
        self._is_placed = False
        self._id = re.compile(rb"\nid: %s:(\d+)\n\n" % re.escape(run_id.encode()))

    def following(self, items: list[Item]) -> bytes:
        """Return what the client does not have of the items yet."""
        return b"".join(self._following(item) for item in items)

    def _following(self, item: Item) -> bytes:
        if isinstance(item, End):
            return self._anew() if self._held else b""
        data = item.text.encode("latin-1")
        if isinstance(item, Snapshot):
            self._held, self._is_placed = data, False
        elif self._is_placed:
            return self._noted(data)
        else:
            self._held += data
        return self._placed()

    def _placed(self) -> bytes:
        """Find the client's last frame in the whole text."""
        data, mark = self._held, mark_of(self.run_id, self._seq)
        at = data.find(mark) if self._seq else -len(mark)
        if at == -1:
            numbers = self._id.findall(data)
            # A client may be a moment ahead of the store: its frame is on the way here too.
            is_ahead = not numbers or int(numbers[-1]) < self._seq
            return b"" if is_ahead else self._anew()
        self._held, self._is_placed = b"", True
        return self._noted(data[at + len(mark) :])

    def _anew(self) -> bytes:
        data, self._held = self._held, b""
        self.is_lost = self._is_placed = True
        return RESYNC + self._noted(data)

    def _noted(self, data: bytes) -> bytes:
        for number in self._id.findall(data):
            self._seq = int(number)
        return data
