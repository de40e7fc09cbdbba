"""Who speaks which epoch, and orders to stop, in memory."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

from gateway.domain.errors import FencedError, LeaseHeldError
from gateway.domain.ports import CancelOrder, LeaseClaim
from tests.fakes.admissions import LEASE_SECONDS
from tests.fakes.clock import Clock


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
