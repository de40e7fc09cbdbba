"""Follow one room: its facts in order, each once, and the words of the turn being spoken.

Facts come as notices and are taken only when they continue what was sent. One that came too early
waits a moment for those before it; what does not come by then is read from the log. Words come
from the relay while a turn streams. The two meet in one rule: the fact that ends a turn carries
its whole text, so words that come too late are not missed.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async

from interview import runtime, selectors
from interview.consumers import frames
from interview.consumers.positions import positions
from interview.domain.events import EventType
from interview.domain.ports import Said, Words, stream_id

KEEP_ALIVE_SECONDS = 15.0
LINGER_SECONDS = 3.0
WORDS_EVERY_SECONDS = 0.04  # one write per reader and picture; what is said meanwhile goes along
LAST_WORDS_SECONDS = 0.25
MAX_WAITING_FACTS = 256
PATIENCE_SECONDS = 0.3  # under load what is missing is mostly on its way, and reading costs more
_ENDS = frozenset(
    {
        EventType.TURN_DONE,
        EventType.TURN_CANCELLED,
        EventType.TURN_FAILED,
        EventType.TURN_REJECTED,
    }
)

logger = logging.getLogger(__name__)

Send = Callable[[bytes], Awaitable[None]]
_Speaking = tuple[str, int, str]  # turn, epoch, speaker
Fact = dict[str, Any]


class Follower:
    """One reader of one room, from an offset on."""

    def __init__(
        self, *, room_id: UUID, epoch: str, offset: int, send: Send, is_settled: bool = False
    ) -> None:
        self._room_id = room_id
        self._epoch = epoch
        self._offset = offset
        self._send = send
        self._waiting: list[Fact] = []
        self._is_behind = True
        self._top: int | None = None
        self._patient_until: float | None = None
        self._wake = asyncio.Event()
        self._speaking: _Speaking | None = None
        self._words: asyncio.Task[None] | None = None
        self._words_of: _Speaking | None = None
        self._is_settled = is_settled

    def hear(self, facts: Sequence[Fact]) -> None:
        """Take facts just committed; past the bound they are read from the log instead."""
        if len(self._waiting) + len(facts) > MAX_WAITING_FACTS:
            self._waiting.clear()
            self._is_behind = True
        else:
            self._waiting.extend(facts)
        self._wake.set()

    def tell_top(self, top: int) -> None:
        """Take the log's top offset; a reader that stays below it catches up."""
        self._top = top
        self._wake.set()

    async def replay(self) -> None:
        """Send what is in the log after the offset."""
        await self._catch_up()

    async def run(self) -> None:
        """Send what is there, then what comes, until the room is settled and done."""
        try:
            await self._find_speaker()
            await self._deliver()
            with positions().watch(self._room_id, self.tell_top):
                await self._follow()
            await self._send(frames.end())
        finally:
            await self._stop_words()

    async def _follow(self) -> None:
        closes_at = self._closing_time(None)
        keep_alive_at = time.monotonic() + KEEP_ALIVE_SECONDS
        while closes_at is None or time.monotonic() < closes_at:
            moments = (keep_alive_at, closes_at, self._patient_until)
            wait_until = min(moment for moment in moments if moment is not None)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, wait_until - time.monotonic())):
                    await self._wake.wait()
            await self._deliver()
            if time.monotonic() >= keep_alive_at:
                await self._send(frames.KEEP_ALIVE)
                keep_alive_at += KEEP_ALIVE_SECONDS
            closes_at = self._closing_time(closes_at)

    def _closing_time(self, known: float | None) -> float | None:
        if known is None and self._is_settled:
            return time.monotonic() + LINGER_SECONDS
        return known

    async def _deliver(self) -> None:
        self._wake.clear()
        waiting, self._waiting = self._waiting, []
        early: list[Fact] = []
        for fact in sorted(waiting, key=_offset):
            if fact["offset"] == self._offset + 1:
                await self._send_fact(fact)
            elif fact["offset"] > self._offset:
                early.append(fact)
        self._waiting[:0] = early
        if self._is_behind or self._has_waited_enough(early):
            await self._catch_up()
        await self._follow_speaker()
        if self._top is not None and self._top <= self._offset:
            await self._send(frames.position(self._offset))
            self._top = None

    def _has_waited_enough(self, early: Sequence[Fact]) -> bool:
        """Return whether what is known to be there should have come by now."""
        known = max(self._top or 0, *map(_offset, early), 0)
        if known <= self._offset:
            self._patient_until = None
        elif self._patient_until is None:
            self._patient_until = time.monotonic() + PATIENCE_SECONDS
        return self._patient_until is not None and time.monotonic() >= self._patient_until

    async def _catch_up(self) -> None:
        self._is_behind, self._patient_until = False, None
        read = database_sync_to_async(selectors.facts_after)
        while facts := await read(self._room_id, self._offset):
            for fact in facts:
                await self._send_fact(fact)
            if len(facts) < selectors.PAGE_SIZE:
                break

    async def _send_fact(self, fact: Fact) -> None:
        kind = fact["type"]
        if kind in _ENDS:
            self._speaking = None
            await self._hear_out()
        await self._send(frames.durable(self._epoch, fact))
        self._offset = fact["offset"]
        if kind == EventType.TURN_STARTED:
            data = fact["data"]
            self._speaking = (fact["turn_id"], data["epoch"], data["speaker"])
        elif kind == EventType.ROOM_SETTLED:
            self._is_settled = True

    async def _find_speaker(self) -> None:
        """Find out who speaks, in case the start of it lies before our offset.

        Asked before the log is read, so that what we send first covers the start of this turn:
        words that came before it would be words of a turn no reader knows.
        """
        turn = await database_sync_to_async(selectors.streaming_turn)(self._room_id)
        if turn is not None:
            self._speaking = (turn.id, turn.epoch, turn.speaker)

    async def _follow_speaker(self) -> None:
        """Listen to the turn the facts have led to; those passed on the way are history."""
        if self._speaking is None or self._speaking == self._words_of:
            return
        await self._stop_words()
        self._words_of = turn_id, epoch, speaker = self._speaking
        stream = stream_id(self._room_id, turn_id, epoch)
        self._words = asyncio.create_task(
            self._relay(stream, turn_id, speaker), name=f"words {turn_id}"
        )

    async def _hear_out(self) -> None:
        """Let the last words out before the fact that ends them; they are on their way."""
        if self._words is not None:
            await asyncio.wait({self._words}, timeout=LAST_WORDS_SECONDS)
        await self._stop_words()

    async def _stop_words(self) -> None:
        task, self._words, self._words_of = self._words, None, None
        if task is None:
            return
        task.cancel()
        # Not `await task`: that cannot tell the task's end from our own.
        await asyncio.wait({task})
        if not task.cancelled() and task.exception() is not None:
            logger.warning("words.lost", extra={"error_type": type(task.exception()).__name__})

    async def _relay(self, stream: str, turn_id: str, speaker: str) -> None:
        async with contextlib.aclosing(runtime.ports().stage.words(stream)) as batches:
            async for batch in batches:
                await self._send(b"".join(_frame(words, turn_id, speaker) for words in batch))
                if any(words.text for words in batch):
                    await asyncio.sleep(WORDS_EVERY_SECONDS)


def _offset(fact: Fact) -> int:
    return int(fact["offset"])


def _frame(words: Words, turn_id: str, speaker: str) -> bytes:
    if isinstance(words, Said):
        return frames.delta(turn_id, words.seq, words.text)
    return frames.snapshot(
        turn_id=turn_id, speaker=speaker, text=words.text, upto_seq=words.upto_seq
    )
