"""The game's ports in memory; they pass the same contract suites as the real ones."""

from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from interview.domain.events import Event
from interview.domain.jobs import Job
from interview.domain.ports import (
    Place,
    Ports,
    QueueView,
    Refusal,
    Said,
    SaidSoFar,
    SpeakerGoneError,
    Speech,
    SpeechEnded,
    SpeechFirstToken,
    SpeechPiece,
    SpeechSegment,
    SpeechStarted,
    Words,
)


@dataclass
class FakeStage:
    """A stage that speaks at once, in segments of so many characters."""

    limit: int = 10
    segment_characters: int = 40
    failing_after: int | None = None
    waiting: list[str] = field(default_factory=list)
    spoken: dict[str, str] = field(default_factory=dict)
    speaking: set[str] = field(default_factory=set)
    interrupted: dict[str, str] = field(default_factory=dict)

    def reserve(self, stream: str) -> Place | Refusal:
        """Return a place, or a refusal once ``limit`` wait."""
        if stream not in self.waiting and len(self.waiting) >= self.limit:
            return Refusal("queue_full", retry_after_seconds=3)
        if stream not in self.waiting:
            self.waiting.append(stream)
        return Place(self.waiting.index(stream))

    def give_back(self, stream: str) -> None:
        """Forget the place."""
        if stream in self.waiting:
            self.waiting.remove(stream)

    def speak(self, speech: Speech) -> Iterator[SpeechPiece]:
        """Yield the whole turn without waiting."""
        stream = speech.stream_id
        if stream in self.spoken or stream in self.speaking:
            raise SpeakerGoneError(stream)
        self.give_back(stream)
        self.speaking.add(stream)
        try:
            yield from self._pieces(speech)
        finally:
            self.speaking.discard(stream)

    def _pieces(self, speech: Speech) -> Iterator[SpeechPiece]:
        stream, text = speech.stream_id, speech.text
        said = text if self.failing_after is None else text[: self.failing_after]
        if stream in self.interrupted:
            said = ""
        yield SpeechStarted("scripted", "scripted", "primary", 0.0, 0)
        if said:
            yield SpeechFirstToken(1)
        for n, start in enumerate(range(0, len(said), self.segment_characters)):
            yield SpeechSegment(said[start : start + self.segment_characters], n + 1, ())
        self.spoken[stream] = said
        is_failed = self.failing_after is not None
        yield SpeechEnded(
            text=said,
            input_tokens=1,
            output_tokens=len(said),
            is_estimated=True,
            duration_ms=1,
            tokens_per_second=1.0,
            provider_closed=True,
            failure="provider_unavailable" if is_failed else None,
            cancelled_by=self.interrupted.get(stream),
        )

    async def words(self, stream: str) -> AsyncGenerator[Sequence[Words], None]:
        """Yield what was said."""
        text = self.spoken.get(stream, "")
        yield [SaidSoFar(text, len(text))]
        yield [Said(len(text) + 1, "")]

    def queue(self, stream: str) -> QueueView:
        """Return how the queue stands."""
        position = self.waiting.index(stream) if stream in self.waiting else None
        return QueueView(position, len(self.waiting), len(self.speaking))

    def interrupt(self, stream: str, *, by: str) -> None:
        """Remember who interrupted first."""
        self.interrupted.setdefault(stream, by)

    def spoken_now(self, streams: Sequence[str]) -> set[str]:
        """Return those being spoken."""
        return self.speaking & set(streams)


@dataclass
class FakeOutbox:
    """An outbox that keeps what was sent."""

    published: list[tuple[UUID, Event]] = field(default_factory=list)
    jobs: list[tuple[Job, tuple[str, ...]]] = field(default_factory=list)

    def publish(self, room_id: UUID, events: Sequence[Event]) -> None:
        """Keep the events."""
        self.published.extend((room_id, event) for event in events)

    def enqueue(self, job: Job, arguments: Iterable[str], *, delay_seconds: float = 0.0) -> None:
        """Keep the job; the delay is nobody's business here."""
        self.jobs.append((job, tuple(arguments)))


def fake_ports() -> Ports:
    """Return ports that keep everything in memory."""
    return Ports(stage=FakeStage(), outbox=FakeOutbox())
