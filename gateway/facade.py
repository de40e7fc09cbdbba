"""What other apps may call: speak a turn, stop it, queue for it, listen to it, ask a model.

Plain functions block their thread for a few milliseconds at most and may be called from any
thread; `speak` and `ask` block as long as the answer lasts. A coroutine calls them in a thread.
`hub` is for coroutines only: it belongs to the running loop.
"""

from collections.abc import Coroutine, Generator, Iterable
from typing import TypeVar

from gateway import runtime, snapshot
from gateway.domain import attributes
from gateway.domain.admission import (
    Admission,
    AdmissionPolicy,
    Admitted,
    QueueStatus,
    RefusalReason,
    Refused,
)
from gateway.domain.caller import Caller
from gateway.domain.errors import (
    FencedError,
    GatewayError,
    LeaseError,
    LeaseHeldError,
    StateUnavailableError,
)
from gateway.domain.messages import (
    ChatRequest,
    Deadlines,
    FinishReason,
    Message,
    Role,
    Script,
    Usage,
    UsageSource,
)
from gateway.domain.ports import RelayHub, RelayReader
from gateway.domain.relay import Delta, End, Item, Snapshot
from gateway.domain.speech import (
    Closing,
    Degraded,
    Editor,
    Failure,
    FirstToken,
    Outcome,
    Piece,
    Segment,
    SpeechOrder,
    Started,
    Ticket,
)
from gateway.services import queues, streaming
from gateway.services.asking_once import Answer

Result = TypeVar("Result")

__all__ = [
    "Admission",
    "AdmissionPolicy",
    "Admitted",
    "Answer",
    "ChatRequest",
    "Closing",
    "Deadlines",
    "Degraded",
    "Delta",
    "Editor",
    "End",
    "Failure",
    "FencedError",
    "FinishReason",
    "FirstToken",
    "GatewayError",
    "Item",
    "LeaseError",
    "LeaseHeldError",
    "Message",
    "Outcome",
    "Piece",
    "QueueStatus",
    "RefusalReason",
    "Refused",
    "RelayHub",
    "RelayReader",
    "Role",
    "Script",
    "Segment",
    "Snapshot",
    "SpeechOrder",
    "Started",
    "StateUnavailableError",
    "Ticket",
    "Usage",
    "UsageSource",
    "admit",
    "ask",
    "attributes",
    "cancel",
    "follow_configuration",
    "hub",
    "lease_alive",
    "queue_position",
    "queue_status",
    "release",
    "routes",
    "run_on_loop",
    "speak",
]


def speak(order: SpeechOrder) -> Generator[Piece, None, None]:
    """Yield the pieces of one turn: Started, FirstToken, Segment ..., exactly one Outcome.

    The provider's I/O and the relay run on the process's own loop; between two pieces the
    calling thread is free to write to the database. Every ending is an Outcome, failures and
    cancels too, with three exceptions, raised before the first piece: LeaseHeldError (another
    worker speaks this epoch, or has) and FencedError (a newer epoch exists), when the turn is
    not the caller's to finish, and StateUnavailableError, when the store does not answer.
    Closing the iterator early stops the provider and frees everything the turn held, its
    ticket as well.
    """
    return runtime.speak(order)


def ask(
    request: ChatRequest,
    *,
    budget_seconds: float,
    attributes: dict[str, str] | None = None,
    room_id: str = "",
) -> Answer:
    """Return the whole answer to a short question; raise the GatewayError of one that failed.

    ``budget_seconds`` bounds everything, retries and other targets included. ``room_id`` goes
    into the ledger, ``attributes`` onto the span.
    """
    return runtime.ask(
        request,
        caller=Caller(room_id=room_id),
        attributes=attributes or {},
        budget_seconds=budget_seconds,
    )


def follow_configuration() -> None:
    """Begin to follow the routes as operators change them; without it the built-in ones stay."""
    snapshot.start()


def routes() -> frozenset[str]:
    """Return the model names that lead somewhere, as of the newest configuration read."""
    return frozenset(snapshot.current().routes)


def cancel(stream_id: str, *, by: str) -> bool:
    """Stop the stream wherever it runs, now or when it starts; True for the first cancel.

    The order is kept for minutes, so a turn still queued ends as soon as it is picked up.
    """
    return runtime.call(streaming.cancel(stream_id=stream_id, by=by, ports=runtime.ports()))


def admit(queue: str, ticket: str) -> Admission:
    """Return Admitted with the position, or Refused with the seconds after which to ask again.

    ``ticket`` is the caller's id for the work (the turn); asking twice takes one place.
    An admitted ticket is given back by the `speak` that carries it, else by `release`.
    """
    return runtime.call(queues.admit(queue=queue, ticket=ticket, ports=runtime.ports()))


def release(queue: str, ticket: str) -> None:
    """Give a ticket back; one that is not held is ignored."""
    runtime.call(queues.release(queue=queue, ticket=ticket, ports=runtime.ports()))


def queue_status(queue: str) -> QueueStatus:
    """Return how many wait and run in the queue, its limits, and the oldest wait."""
    return runtime.call(queues.status(queue=queue, ports=runtime.ports()))


def queue_position(queue: str, ticket: str) -> int | None:
    """Return how many must finish before the ticket's turn; None when it does not wait."""
    return runtime.call(queues.position(queue=queue, ticket=ticket, ports=runtime.ports()))


def lease_alive(lease_ids: Iterable[str]) -> set[str]:
    """Return those of the turns that a living worker is speaking right now."""
    return runtime.call(streaming.alive(lease_ids=tuple(lease_ids), ports=runtime.ports()))


def hub() -> RelayHub:
    """Return the running loop's hub of relay readers.

    ``async with hub().reader(stream_id) as reader: async for item in reader``: a Snapshot
    first (empty when nothing was said yet), then Deltas; after an outage or for a reader that
    fell behind, another Snapshot, which replaces; End last. A stream nobody speaks any more
    may never send End: ask the turn's record first.
    """
    return runtime.hub()


def run_on_loop(step: Coroutine[object, object, Result]) -> Result:
    """Return what the coroutine returns, run on the process's own loop while this thread waits.

    For short steps of a caller's own that need one lasting loop, such as the channel layer's.
    """
    return runtime.call(step)
