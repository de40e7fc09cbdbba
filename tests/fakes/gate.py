"""The gate in memory: one process, a clock that moves when told to, a ledger that is a dict."""

from collections.abc import Iterable
from dataclasses import replace

from gateway.domain.budget import Account, Spending
from gateway.domain.gate import Departure, Entered, Entrance, Orphan, Place, Progress
from gateway.domain.gate import Entry as GateEntry
from gateway.domain.gatehouse import Gatehouse, Unread, of_the_held
from gateway.domain.money import Budget
from tests.fakes.clock import Clock

LEASE_SECONDS = 4.0


class MemoryGate:
    """Limits, budgets and places of one process; ``spent`` is what the ledger would answer."""

    def __init__(self, clock: Clock | None = None, *, lease_seconds: float = LEASE_SECONDS) -> None:
        self.clock = clock or Clock()
        self.spent: dict[Account, int] = {}
        self.departures: list[Departure] = []
        self._lease_us = round(lease_seconds * 1_000_000)
        self._house = Gatehouse(lease_us=self._lease_us)
        self._inside: dict[str, tuple[Entrance, str | None]] = {}

    async def enter(self, entrance: Entrance) -> GateEntry:
        """Take everything the request wants, or nothing."""
        answer = self._enter(entrance)
        if isinstance(answer, Entered) and entrance.stays:
            self._note(entrance, answer.place)
        return answer

    async def move(self, holder: str, places: tuple[Place, ...]) -> int | None:
        """Give the holder's place back and take the first free one."""
        if holder in self._inside and not self._house.is_inside(holder):
            self._enter(of_the_held(*self._inside[holder]), is_forced=True)
        place = self._house.move(holder, places, self.clock.now_us)
        if holder in self._inside:
            self._note(replace(self._inside[holder][0], places=places), place)
        return place

    async def renew(self, progress: Iterable[Progress]) -> None:
        """Keep requests alive; those the book has lost are put back."""
        progress = list(progress)
        for holder in self._house.renew(progress, self.clock.now_us):
            if holder in self._inside:
                self._enter(of_the_held(*self._inside[holder]), is_forced=True)
        self._house.renew(progress, self.clock.now_us)

    async def leave(self, departure: Departure) -> None:
        """Correct estimates and give everything back."""
        self.departures.append(departure)
        if not departure.is_reaped:
            self._inside.pop(departure.holder, None)
        self._house.leave(departure, self.clock.now_us)

    async def flush(self) -> None:
        """Return at once: nothing is ever left to be sent."""

    async def spendings(self, budgets: Iterable[Budget]) -> list[Spending | None]:
        """Return what the open period of each budget has come to."""
        return [self._house.spending(budget, self.clock.now_us) for budget in budgets]

    async def correct(self, account: Account, *, by_microusd: int) -> bool:
        """Add to what the account has come to."""
        return self._house.correct(account, by_microusd)

    async def orphans(self) -> list[Orphan]:
        """Return requests that nobody has renewed in time."""
        return self._house.orphans(self.clock.now_us)

    async def in_flight(self, provider: str) -> int:
        """Return the number of places held at the provider now."""
        return self._house.in_flight(provider, self.clock.now_us)

    def forget(self) -> None:
        """Lose everything, as a restarted store does."""
        self._house = Gatehouse(lease_us=self._lease_us)

    def _note(self, entrance: Entrance, place: int | None) -> None:
        provider = None if place is None else entrance.places[place].provider
        self._inside[entrance.holder] = (entrance, provider)

    def _enter(self, entrance: Entrance, *, is_forced: bool = False) -> GateEntry:
        answer = self._house.enter(entrance, self.clock.now_us, is_forced=is_forced)
        while isinstance(answer, Unread):
            for account in answer.accounts:
                self._house.read(account, self.spent.get(account, 0))
            answer = self._house.enter(entrance, self.clock.now_us, is_forced=is_forced)
        return answer
