"""A panel that says what a test tells it to, and a line to one of its readers."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from asgiref.testing import ApplicationCommunicator

from interview.adapters.outbox import LiveOutbox
from interview.domain.jobs import Job
from interview.domain.ports import Fact, Said, SaidSoFar, Words
from tests.fakes.interview import FakeOutbox, FakeStage
from tests.live.reader import Frame, Frames, Reader

PATIENCE_SECONDS = 30.0


@dataclass
class Voice:
    """One turn's words, as far as they were said."""

    said: list[str] = field(default_factory=list)
    is_over: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """Tell those who listen that there is more."""
        self.changed.set()
        self.changed = asyncio.Event()


@dataclass
class VoicedStage(FakeStage):
    """A stage whose words a test says one by one; remembers who listened to what."""

    voices: dict[str, Voice] = field(default_factory=dict)
    listened_to: list[str] = field(default_factory=list)
    n_listening: int = 0

    def say(self, stream: str, *words: str) -> None:
        """Say words on a stream."""
        voice = self.voices.setdefault(stream, Voice())
        voice.said.extend(words)
        voice.wake()

    def fall_silent(self, stream: str) -> None:
        """Say no more on a stream."""
        voice = self.voices.setdefault(stream, Voice())
        voice.is_over = True
        voice.wake()

    async def words(self, stream: str) -> AsyncGenerator[Sequence[Words], None]:
        """Yield what was said so far, then each word as it is said."""
        self.listened_to.append(stream)
        self.n_listening += 1
        voice = self.voices.setdefault(stream, Voice())
        try:
            seq = len(voice.said)
            yield [SaidSoFar("".join(voice.said), seq)]
            while True:
                changed = voice.changed
                news = voice.said[seq:]
                if news:
                    yield [Said(seq + n + 1, text) for n, text in enumerate(news)]
                    seq += len(news)
                elif voice.is_over:
                    return
                else:
                    await changed.wait()
        finally:
            self.n_listening -= 1


@dataclass
class HalfLiveOutbox(FakeOutbox):
    """Tells readers over the real channel layer, unless told to be quiet; keeps jobs to itself."""

    is_quiet: bool = False

    def publish(self, room_id: UUID, facts: Sequence[Fact]) -> None:
        """Send the facts to the room's readers."""
        super().publish(room_id, facts)
        if not self.is_quiet:
            LiveOutbox().publish(room_id, facts)

    def enqueue(self, job: Job, arguments: Iterable[str], *, delay_seconds: float = 0.0) -> None:
        """Keep the job."""
        super().enqueue(job, arguments, delay_seconds=delay_seconds)


class Line:
    """One reader's connection to an ASGI application, without a socket in between."""

    def __init__(
        self,
        application: Any,
        path: str,
        *,
        query: str = "",
        headers: dict[str, str] | None = None,
        reader: Reader | None = None,
        method: str = "GET",
    ) -> None:
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(k.lower().encode(), v.encode()) for k, v in (headers or {}).items()],
        }
        self._communicator = ApplicationCommunicator(application, scope)
        self._frames = Frames()
        self.reader = reader or Reader()
        self.raw = b""
        self.status = 0
        self.headers: dict[str, str] = {}
        self.is_closed = False

    async def open(self) -> "Line":
        """Ask, and return once the status is known."""
        await self._communicator.send_input({"type": "http.request", "body": b""})
        start = await self._communicator.receive_output(PATIENCE_SECONDS)
        self.status = start["status"]
        self.headers = {name.decode(): value.decode() for name, value in start["headers"]}
        return self

    async def next_frames(self, *, at_most: int | None = None) -> list[Frame]:
        """Return the frames of the next write; the reader has taken them, or the first of them."""
        message = await self._communicator.receive_output(PATIENCE_SECONDS)
        self.is_closed = not message.get("more_body", False)
        chunk = message.get("body", b"")
        self.raw += chunk
        found = self._frames.feed(chunk) if self.headers["content-type"].startswith("text/") else []
        for frame in found[:at_most]:
            self.reader.take(frame)
        return found[:at_most]

    async def until(self, is_it: Callable[[Frame], bool]) -> Frame:
        """Read on up to such a frame and return it."""
        while not self.is_closed:
            for frame in await self.next_frames():
                if is_it(frame):
                    return frame
        raise AssertionError("the stream ended before that came")

    async def event(self, kind: str) -> Frame:
        """Read on up to an event of this kind and return it."""
        return await self.until(lambda frame: frame.event == kind)

    async def rest(self) -> bytes:
        """Read to the end of the answer and return all of it."""
        while not self.is_closed:
            await self.next_frames()
        return self.raw

    async def is_idle(self) -> bool:
        """Return whether nothing more comes of itself."""
        return bool(await self._communicator.receive_nothing(0.05, 0.01))

    async def close(self) -> None:
        """Hang up and wait for the application to notice."""
        await self._communicator.send_input({"type": "http.disconnect"})
        await self._communicator.wait(PATIENCE_SECONDS)
        self.is_closed = True

    @property
    def n_comments(self) -> int:
        """Return how many keep-alives have come."""
        return self._frames.n_comments

    @property
    def retry_ms(self) -> int | None:
        """Return how long a browser is told to wait before it comes back."""
        return self._frames.retry_ms
