"""A provider that answers as it is told, and whoever writes down what came of it."""

import asyncio
from collections.abc import AsyncGenerator

from gateway.domain.catalog import Target
from gateway.domain.messages import ChatRequest, Delta

Step = Delta | BaseException | None


class FakeProvider:
    """A provider that says what the test lists: deltas, an error to raise, or None to hang.

    The steps are those of every call; `say` gives a target's calls theirs, one after another,
    the last of them for good.
    """

    name = "fake"

    def __init__(self, *steps: Step) -> None:
        self.steps = steps
        self.is_closed = False
        self.n_open = 0
        self.requests: list[ChatRequest] = []
        self.targets: list[str] = []
        self.is_hanging = asyncio.Event()
        self._said: dict[str, list[tuple[Step, ...]]] = {}

    @property
    def n_calls(self) -> int:
        """How often it was asked."""
        return len(self.requests)

    def say(self, target: str, *calls: tuple[Step, ...]) -> None:
        """Let the target's calls go like this."""
        self._said[target] = list(calls)

    async def stream(self, request: ChatRequest, target: Target) -> AsyncGenerator[Delta, None]:
        """Yield the steps."""
        self.requests.append(request)
        self.targets.append(target.id)
        self.is_closed = False
        self.n_open += 1
        try:
            for step in self._steps(target.id):
                if step is None:
                    self.is_hanging.set()
                    await asyncio.Event().wait()
                elif isinstance(step, BaseException):
                    raise step
                else:
                    yield step
        finally:
            self.is_closed = True
            self.n_open -= 1

    def _steps(self, target: str) -> tuple[Step, ...]:
        calls = self._said.get(target)
        if not calls:
            return self.steps
        return calls.pop(0) if len(calls) > 1 else calls[0]


class Recorder:
    """An outbox that keeps the pieces; ``is_full`` makes offers fail, ``pen`` is who writes."""

    def __init__(self) -> None:
        self.pieces: list[object] = []
        self.is_full = False
        self.pen = asyncio.Event()
        self.pen.set()
        self.is_asked_for_pen = asyncio.Event()

    async def put(self, piece: object) -> None:
        """Keep the piece."""
        self.pieces.append(piece)

    def offer(self, piece: object) -> bool:
        """Keep the piece if there is room."""
        if not self.is_full:
            self.pieces.append(piece)
        return not self.is_full

    async def written(self) -> None:
        """Wait for the pen."""
        self.is_asked_for_pen.set()
        await self.pen.wait()
