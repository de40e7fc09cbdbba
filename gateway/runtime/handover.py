"""A turn spoken on the engine's loop, and handed piece by piece to the thread that asked."""

import asyncio
import contextlib
import queue
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from gateway.domain.speech import Outcome, Piece, SpeechOrder
from gateway.runtime.engines import Engine, engine
from gateway.services import streaming

HANDOVER_PIECES = 64
WRITE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class _Over:
    """The turn left the loop, with an error when there was no outcome."""

    error: BaseException | None


class Handover:
    """A bounded queue from the loop to one thread, whose end is ``pieces``."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, bound: int = HANDOVER_PIECES) -> None:
        self._loop = loop
        self._pieces: queue.SimpleQueue[Piece | _Over] = queue.SimpleQueue()
        self._room = bound
        self._freed = asyncio.Event()
        self._written = asyncio.Event()

    async def put(self, piece: Piece) -> None:
        """Hand over the piece; wait while the thread is that far behind."""
        while not self.offer(piece):
            self._freed.clear()
            await self._freed.wait()

    def offer(self, piece: Piece) -> bool:
        """Hand over the piece if there is room now, and say whether there was."""
        if self._room == 0:
            return False
        self._room -= 1
        self._pieces.put(piece)
        return True

    async def written(self) -> None:
        """Return once the thread is through with the outcome, or has taken too long over it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WRITE_SECONDS):
                await self._written.wait()

    def finish(self, error: BaseException | None) -> None:
        """Say that nothing follows."""
        self._pieces.put(_Over(error))

    def pieces(self) -> Iterator[Piece]:
        """Yield the pieces to the thread; raise what the turn raised."""
        while not isinstance(piece := self._pieces.get(), _Over):
            self._loop.call_soon_threadsafe(self._free)
            yield piece
            if isinstance(piece, Outcome):
                self._loop.call_soon_threadsafe(self._written.set)
        if piece.error is not None:
            raise piece.error

    def _free(self) -> None:
        self._room += 1
        self._freed.set()


def speak(order: SpeechOrder) -> Generator[Piece, None, None]:
    """Yield the pieces of the turn to the calling thread while the loop thread speaks it."""
    here = engine()
    handover = Handover(here.loop)
    future = asyncio.run_coroutine_threadsafe(_speak_into(handover, order, here), here.loop)
    try:
        yield from handover.pieces()
    finally:
        future.cancel()


async def _speak_into(handover: Handover, order: SpeechOrder, here: Engine) -> None:
    error: BaseException | None = None
    try:
        await streaming.speak(order=order, ports=here.ports, heart=here.heart, outbox=handover)
    except BaseException as raised:
        error = raised
        raise
    finally:
        handover.finish(error)
