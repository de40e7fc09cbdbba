"""What the game needs of the outside world."""

from collections.abc import AsyncGenerator, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from interview.domain.jobs import Job
from interview.domain.speaking.manners import Manners
from interview.domain.speaking.prompt import Prompt

Fact = dict[str, object]  # an event as readers get it: offset, type, at, data, turn_id


@dataclass(frozen=True, slots=True)
class Cue:
    """How a model is asked for a turn's words: by which route, how, how long, heard by whom.

    The manners decide what of its words is said aloud; they are made for one turn.
    """

    route: str
    prompt: Prompt
    manners: Manners
    first_seconds: float
    total_seconds: float


@dataclass(frozen=True, slots=True)
class Speech:
    """One turn to be spoken: whose, what, how fast, and in which fenced stream.

    With a ``cue`` a model finds the words, and ``text`` is what is said in its place.
    """

    room_id: UUID
    turn_id: str
    epoch: int
    speaker: str
    text: str
    characters_per_second: float
    seed: int
    cue: Cue | None = None

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
class SpeechDegraded:
    """The model's turn is spoken, or finished, by another: from whom, by whom, and why."""

    origin: str
    to: str
    reason: str


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
SpeechPiece = SpeechStarted | SpeechDegraded | SpeechFirstToken | SpeechSegment | SpeechEnded


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
class ModelPolicy:
    """Which routes play a part, and how long each may take; an empty route is nobody.

    ``judge_votes`` is how many judges a close call gets; the second and later ones are asked at
    the same time, after the first.
    """

    speaker: str = ""
    judge: str = ""
    director: str = ""
    first_words_seconds: float = 8.0
    line_seconds: float = 20.0
    judge_seconds: float = 6.0
    director_seconds: float = 1.5
    judge_votes: int = 3

    @property
    def weighing_seconds(self) -> float:
        """Return how long an answer may wait for all of its judges and the director."""
        n_rounds = 2 if self.judge_votes > 1 else 1
        return n_rounds * self.judge_seconds + self.director_seconds


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A short question to a model. ``id`` names the call in the ledger and in traces."""

    id: str
    route: str
    prompt: Prompt
    seconds: float
    room_id: UUID
    turn_id: str = ""


class NoCounselError(Exception):
    """The model gave no answer: ``code`` says why, in a word for programs."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Counsel(Protocol):
    """Models that are asked rather than listened to: a judge, a director."""

    def routes(self) -> frozenset[str]:
        """Return the routes that lead to a model now."""

    def ask(self, inquiry: Inquiry) -> str:
        """Return the whole answer within the inquiry's time; raise NoCounselError."""

    def ask_together(self, inquiries: Sequence[Inquiry]) -> "list[str | NoCounselError]":
        """Return the answers, or why there is none, in order; all are asked at the same time."""


class NoCounsel:
    """Nobody to ask."""

    def routes(self) -> frozenset[str]:
        """Return no route."""
        return frozenset()

    def ask(self, inquiry: Inquiry) -> str:
        """Raise NoCounselError."""
        raise NoCounselError("unknown_model")

    def ask_together(self, inquiries: Sequence[Inquiry]) -> "list[str | NoCounselError]":
        """Return that nobody answers."""
        return [NoCounselError("unknown_model") for _ in inquiries]


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything a service may need of the outside world, and which models play."""

    stage: Stage
    outbox: Outbox
    counsel: Counsel = field(default_factory=NoCounsel)
    models: ModelPolicy = ModelPolicy()
