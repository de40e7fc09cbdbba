"""The listening side of the relay: one connection per process and loop, many local readers.

A reader replays what is stored and then follows what it hears; storing and telling are one
step on the other side, so between the two nothing is missing, and the cursor drops what comes
twice. What a reader does not take in time is not kept for it: past a bound it forgets the
queue and reads the store again, where the text is anyway.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from redis.asyncio import Redis

from gateway import metrics
from gateway.adapters.redis import relay_wire
from gateway.adapters.redis.faults import translated
from gateway.adapters.redis.listener import Listener
from gateway.domain.errors import StateUnavailableError
from gateway.domain.relay import Cursor, End, Item, Snapshot, Verdict, replayed

READER_CHARACTERS = 64 * 1024
ITEM_OVERHEAD_CHARACTERS = 64
PAGE_ENTRIES = 1000
RETRY_SECONDS = 0.2


class HubReader:
    """One reader: a bounded queue of what was heard, and a cursor that judges it."""

    def __init__(self, hub: "RedisRelayHub", stream_id: str) -> None:
        self._hub = hub
        self._stream_id = stream_id
        self._cursor = Cursor()
        self._heard: deque[Item] = deque()
        self._size = 0
        self._replay_reason: str | None = "open"
        self._wake = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[Item]:
        """Yield a Snapshot, then what follows, until the End."""
        async for items in self.batches():
            for item in items:
                yield item

    async def batches(self) -> AsyncIterator[list[Item]]:
        """Yield the same items, all that are ready at a time."""
        while not self._cursor.is_ended:
            if self._replay_reason is not None:
                items = self._accepted(await self._replay(self._replay_reason))
            elif self._heard:
                items = self._accepted(self._taken())
            else:
                self._wake.clear()
                await self._wake.wait()
                continue
            if items:
                metrics.RELAY_DELIVERED.inc(len(items))
                yield items

    def hear(self, item: Item, size: int) -> None:
        """Queue the item, or fall back to the store when the queue is full."""
        if self._replay_reason is not None:
            return
        self._size += size
        if self._size > self._hub.reader_characters:
            self.look_again("slow")
        else:
            self._heard.append(item)
            self._wake.set()

    def look_again(self, reason: str) -> None:
        """Forget what was heard and read the store next; a reader may do so any time."""
        self._heard.clear()
        self._size = 0
        if self._replay_reason is None:
            self._replay_reason = reason
        self._wake.set()

    def _taken(self) -> list[Item]:
        items = list(self._heard)
        self._heard.clear()
        self._size = 0
        return items

    def _accepted(self, items: list[Item]) -> list[Item]:
        accepted: list[Item] = []
        for item in items:
            verdict = self._cursor.judge(item)
            if verdict is Verdict.APPLY:
                accepted.append(item)
            elif verdict is Verdict.RESNAPSHOT:
                self.look_again("gap")
                break
        return accepted

    async def _replay(self, reason: str) -> list[Item]:
        metrics.RELAY_REPLAYS.labels(reason).inc()
        # From here on what is heard counts again: it comes after what will now be read.
        self._replay_reason = None
        try:
            found = await self._hub.stored(self._stream_id)
        except StateUnavailableError:
            found = None
        if found is None or found[0].upto_seq < self._cursor.last_seq:
            # The store knows less than it did. The speaker will write it anew; do not race it.
            await asyncio.sleep(RETRY_SECONDS)
            if found is None:
                self.look_again(reason)
            return []
        snapshot, end = found
        return [snapshot] if end is None else [snapshot, end]


class RedisRelayHub:
    """The fan-out of one process and loop."""

    def __init__(
        self,
        client: Redis,
        listening: Redis,
        *,
        prefix: str,
        reader_characters: int = READER_CHARACTERS,
    ) -> None:
        self.reader_characters = reader_characters
        self._client = client
        self._prefix = prefix
        self._readers: dict[str, set[HubReader]] = {}
        self._listener = Listener(listening, on_message=self._heard, on_restored=self._restored)

    @asynccontextmanager
    async def reader(self, stream_id: str) -> AsyncIterator[HubReader]:
        """Return a reader that hears its stream while the context lasts."""
        reader = HubReader(self, stream_id)
        self._readers.setdefault(stream_id, set()).add(reader)
        metrics.RELAY_READERS.inc()
        try:
            await self._listener.subscribe(relay_wire.channel(self._prefix, stream_id))
            yield reader
        finally:
            metrics.RELAY_READERS.dec()
            readers = self._readers[stream_id]
            readers.discard(reader)
            if not readers:
                del self._readers[stream_id]

    async def stored(self, stream_id: str) -> tuple[Snapshot, End | None] | None:
        """Return the stored text and its end; None when the store has lost the beginning."""
        items: list[Item] = []
        newest = "+"
        while True:
            page = await self._page(stream_id, newest)
            for entry_id, payload in page:
                newest = f"({entry_id}"
                items.append(relay_wire.stored_item(payload))
                if isinstance(items[-1], Snapshot):
                    return replayed(items[::-1])
            if len(page) < PAGE_ENTRIES:
                return replayed(items[::-1])

    async def _page(self, stream_id: str, newest: str) -> list[tuple[str, bytes]]:
        """Return entries from the newest backwards, each with its id."""
        with translated():
            found = await self._client.xrevrange(
                relay_wire.key(self._prefix, stream_id), max=newest, count=PAGE_ENTRIES
            )
        entries = cast("list[tuple[bytes, dict[bytes, bytes]]]", found or [])
        return [(entry_id.decode(), fields[b"e"]) for entry_id, fields in entries]

    async def aclose(self) -> None:
        """Stop listening."""
        await self._listener.aclose()

    def _heard(self, payload: bytes) -> None:
        readers_of = self._readers.get
        for entry in relay_wire.decode_batch(payload):
            readers = readers_of(entry[0])
            if not readers:
                continue
            item = relay_wire.item_of(entry)
            size = len(entry[3]) + ITEM_OVERHEAD_CHARACTERS
            for reader in readers:
                reader.hear(item, size)

    def _restored(self) -> None:
        for readers in self._readers.values():
            for reader in readers:
                reader.look_again("restored")
