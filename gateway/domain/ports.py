"""What the gateway needs from the outside world; each port has a fake and a contract suite."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from gateway.domain.admission import Admission, QueuePolicy, QueueStatus
from gateway.domain.breaker import BreakerPolicy, Report, Standing
from gateway.domain.budget import Account, Spending
from gateway.domain.catalog import Catalog, Target
from gateway.domain.gate import Departure, Entrance, Orphan, Place, Progress
from gateway.domain.gate import Entry as GateEntry
from gateway.domain.kept import Kept
from gateway.domain.messages import ChatRequest, Deadlines, Delta, Dialect
from gateway.domain.money import Budget, Entry
from gateway.domain.relay import Item
from gateway.domain.vitals import TargetMemory
from gateway.domain.waiting import Lines


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Who wants a stream stopped, and since when (Unix seconds)."""

    by: str
    at: float


class ChatProvider(Protocol):
    """One wire format; translates, and neither retries nor routes. ``name`` is the adapter's."""

    name: str

    def stream(self, request: ChatRequest, target: Target) -> AsyncGenerator[Delta, None]:
        """Ask the target; yield Start, content and usage, then one Finish.

        Failures are raised as ProviderError. ``target`` says where and as which model,
        ``request.deadlines`` how long a connection may take to come about. Cancelling the task
        that waits for the next delta closes the connection at once.
        """
        ...


class Continuation(Protocol):
    """How an answer that was forwarded in one dialect is gone on with by another provider."""

    def words_of(self, frames: Iterable[bytes]) -> str | None:
        """Return the words in frames as they were forwarded; None if there is more than words."""
        ...

    def prolonged(self, body: bytes, said: str) -> bytes | None:
        """Return the request's body with what was said at its end; None without a place for it."""
        ...


class Gate(Protocol):
    """Limits, budgets and places, exact across processes; see `gateway.domain.gate`.

    When the store is away or slow, a declared local share is used and said so; never no limit.
    """

    async def enter(self, entrance: Entrance) -> GateEntry:
        """Take everything the request wants in one atomic step, or nothing."""
        ...

    async def move(self, holder: str, places: tuple[Place, ...]) -> int | None:
        """Give the holder's place back and take the first free one; None when all are taken.

        What left here before has given its place back by then.
        """
        ...

    async def renew(self, progress: Iterable[Progress]) -> None:
        """Keep requests alive and note how far they have come."""
        ...

    async def leave(self, departure: Departure) -> None:
        """Correct estimates and give everything back; a second time changes nothing.

        Takes note and returns at once, without a point at which it could be cancelled; what
        was noted is sent with others soon, and kept while the store is away.
        """
        ...

    async def flush(self) -> None:
        """Return once every departure noted so far has been sent, or the store is away."""
        ...

    async def spendings(self, budgets: Iterable[Budget]) -> list[Spending | None]:
        """Return what the open period of each budget has come to; None where nobody asked yet."""
        ...

    async def correct(self, account: Account, *, by_microusd: int) -> bool:
        """Add to what an open period has come to, or take from it; False where it is not known."""
        ...

    async def orphans(self) -> list[Orphan]:
        """Return requests that nobody has renewed in time; they stay until they leave."""
        ...

    async def in_flight(self, provider: str) -> int:
        """Return the number of places held at the provider now."""
        ...


class Breakers(Protocol):
    """What is known of every target's health, shared by all processes, a second old at most."""

    async def standings(self, targets: Iterable[str]) -> Mapping[str, Standing]:
        """Return the standing of each target."""
        ...

    async def probe(self, target: str) -> bool:
        """Take the one probe of a half-open breaker; False when there is none to take.

        Whoever has it reports, `Report.VOID` when there is nothing to say.
        """
        ...

    async def report(
        self,
        target: str,
        report: Report,
        *,
        retry_after_seconds: float | None = None,
        is_long: bool = False,
    ) -> Standing:
        """Tell how an attempt went and return where that leaves the target.

        A Retry-After or a long blame opens at once.
        """
        ...


class Ledger(Protocol):
    """Where every attempt is written down, exactly once."""

    def record(self, entry: Entry) -> None:
        """Take the entry to be written with others soon; never waits, never loses silently."""
        ...

    async def flush(self) -> None:
        """Return once everything taken so far is durable."""
        ...

    async def adopt(self) -> int:
        """Write what processes that died had taken; return how many of them left something."""
        ...


class RelayWriter(Protocol):
    """One stream being spoken; only ``end`` waits for anything."""

    def write(self, text: str) -> int:
        """Take the text and return the seq under which readers will get it."""
        ...

    def seal(self) -> int:
        """Return the last seq in use and let later text begin a new one."""
        ...

    async def end(self, reason: str) -> None:
        """Tell readers that nothing follows; never raises, also when the store is away."""
        ...


class Relay(Protocol):
    """The producer's side of resumable streams."""

    def open(self, stream_id: str) -> RelayWriter:
        """Return the writer of a new stream."""
        ...


class RelayReader(Protocol):
    """One reader's view of a stream; iterate it, or take what is ready in batches."""

    def __aiter__(self) -> AsyncIterator[Item]:
        """Yield a Snapshot, then what follows, until the End."""
        ...

    def batches(self) -> AsyncIterator[list[Item]]:
        """Yield the same items, all that are ready at a time."""
        ...


class RelayHub(Protocol):
    """The consumer's side: many local readers over one connection."""

    def reader(self, stream_id: str) -> AbstractAsyncContextManager[RelayReader]:
        """Return a reader that is attached while its context lasts."""
        ...


class AnswerCache(Protocol):
    """Answers kept for whoever asks the same; a store that is away only remembers less."""

    def near(self, key: str) -> Kept | None:
        """Return what this process has kept, fresh or not, without waiting."""
        ...

    async def find(self, key: str) -> Kept | None:
        """Return what any process has kept; None also when the store does not answer in time."""
        ...

    def keep(self, key: str, kept: Kept, *, seconds: float) -> None:
        """Keep the answer for so long at most; never waits, never raises."""
        ...


class RunWriter(Protocol):
    """One answer on its way to those in other processes who asked the same."""

    def write(self, delta: Delta) -> None:
        """Take the next delta, the last included."""
        ...

    async def end(self) -> None:
        """Return once everything is on its way, or the store is away; never raises."""
        ...


class SharedRuns(Protocol):
    """Who asks for all processes when several ask the same, and what they hear of it.

    A run and its members are names; the one that leads is the member named like the run. All but
    `write` and `follow` raise StateUnavailableError while the store is away.
    """

    async def join(self, key: str, *, member: str) -> str:
        """Return the run to listen to, which is the member's own when nobody else leads."""
        ...

    async def renew(self, key: str, *, run: str, member: str) -> bool:
        """Keep the member alive; False when the run leads this key no longer."""
        ...

    async def leave(self, key: str, *, member: str) -> None:
        """Listen no longer."""
        ...

    async def retire(self, key: str, *, run: str, is_over: bool) -> bool:
        """Lead no longer, so that whoever asks next begins anew.

        Unless it ``is_over`` a run others listen to goes on leading, and False is returned.
        """
        ...

    def write(self, run: str) -> RunWriter:
        """Return the writer of a run."""
        ...

    def follow(self, run: str) -> AsyncGenerator[Delta, None]:
        """Yield what is said in the run from its beginning, up to its terminal delta."""
        ...


class Strikes(Protocol):
    """How often faults on purpose have struck, over all processes."""

    async def take(self, rule_id: str, n_times: int) -> bool:
        """Return whether this strike is among the first so many; False while the store is away."""
        ...


class Admissions(Protocol):
    """Bounded queues of work, true across processes."""

    async def admit(self, queue: str, ticket: str, policy: QueuePolicy) -> Admission:
        """Take a place or be refused; a ticket already in the queue keeps its place."""
        ...

    async def start(self, queue: str, ticket: str, policy: QueuePolicy) -> float | None:
        """Move the ticket to the running ones and return the seconds it waited.

        None while every running place is taken. A ticket the queue has forgotten starts too:
        the work is real even when the record of it is not.
        """
        ...

    async def renew(self, queue: str, tickets: Iterable[str]) -> None:
        """Keep running tickets alive; those not renewed in time lose their place."""
        ...

    async def release(self, queue: str, ticket: str) -> None:
        """Give the place back; a ticket not held is ignored."""
        ...

    async def position(self, queue: str, ticket: str, policy: QueuePolicy) -> int | None:
        """Return the ticket's position, None when it does not wait."""
        ...

    async def status(self, queue: str, policy: QueuePolicy) -> QueueStatus:
        """Return the load of the queue."""
        ...


@dataclass(frozen=True, slots=True)
class LeaseClaim:
    """One speaker of one epoch of a turn."""

    lease_id: str
    epoch: int
    owner: str


class Leases(Protocol):
    """Who speaks a turn: one owner per epoch, the highest epoch wins."""

    async def acquire(self, claim: LeaseClaim) -> None:
        """Become the speaker; raise LeaseHeldError or FencedError when that is over."""
        ...

    async def renew(self, claims: Iterable[LeaseClaim]) -> set[str]:
        """Keep leases alive and return the ids that now belong to somebody else.

        A lease the store has lost is put back: an outage is not a change of owner.
        """
        ...

    async def release(self, claim: LeaseClaim) -> None:
        """Stop being alive; the epoch stays used up."""
        ...

    async def alive(self, lease_ids: Iterable[str]) -> set[str]:
        """Return those of the ids whose lease has not run out."""
        ...


class CancelSignals(Protocol):
    """Orders to stop, from any process to the one that speaks."""

    async def send(self, stream_id: str, *, by: str) -> bool:
        """Order the stream to stop; False when it was ordered before."""
        ...

    def watch(
        self, stream_id: str, on_cancel: Callable[[CancelOrder], None]
    ) -> AbstractAsyncContextManager[None]:
        """Call back once, on the loop, when the order is or has already been given."""
        ...


class Notices(Protocol):
    """Word that the configuration has changed, from any process to all of them.

    Plain calls, not coroutines: whoever writes it and whoever reads it is a thread.
    """

    def send(self, version: int) -> None:
        """Tell everybody; never raises: who does not hear it looks by itself a little later."""
        ...

    def wait(self, *, seconds: float) -> bool:
        """Return True as soon as there was word, or may have been, and False after so long."""
        ...

    def close(self) -> None:
        """Stop listening."""
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything outside, and the policies it is used with.

    ``providers`` are by the name of their adapter. ``catalog`` returns the snapshot of now.
    ``memory`` is what this process has seen of its targets, ``lines`` who waits in it for a place
    at them. ``continuations`` are by dialect; in one that has none nobody goes on from forwarded
    bytes. Without a ``cache`` nothing is kept, without ``runs`` nothing is shared, without
    ``strikes`` no counted fault strikes.
    """

    providers: Mapping[str, ChatProvider]
    catalog: Callable[[], Catalog]
    breakers: Breakers
    gate: Gate
    ledger: Ledger
    relay: Relay
    admissions: Admissions
    leases: Leases
    cancels: CancelSignals
    queues: Mapping[str, QueuePolicy]
    deadlines: Deadlines
    breaker_policy: BreakerPolicy
    memory: TargetMemory
    lines: Lines = field(default_factory=Lines)
    continuations: Mapping[Dialect, Continuation] = field(default_factory=dict)
    cache: AnswerCache | None = None
    runs: SharedRuns | None = None
    strikes: Strikes | None = None
