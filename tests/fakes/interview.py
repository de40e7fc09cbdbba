"""The game's ports in memory; they pass the same contract suites as the real ones."""

from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Lock
from uuid import UUID

from interview.domain.jobs import Job
from interview.domain.ports import (
    Fact,
    Inquiry,
    NoCounselError,
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


def _nothing(_piece: SpeechPiece) -> None:
    """Do nothing after a piece."""


@dataclass
class FakeStage:
    """A stage that speaks at once, in segments of so many characters.

    ``after`` is called once the listener has done with a piece: the place to interrupt from.
    """

    limit: int = 10
    segment_characters: int = 40
    is_degrading: bool = False
    failing_after: int | None = None
    failing_at_once: bool = False
    vanishing: bool = False
    after: Callable[[SpeechPiece], None] = _nothing
    waiting: list[str] = field(default_factory=list)
    speeches: list[Speech] = field(default_factory=list)
    spoken: dict[str, str] = field(default_factory=dict)
    speaking: set[str] = field(default_factory=set)
    interrupted: dict[str, str] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def reserve(self, stream: str) -> Place | Refusal:
        """Return a place, or a refusal once ``limit`` wait."""
        if stream not in self.waiting and len(self.waiting) >= self.limit:
            return Refusal("queue_full", retry_after_seconds=3)
        if stream not in self.waiting:
            self.waiting.append(stream)
        return Place(self.waiting.index(stream), is_degraded=self.is_degrading)

    def give_back(self, stream: str) -> None:
        """Forget the place."""
        if stream in self.waiting:
            self.waiting.remove(stream)

    def speak(self, speech: Speech) -> Generator[SpeechPiece, None, None]:
        """Yield the whole turn without waiting."""
        stream = speech.stream_id
        with self._lock:
            if not self.may_speak(stream):
                raise SpeakerGoneError(stream)
            self.speaking.add(stream)
        self.give_back(stream)
        self.speeches.append(speech)
        try:
            for piece in self._pieces(speech):
                yield piece
                self.after(piece)
        finally:
            self.speaking.discard(stream)

    def may_speak(self, stream: str) -> bool:
        """Return whether nobody speaks this epoch of the turn, or has."""
        return stream not in self.spoken and stream not in self.speaking

    def _pieces(self, speech: Speech) -> Iterator[SpeechPiece]:
        """Yield what the gateway would: a turn that never began has an end only."""
        stream, said = speech.stream_id, ""  # two may speak it by mistake, each its own words
        self.spoken[stream] = said
        if stream in self.interrupted or self.failing_at_once:
            yield self._ended(stream, said)
            return
        yield SpeechStarted("scripted", "scripted", "primary", 0.0, 0)
        for n, piece in enumerate(self._segments(speech.text[: self.failing_after])):
            if stream in self.interrupted:
                break
            if n == 0:
                yield SpeechFirstToken(1)
            said += piece
            self.spoken[stream] = said
            yield SpeechSegment(piece, n + 1, ())
            if self.vanishing:
                return
        yield self._ended(stream, said)

    def _segments(self, text: str) -> list[str]:
        size = self.segment_characters
        return [text[start : start + size] for start in range(0, len(text), size)]

    def _ended(self, stream: str, said: str) -> SpeechEnded:
        cancelled_by = self.interrupted.get(stream)
        is_failed = self.failing_at_once or self.failing_after is not None
        return SpeechEnded(
            text=said,
            input_tokens=1,
            output_tokens=len(said),
            is_estimated=True,
            duration_ms=1,
            tokens_per_second=1.0,
            provider_closed=True,
            failure="provider_unavailable" if is_failed and cancelled_by is None else None,
            cancelled_by=cancelled_by,
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

    def interrupt(self, stream: str, *, by: str) -> bool:
        """Remember who interrupted first."""
        with self._lock:
            is_first = stream not in self.interrupted
            self.interrupted.setdefault(stream, by)
        return is_first

    def spoken_now(self, streams: Sequence[str]) -> set[str]:
        """Return those being spoken."""
        return self.speaking & set(streams)


@dataclass
class FakeCounsel:
    """Models that say what they are told to: a text, or the code of a failure, by route.

    A function is given the inquiry, for replies that depend on what was asked.
    """

    replies: dict[str, str | NoCounselError | Callable[[Inquiry], str]] = field(
        default_factory=dict
    )
    asked: list[Inquiry] = field(default_factory=list)

    def routes(self) -> frozenset[str]:
        """Return the routes there are replies for."""
        return frozenset(self.replies)

    def ask(self, inquiry: Inquiry) -> str:
        """Return what the route's model says."""
        self.asked.append(inquiry)
        reply = self.replies.get(inquiry.route, NoCounselError("unknown_model"))
        if isinstance(reply, NoCounselError):
            raise reply
        return reply if isinstance(reply, str) else reply(inquiry)

    def ask_together(self, inquiries: Sequence[Inquiry]) -> list[str | NoCounselError]:
        """Return what the routes' models say, or why they do not, one after another."""
        answers: list[str | NoCounselError] = []
        for inquiry in inquiries:
            try:
                answers.append(self.ask(inquiry))
            except NoCounselError as failure:
                answers.append(failure)
        return answers


@dataclass
class FakeOutbox:
    """An outbox that keeps what was sent."""

    published: list[tuple[UUID, Fact]] = field(default_factory=list)
    jobs: list[tuple[Job, tuple[str, ...]]] = field(default_factory=list)

    def publish(self, room_id: UUID, facts: Sequence[Fact]) -> None:
        """Keep the facts."""
        self.published.extend((room_id, fact) for fact in facts)

    def enqueue(self, job: Job, arguments: Iterable[str], *, delay_seconds: float = 0.0) -> None:
        """Keep the job; the delay is nobody's business here."""
        self.jobs.append((job, tuple(arguments)))


def fake_ports() -> Ports:
    """Return ports that keep everything in memory."""
    return Ports(stage=FakeStage(), outbox=FakeOutbox())
