"""The gateway's ports in memory, with a clock that moves when told to."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gateway.domain.admission import (
    WAITING_SECONDS,
    Admission,
    Admitted,
    QueueLoad,
    QueuePolicy,
    QueueStatus,
    decide,
    position_of,
)
from gateway.domain.breaker import BreakerPolicy
from gateway.domain.catalog import Catalog, Provider, RetryPolicy, Route, Target
from gateway.domain.errors import FencedError, GatewayError, LeaseHeldError
from gateway.domain.messages import ChatRequest, Deadlines, Delta, Dialect
from gateway.domain.ports import CancelOrder, LeaseClaim, Ports
from gateway.domain.relay import Cursor, End, Item, Snapshot, Verdict, replayed
from gateway.domain.relay import Delta as RelayDelta
from gateway.domain.vitals import TargetMemory
from tests.fakes.breakers import MemoryBreakers
from tests.fakes.clock import Clock
from tests.fakes.gate import MemoryGate
from tests.fakes.ledger import MemoryLedger
from tests.fakes.notices import MemoryNotices as MemoryNotices
from tests.fakes.sharing import MemoryAnswerCache, MemorySharedRuns
from tests.fakes.sharing import MemoryRunWriter as MemoryRunWriter
from tests.fakes.strikes import MemoryStrikes as MemoryStrikes

LEASE_SECONDS = 4.0


@dataclass(slots=True)
class _Queue:
    waiting: dict[str, float] = field(default_factory=dict)
    running: dict[str, float] = field(default_factory=dict)
    since: dict[str, float] = field(default_factory=dict)
    hold_seconds: float | None = None


class MemoryAdmissions:
    """Bounded queues of one process."""

    def __init__(self, clock: Clock, *, lease_seconds: float = LEASE_SECONDS) -> None:
        self._clock = clock
        self._lease_seconds = lease_seconds
        self._queues: dict[str, _Queue] = defaultdict(_Queue)

    async def admit(self, queue: str, ticket: str, policy: QueuePolicy) -> Admission:
        """Take a place or be refused."""
        found = self._alive(queue)
        if ticket in found.running:
            return Admitted(0)
        if ticket in found.waiting:
            position = self._position(found, ticket, policy)
            return Admitted(position, is_degraded=position > policy.limit)
        load = QueueLoad(len(found.waiting), len(found.running), found.hold_seconds or 0.0)
        answer = decide(load, policy)
        if isinstance(answer, Admitted):
            found.waiting[ticket] = self._clock.now
        return answer

    async def start(self, queue: str, ticket: str, policy: QueuePolicy) -> float | None:
        """Move the ticket to the running ones; None while there is no running place."""
        found = self._alive(queue)
        if ticket not in found.running:
            if len(found.running) >= policy.concurrency:
                return None
            found.since[ticket] = self._clock.now
        arrived = found.waiting.pop(ticket, self._clock.now)
        found.running[ticket] = self._clock.now + self._lease_seconds
        return self._clock.now - arrived

    async def renew(self, queue: str, tickets: Iterable[str]) -> None:
        """Keep running tickets alive."""
        found = self._alive(queue)
        for ticket in tickets:
            found.running[ticket] = self._clock.now + self._lease_seconds
            found.since.setdefault(ticket, self._clock.now)

    async def release(self, queue: str, ticket: str) -> None:
        """Give the place back."""
        found = self._alive(queue)
        found.waiting.pop(ticket, None)
        found.running.pop(ticket, None)
        started = found.since.pop(ticket, None)
        if started is not None:
            kept = self._clock.now - started
            mean = kept if found.hold_seconds is None else found.hold_seconds
            found.hold_seconds = mean * 0.8 + kept * 0.2

    async def position(self, queue: str, ticket: str, policy: QueuePolicy) -> int | None:
        """Return the ticket's position, None when it does not wait."""
        found = self._alive(queue)
        return self._position(found, ticket, policy) if ticket in found.waiting else None

    async def status(self, queue: str, policy: QueuePolicy) -> QueueStatus:
        """Return the load of the queue."""
        found = self._alive(queue)
        oldest = min(found.waiting.values(), default=self._clock.now)
        return QueueStatus(
            n_waiting=len(found.waiting),
            n_running=len(found.running),
            concurrency=policy.concurrency,
            limit=policy.limit,
            oldest_wait_seconds=self._clock.now - oldest,
        )

    def _alive(self, queue: str) -> _Queue:
        found = self._queues[queue]
        for ticket in [name for name, until in found.running.items() if until <= self._clock.now]:
            del found.running[ticket]
            found.since.pop(ticket, None)
        oldest = self._clock.now - WAITING_SECONDS
        for ticket in [name for name, arrived in found.waiting.items() if arrived <= oldest]:
            del found.waiting[ticket]
        return found

    def _position(self, found: _Queue, ticket: str, policy: QueuePolicy) -> int:
        return position_of(
            rank=list(found.waiting).index(ticket),
            n_running=len(found.running),
            concurrency=policy.concurrency,
        )


class MemoryLeases:
    """Turn leases, in one process."""

    def __init__(self, clock: Clock, *, lease_seconds: float = LEASE_SECONDS) -> None:
        self._clock = clock
        self._lease_seconds = lease_seconds
        self._held: dict[str, tuple[LeaseClaim, float]] = {}

    async def acquire(self, claim: LeaseClaim) -> None:
        """Become the speaker, or raise."""
        held = self._held.get(claim.lease_id)
        if held is not None and held[0] != claim:
            if held[0].epoch > claim.epoch:
                raise FencedError("a newer epoch of the turn exists")
            if held[0].epoch == claim.epoch:
                raise LeaseHeldError("this epoch is or was spoken by another worker")
        self._take(claim)

    async def renew(self, claims: Iterable[LeaseClaim]) -> set[str]:
        """Keep the leases alive; return those that are somebody else's now."""
        lost: set[str] = set()
        for claim in claims:
            held = self._held.get(claim.lease_id)
            if held is None or held[0] == claim:
                self._take(claim)
            else:
                lost.add(claim.lease_id)
        return lost

    async def release(self, claim: LeaseClaim) -> None:
        """Stop being alive."""
        held = self._held.get(claim.lease_id)
        if held is not None and held[0] == claim:
            self._held[claim.lease_id] = (claim, 0.0)

    async def alive(self, lease_ids: Iterable[str]) -> set[str]:
        """Return those whose lease has not run out."""
        return {
            lease_id
            for lease_id in lease_ids
            if lease_id in self._held and self._held[lease_id][1] > self._clock.now
        }

    def forget(self) -> None:
        """Lose everything, as a store restarted without its data does."""
        self._held.clear()

    def _take(self, claim: LeaseClaim) -> None:
        self._held[claim.lease_id] = (claim, self._clock.now + self._lease_seconds)


class MemoryCancelSignals:
    """Orders to stop, in one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._orders: dict[str, CancelOrder] = {}
        self._watched: dict[str, Callable[[CancelOrder], None]] = {}

    async def send(self, stream_id: str, *, by: str) -> bool:
        """Order the stream to stop; False when it was ordered before."""
        is_first = stream_id not in self._orders
        order = self._orders.setdefault(stream_id, CancelOrder(by=by, at=self._clock.now))
        on_cancel = self._watched.pop(stream_id, None)
        if on_cancel is not None:
            on_cancel(order)
        return is_first

    @asynccontextmanager
    async def watch(
        self, stream_id: str, on_cancel: Callable[[CancelOrder], None]
    ) -> AsyncIterator[None]:
        """Call back once when the order is or has already been given."""
        if stream_id in self._orders:
            on_cancel(self._orders[stream_id])
        else:
            self._watched[stream_id] = on_cancel
        try:
            yield
        finally:
            self._watched.pop(stream_id, None)


class MemoryRelay:
    """Both sides of the relay without a store in between: every write is heard at once."""

    def __init__(self) -> None:
        self.stored: dict[str, list[Item]] = defaultdict(list)
        self._readers: dict[str, set[MemoryReader]] = defaultdict(set)

    def open(self, stream_id: str) -> "MemoryWriter":
        """Return the writer of a new stream."""
        return MemoryWriter(self, stream_id)

    @asynccontextmanager
    async def reader(self, stream_id: str) -> AsyncIterator["MemoryReader"]:
        """Return a reader that hears its stream while the context lasts."""
        reader = MemoryReader(self.stored[stream_id])
        self._readers[stream_id].add(reader)
        try:
            yield reader
        finally:
            self._readers[stream_id].discard(reader)

    def tell(self, stream_id: str, item: Item) -> None:
        """Store the item and tell the readers."""
        self.stored[stream_id].append(item)
        for reader in self._readers[stream_id]:
            reader.heard.put_nowait(item)

    def text(self, stream_id: str) -> str:
        """Return what was said in the stream so far."""
        found = replayed(self.stored[stream_id])
        return found[0].text if found else ""


class MemoryWriter:
    """One stream being spoken."""

    def __init__(self, relay: MemoryRelay, stream_id: str) -> None:
        self._relay = relay
        self._stream_id = stream_id
        self._seq = 0

    def write(self, text: str) -> int:
        """Take the text and return its seq."""
        self._seq += 1
        self._relay.tell(self._stream_id, RelayDelta(self._seq, text))
        return self._seq

    def seal(self) -> int:
        """Return the last seq."""
        return self._seq

    async def end(self, reason: str) -> None:
        """Tell readers that nothing follows."""
        self._relay.tell(self._stream_id, End(self._seq, reason))


class MemoryReader:
    """One reader: what is stored, then what it hears."""

    def __init__(self, stored: list[Item]) -> None:
        self._stored = stored
        self._cursor = Cursor()
        self.heard: asyncio.Queue[Item] = asyncio.Queue()

    async def __aiter__(self) -> AsyncIterator[Item]:
        """Yield a Snapshot, then what follows, until the End."""
        async for items in self.batches():
            for item in items:
                yield item

    async def batches(self) -> AsyncIterator[list[Item]]:
        """Yield the same items, all that are ready at a time."""
        snapshot, end = replayed(self._stored) or (Snapshot("", 0), None)
        yield self._judged([snapshot] if end is None else [snapshot, end])
        while not self._cursor.is_ended:
            accepted = self._judged([await self.heard.get()])
            if accepted:
                yield accepted

    def _judged(self, items: Sequence[Item]) -> list[Item]:
        return [item for item in items if self._cursor.judge(item) is Verdict.APPLY]


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


ONE_TRY = RetryPolicy(n_retries=0)


def make_target(
    provider: str = "fake",
    model: str = "m",
    *,
    places: int = 2,
    wait_seconds: float = 30.0,
    adapter: str = "fake",
    **changes: object,
) -> Target:
    """Return a target of a provider of its own, whose adapter is the fake."""
    return Target(
        **{  # type: ignore[arg-type]
            "provider": Provider(
                name=provider,
                adapter=adapter,
                dialect=Dialect.SCRIPT,
                is_local=True,
                n_places=places,
                wait_seconds=wait_seconds,
            ),
            "model": model,
            **changes,
        }
    )


def make_catalog(*targets: Target, model: str = "m", **route: object) -> Catalog:
    """Return a catalog with one route to the targets."""
    return Catalog(
        version=1,
        providers={target.provider.name: target.provider for target in targets},
        routes={model: Route(model=model, targets=targets, **route)},  # type: ignore[arg-type]
    )


def make_ports(
    *,
    provider: FakeProvider,
    clock: Clock | None = None,
    concurrency: int = 2,
    queue_limit: int = 2,
    places: int = 2,
    wait_seconds: float = 30.0,
    deadlines: Deadlines | None = None,
    catalog: Catalog | None = None,
) -> Ports:
    """Return ports in memory around the provider."""
    clock = clock or Clock()
    found = catalog or make_catalog(
        make_target(places=places, wait_seconds=wait_seconds), retry=ONE_TRY
    )
    return Ports(
        providers={provider.name: provider},
        catalog=lambda: found,
        breakers=MemoryBreakers(clock),
        breaker_policy=BreakerPolicy(),
        gate=MemoryGate(clock),
        ledger=MemoryLedger(),
        memory=TargetMemory(),
        relay=MemoryRelay(),
        admissions=MemoryAdmissions(clock),
        leases=MemoryLeases(clock),
        cancels=MemoryCancelSignals(clock),
        queues={
            "turns": QueuePolicy(
                concurrency=concurrency, limit=queue_limit, wait_seconds=wait_seconds
            )
        },
        deadlines=deadlines or Deadlines(),
        cache=MemoryAnswerCache(clock),
        runs=MemorySharedRuns(clock),
    )


class BrokenReleases(MemoryAdmissions):
    """Queues whose store is away when a place is given back."""

    def __init__(self, clock: Clock, error: GatewayError) -> None:
        super().__init__(clock)
        self._error = error

    async def release(self, queue: str, ticket: str) -> None:
        """Fail."""
        raise self._error
