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
from gateway.domain.relay import Delta, End, Item, Snapshot
from gateway.v1 import errors, headers
from gateway.v1.delivery import Deltas
from gateway.v1.runs import Run, mark_of, shelf_name
from gateway.v1.speech import Encoder
from gateway.v1.visit import Visit

RESUMABLE_HEADER = b"x-gateway-resumable"
RESYNC = b'event: resync\ndata: {"type": "resync"}\n\n'
FIND_SECONDS = 2.0
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
    exchange, n_silent = visit.exchange, 0
    async with aclosing(_heard(reader, pause_seconds=visit.plane.keep_alive_seconds)) as heard:
        async for items in heard:
            n_silent = 0 if items else n_silent + 1
            if not exchange.has_begun:
                await _begin(visit, place, items)
            if not items and n_silent < _SILENT_PINGS:
                await exchange.write(_PING)
                continue
            data = b"".join(place.following(item) for item in items)
            is_over = not items or isinstance(items[-1], End)
            if not items:
                data = errors.in_stream(
                    StreamTruncatedError(), visit.dialect, request_id=place.run_id
                )
            if data or is_over:
                await exchange.write(data, is_last=is_over)
            if is_over:
                outcome = "resync" if place.is_lost else "ended"
                metrics.RESUMED.labels(outcome if items else "abandoned").inc()
                return


async def _begin(visit: Visit, place: "_Place", items: list[Item]) -> None:
    if not items:
        raise StateUnavailableError("streams cannot be found now")
    if not _is_known(items):
        metrics.RESUMED.labels("unknown").inc()
        raise _unknown(place.run_id)
    await visit.exchange.begin(200, headers.EVENT_STREAM)


async def _heard(reader: RelayReader, *, pause_seconds: float) -> AsyncGenerator[list[Item], None]:
    """Yield what is heard, and nothing whenever so long nothing was."""
    batches = reader.batches()
    coming, patience = asyncio.ensure_future(_next(batches)), FIND_SECONDS
    try:
        while True:
            await asyncio.wait((coming,), timeout=patience)
            patience = pause_seconds
            if not coming.done():
                yield []
                continue
            items = coming.result()
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
        self._id = re.compile(rb"\nid: %s:(\d+)\n\n" % re.escape(run_id.encode()))

    def following(self, item: Item) -> bytes:
        """Return what the client does not have of an item yet."""
        if isinstance(item, End):
            return b""
        data = item.text.encode("latin-1")
        if isinstance(item, Delta) or self._seq == 0:
            found = data
        else:
            mark = mark_of(self.run_id, self._seq)
            at = data.find(mark)
            self.is_lost = self.is_lost or at < 0
            found = RESYNC + data if at < 0 else data[at + len(mark) :]
        for numbered in self._id.finditer(found):
            self._seq = int(numbered[1])
        return found
