"""What the game needs of the outside world."""

from collections.abc import AsyncGenerator, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from interview.domain.jobs import Job

Fact = dict[str, object]  # an event as readers get it: offset, type, at, data, turn_id


@dataclass(frozen=True, slots=True)
class Speech:
    """One turn to be spoken: whose, what, how fast, and in which fenced stream."""

    room_id: UUID
    turn_id: str
    epoch: int
    speaker: str
    text: str
    characters_per_second: float
    seed: int

    @property
    def stream_id(self) -> str:
        """Return the relay stream readers listen to."""
        return stream_id(self.room_id, self.turn_id, self.epoch)


def stream_id(room_id: UUID, turn_id: str, epoch: int) -> str:
    """Return the name of a turn's token stream."""
    return f"{room_id}.{turn_id}.{epoch}"


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """A provider has the turn."""

    provider: str
    model: str
    route_decision: str
    cost_score: float
    queue_wait_ms: int


@dataclass(frozen=True, slots=True)
class SpeechFirstToken:
    """The first words came this long after the provider was asked."""

    ttft_ms: int


@dataclass(frozen=True, slots=True)
class SpeechSegment:
    """A piece of text to be made durable."""

    text: str
    upto_seq: int
    timing: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The end of a turn, one of: said to the end, cancelled (``cancelled_by``), failed."""

    text: str
    input_tokens: int
    output_tokens: int
    is_estimated: bool
    duration_ms: int
    tokens_per_second: float
    provider_closed: bool
    failure: str | None = None
    is_retryable: bool = True
    cancelled_by: str | None = None
    cancel_latency_ms: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """The words that follow directly on ``seq - 1``; they append."""

    seq: int
    text: str


@dataclass(frozen=True, slots=True)
class SaidSoFar:
    """All words up to ``upto_seq``; they replace."""

    text: str
    upto_seq: int


Words = Said | SaidSoFar
SpeechPiece = SpeechStarted | SpeechFirstToken | SpeechSegment | SpeechEnded


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the queue of turns: so many must finish first.

    A degraded place is one past the limit: the line is said whole instead of word by word.
    """

    position: int
    is_degraded: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """No place; ask again after so many seconds."""

    reason: str
    retry_after_seconds: int


@dataclass(frozen=True, slots=True)
class QueueView:
    """The queue of turns as a player may see it; position is None for a turn not waiting."""

    position: int | None
    length: int
    in_flight: int


class SpeakerGoneError(Exception):
    """Another worker speaks this turn, or a newer epoch fenced it: leave it alone."""


class Stage(Protocol):
    """Where turns are spoken: the gateway, seen from the game."""

    def reserve(self, stream: str) -> Place | Refusal:
        """Return a place in the queue for this turn, or why there is none."""

    def give_back(self, stream: str) -> None:
        """Give an unused place back."""

    def speak(self, speech: Speech) -> Generator[SpeechPiece, None, None]:
        """Yield the pieces of a turn as they are spoken, exactly one SpeechEnded last.

        Raises SpeakerGoneError before the first piece when the turn is not the caller's.
        Closing it early stops the speaker.
        """

    def words(self, stream: str) -> AsyncGenerator[Sequence[Words], None]:
        """Yield the words of a turn as they are said: all so far first, then what follows."""

    def queue(self, stream: str) -> QueueView:
        """Return how the queue stands, and this turn's place in it."""

    def interrupt(self, stream: str, *, by: str) -> bool:
        """Stop the turn wherever it is being spoken; False when that had been ordered before."""

    def spoken_now(self, streams: Sequence[str]) -> set[str]:
        """Return those of the turns that a living worker is speaking."""


class Outbox(Protocol):
    """What leaves the process after a commit."""

    def publish(self, room_id: UUID, facts: Sequence[Fact]) -> None:
        """Tell readers of the room, wherever they are connected."""

    def enqueue(self, job: Job, arguments: Iterable[str], *, delay_seconds: float = 0.0) -> None:
        """Hand the job to the workers."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything a service may need of the outside world."""

    stage: Stage
    outbox: Outbox
