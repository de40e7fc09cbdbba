"""The speaking side of the relay: one batcher per process for all its streams.

The first delta of a stream leaves at once; everything else waits for the next flush, about
ten milliseconds apart, which is one command. Deltas of one stream that meet in a flush become
one entry. The batcher keeps each open stream's text: after an outage it writes the stream anew
as a snapshot, which replaces whatever readers had.
"""

import asyncio
import contextlib
import contextvars
import logging
from collections import defaultdict

from redis.asyncio import Redis

from gateway import metrics
from gateway.adapters.redis import relay_wire, scripts
from gateway.adapters.redis.faults import translated
from gateway.domain.errors import StateUnavailableError
from gateway.domain.relay import Delta, End, Item, Snapshot

KEYFRAME_ENTRIES = 1000  # a snapshot this often, so that a capped stream still has a beginning
LIFE_PROLONGED_SECONDS = 60.0
END_WAIT_SECONDS = 1.0
OUTAGE_PAUSE_SECONDS = 0.1
GIVE_UP_SECONDS = 60.0

_logger = logging.getLogger(__name__)


class StreamWriter:
    """One stream being spoken; its methods only fill buffers."""

    def __init__(self, relay: "RedisRelay", stream_id: str) -> None:
        self.stream_id = stream_id
        self.sent = asyncio.get_running_loop().create_future()
        self.prolonged_at: float | None = None
        self.ended_at: float | None = None
        self._relay = relay
        self._text: list[str] = []
        self._pending: list[Item] = []
        self._open: list[str] = []
        self._seq = 0
        self._keyframe_seq = 0
        self._must_reseed = False
        self._reason: str | None = None

    def write(self, text: str) -> int:
        """Take the text and return its seq; text of the same flush shares one."""
        if not self._open:
            self._seq += 1
        self._open.append(text)
        self._text.append(text)
        self._relay.has_news(self, is_urgent=self._seq == 1)
        return self._seq

    def seal(self) -> int:
        """Return the last seq; later text begins a new one."""
        if self._open:
            metrics.RELAY_DELTAS.inc(len(self._open))
            self._pending.append(Delta(self._seq, "".join(self._open)))
            self._open = []
        return self._seq

    async def end(self, reason: str) -> None:
        """Tell readers that nothing follows; wait at most a second for the store to take it."""
        self.seal()
        self._reason = reason
        self.ended_at = asyncio.get_running_loop().time()
        self._relay.has_news(self, is_urgent=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_WAIT_SECONDS):
                await asyncio.shield(self.sent)

    def take(self) -> list[Item]:
        """Return what is to be sent and consider it on its way."""
        self.seal()
        end = [] if self._reason is None else [End(self._seq, self._reason)]
        items, self._pending = self._pending, []
        if self._must_reseed:
            metrics.RELAY_RESEEDS.inc()
            self._must_reseed = False
            items = [self._snapshot()]
        elif self._seq - self._keyframe_seq >= KEYFRAME_ENTRIES:
            items.append(self._snapshot())
        return [*items, *end]

    def lost(self) -> None:
        """Note that what was taken may not have arrived."""
        self._must_reseed = True

    def _snapshot(self) -> Snapshot:
        whole = "".join(self._text)
        self._text = [whole]
        self._keyframe_seq = self._seq
        return Snapshot(whole, self._seq)


class RedisRelay:
    """The batcher; belongs to one event loop."""

    def __init__(
        self, client: Redis, *, prefix: str, flush_seconds: float, maxlen: int, ttl_seconds: int
    ) -> None:
        self._script = client.register_script(scripts.source("relay"))
        self._prefix = prefix
        self._flush_seconds = flush_seconds
        self._maxlen = maxlen
        self._ttl_seconds = ttl_seconds
        self._news: dict[StreamWriter, None] = {}
        self._wake = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_store_away = False

    def open(self, stream_id: str) -> StreamWriter:
        """Return the writer of a new stream."""
        return StreamWriter(self, stream_id)

    def has_news(self, writer: StreamWriter, *, is_urgent: bool) -> None:
        """Send what the writer has: now, or with the next flush."""
        self._news[writer] = None
        if is_urgent:
            self._wake.set()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._flush_seconds, self._ring)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(
                self._run(), context=contextvars.Context()
            )

    async def aclose(self) -> None:
        """Stop sending; what has not left is lost."""
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def _ring(self) -> None:
        self._timer = None
        self._wake.set()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            writers = list(self._news)
            self._news.clear()
            try:
                await self._send(writers)
            except StateUnavailableError:
                metrics.RELAY_FLUSHES.labels("error").inc()
                await self._wait_out(writers)
            else:
                metrics.RELAY_FLUSHES.labels("ok").inc()
                self._is_store_away = False

    async def _send(self, writers: list[StreamWriter]) -> None:
        keys: list[str] = []
        prolonged: list[str] = []
        entries: list[bytes] = []
        told: dict[str, list[bytes]] = defaultdict(list)
        now = asyncio.get_running_loop().time()
        for writer in writers:
            stream_id = writer.stream_id
            key = relay_wire.key(self._prefix, stream_id)
            for item in writer.take():
                entry = relay_wire.encoded(stream_id, item)
                keys.append(key)
                entries.append(entry)
                told[relay_wire.channel(self._prefix, stream_id)].append(entry)
            if writer.prolonged_at is None or now - writer.prolonged_at > LIFE_PROLONGED_SECONDS:
                writer.prolonged_at = now
                prolonged.append(key)
        if not entries:
            return
        arguments: list[str | int | bytes] = [len(entries), self._maxlen, self._ttl_seconds]
        arguments += entries
        for channel, payloads in told.items():
            arguments += (channel, relay_wire.batch_of(payloads))
        with translated():
            await self._script(keys=keys + prolonged, args=arguments)
        for writer in writers:
            if writer.ended_at is not None and not writer.sent.done():
                writer.sent.set_result(None)

    async def _wait_out(self, writers: list[StreamWriter]) -> None:
        """Put everything back to be written anew, and give the store a moment."""
        if not self._is_store_away:
            _logger.warning("gateway.relay_store_away")
        self._is_store_away = True
        now = asyncio.get_running_loop().time()
        for writer in writers:
            writer.lost()
            writer.prolonged_at = None
            if writer.ended_at is None or now - writer.ended_at < GIVE_UP_SECONDS:
                self._news[writer] = None
        await asyncio.sleep(OUTAGE_PAUSE_SECONDS)
        if self._news:
            self._wake.set()
