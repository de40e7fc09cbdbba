"""A spoken turn as its caller sees it: an order goes in, pieces come out.

The pieces of one turn, in this order: `Started`, then `FirstToken` once there is content,
then any number of `Segment`, then exactly one `Outcome`. The segments' texts joined are the
outcome's text, on every ending. A `Degraded` comes where the understudy takes over: before the
`Started`, or anywhere between it and the `Outcome`.
"""

from dataclasses import dataclass, field
from typing import Protocol

from gateway.domain.messages import ChatRequest, FinishReason, Usage


@dataclass(frozen=True, slots=True)
class Ticket:
    """A place in a queue of work, taken by ``admit`` and given back when the turn ends."""

    queue: str
    id: str


@dataclass(frozen=True, slots=True)
class Closing:
    """How a model's part of a turn ends: ``text`` is still to be said of what it said.

    A ``reason`` means that the understudy takes over and says ``instead``.
    """

    text: str = ""
    reason: str = ""
    instead: str = ""


class Editor(Protocol):
    """Hears a model's words before anybody else does; made for one turn, asked in order."""

    @property
    def is_enough(self) -> bool:
        """Return whether no more words are wanted of the model."""
        ...

    def take(self, text: str) -> str:
        """Take the model's next words; return what may be said aloud now, often nothing."""
        ...

    def close(self, failure: str) -> Closing:
        """Return how to end, the model having finished, or failed with this code."""
        ...


@dataclass(frozen=True, slots=True)
class SpeechOrder:
    """One turn to be spoken.

    ``stream_id`` names the relay stream readers listen to. ``lease_id`` names the turn
    whatever its epoch; an epoch is spoken once, and a higher one fences the lower ones out.
    ``attributes`` are span attributes (room and turn ids); they never become metric labels.
    With an ``editor`` only what it lets through is said, and the ``understudy``, a scripted
    request, finishes what the model does not.
    """

    stream_id: str
    lease_id: str
    epoch: int
    request: ChatRequest
    ticket: Ticket | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    editor: Editor | None = None
    understudy: ChatRequest | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """A provider has the turn."""

    provider: str
    model: str
    route_decision: str
    cost_score: float
    queue_wait_ms: int


@dataclass(frozen=True, slots=True)
class Degraded:
    """The understudy has taken over from ``origin``; ``reason`` says why."""

    origin: str
    to: str
    reason: str


@dataclass(frozen=True, slots=True)
class FirstToken:
    """The first content arrived this long after the request was issued."""

    ttft_ms: int


@dataclass(frozen=True, slots=True)
class Segment:
    """Text to be made durable.

    ``upto_seq`` is the last relay seq it contains. ``timing`` holds, per delta, the number of
    characters of this segment said so far and the milliseconds since the first token.
    """

    text: str
    upto_seq: int
    timing: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a turn failed: a code for programs, and whether another try may help."""

    code: str
    retryable: bool
    message: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the turn ended; ``text`` is all that was said, also when it was cut short.

    ``failure`` is set when ``finish`` is error; ``cancelled_by`` and ``cancel_latency_ms``
    (order given -> provider closed) when it is cancelled. ``ttft_ms`` and
    ``tokens_per_second`` are None when there was nothing to measure.
    """

    text: str
    upto_seq: int
    finish: FinishReason
    usage: Usage
    duration_ms: int
    ttft_ms: int | None = None
    tokens_per_second: float | None = None
    provider_closed: bool = True
    failure: Failure | None = None
    cancelled_by: str | None = None
    cancel_latency_ms: int | None = None


Piece = Started | Degraded | FirstToken | Segment | Outcome
