"""The relay of words in memory: what is written is replayed to whoever reads."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from gateway.domain.relay import Cursor, End, Item, Snapshot, Verdict, replayed
from gateway.domain.relay import Delta as RelayDelta


class MemoryRelay:
    """Both sides of the relay without a store in between: every write is heard at once."""

    def __init__(self) -> None:
        self.stored: dict[str, list[Item]] = defaultdict(list)
        self._readers: dict[str, set[MemoryReader]] = defaultdict(set)

    def open(self, stream_id: str) -> "MemoryWriter":
        """Return the writer of a new stream."""
        return MemoryWriter(self, stream_id)

    @asynccontextmanager
    async def reader(self, stream_id: str) -> AsyncIterator["MemoryReader"]:
        """Return a reader that hears its stream while the context lasts."""
        reader = MemoryReader(self.stored[stream_id])
        self._readers[stream_id].add(reader)
        try:
            yield reader
        finally:
            self._readers[stream_id].discard(reader)

    def tell(self, stream_id: str, item: Item) -> None:
        """Store the item and tell the readers."""
        self.stored[stream_id].append(item)
        for reader in self._readers[stream_id]:
            reader.heard.put_nowait(item)

    def text(self, stream_id: str) -> str:
        """Return what was said in the stream so far."""
        found = replayed(self.stored[stream_id])
        return found[0].text if found else ""


class MemoryWriter:
    """One stream being spoken."""

    def __init__(self, relay: MemoryRelay, stream_id: str) -> None:
        self._relay = relay
        self._stream_id = stream_id
        self._seq = 0

    def write(self, text: str) -> int:
        """Take the text and return its seq."""
        self._seq += 1
        self._relay.tell(self._stream_id, RelayDelta(self._seq, text))
        return self._seq

    def seal(self) -> int:
        """Return the last seq."""
        return self._seq

    async def end(self, reason: str) -> None:
        """Tell readers that nothing follows."""
        self._relay.tell(self._stream_id, End(self._seq, reason))


class MemoryReader:
    """One reader: what is stored, then what it hears."""

    def __init__(self, stored: list[Item]) -> None:
        self._stored = stored
        self._cursor = Cursor()
        self.heard: asyncio.Queue[Item] = asyncio.Queue()

    async def __aiter__(self) -> AsyncIterator[Item]:
        """Yield a Snapshot, then what follows, until the End."""
        async for items in self.batches():
            for item in items:
                yield item

    async def batches(self) -> AsyncIterator[list[Item]]:
        """Yield the same items, all that are ready at a time."""
        snapshot, end = replayed(self._stored) or (Snapshot("", 0), None)
        yield self._judged([snapshot] if end is None else [snapshot, end])
        while not self._cursor.is_ended:
            accepted = self._judged([await self.heard.get()])
            if accepted:
                yield accepted

    def _judged(self, items: Sequence[Item]) -> list[Item]:
        return [item for item in items if self._cursor.judge(item) is Verdict.APPLY]
