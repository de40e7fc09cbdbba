"""What one process may let through alone while the store is away: its share, and no more.

Of every limit and of a provider's places it has an equal part, of a budget that part of what
was left when the store was last heard.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from gateway.domain.gate import (
    Barred,
    Departure,
    Entered,
    Entrance,
    Entry,
    Place,
    Progress,
    Reservation,
)
from gateway.domain.gatehouse import Gatehouse, Unread
from gateway.domain.money import BudgetPeriod
from gateway.domain.rate_limit import Claim, Limit, part_of

Heard = Mapping[tuple[str, BudgetPeriod], int]
_N_REMEMBERED = 10_000


class LocalShare:
    """The gate of one of ``n_sharers`` processes, from one outage's end to the next one's."""

    def __init__(
        self, *, n_sharers: int, lease_us: int, heard: Heard, now_us: Callable[[], int]
    ) -> None:
        self._n_sharers = n_sharers
        self._lease_us = lease_us
        self._heard = heard
        self._now_us = now_us
        self._shares: dict[Limit, Limit] = {}
        self._left: dict[tuple[str, BudgetPeriod], int] = {}
        self._house = Gatehouse(lease_us=lease_us)

    def join(self, held: Iterable[Entrance]) -> None:
        """Count the seats this process holds already, whatever its share.

        Their money is in what was heard.
        """
        for entrance in held:
            self.enter(replace(entrance, reservations=()), is_forced=True)

    def reset(self) -> None:
        """Forget everything: the store has it again."""
        self._house = Gatehouse(lease_us=self._lease_us)
        self._left.clear()

    def enter(self, entrance: Entrance, *, is_forced: bool = False) -> Entry:
        """Let the request in if the share allows it."""
        shared, now_us = self._shared(entrance), self._now_us()
        answer = self._house.enter(shared, now_us, is_forced=is_forced)
        if isinstance(answer, Unread):
            for account in answer.accounts:
                self._house.read(account, 0)
            answer = self._house.enter(shared, now_us, is_forced=is_forced)
        assert isinstance(answer, Entered | Barred)
        return replace(answer, is_degraded=True) if isinstance(answer, Entered) else answer

    def move(self, holder: str, places: tuple[Place, ...]) -> int | None:
        """Give the holder's place back and take the first free one."""
        return self._house.move(holder, self._shared_places(places), self._now_us())

    def renew(self, progress: Iterable[Progress]) -> None:
        """Keep requests alive."""
        self._house.renew(progress, self._now_us())

    def leave(self, departure: Departure) -> None:
        """Give everything back."""
        self._house.leave(departure, self._now_us())

    def _shared(self, entrance: Entrance) -> Entrance:
        return replace(
            entrance,
            claims=tuple(
                Claim(self._limit(claim.limit), claim.value, claim.cost)
                for claim in entrance.claims
            ),
            reservations=tuple(self._reservation(each) for each in entrance.reservations),
            places=self._shared_places(entrance.places),
        )

    def _limit(self, limit: Limit) -> Limit:
        share = self._shares.get(limit)
        if share is None:
            if len(self._shares) >= _N_REMEMBERED:
                self._shares.clear()
            share = self._shares[limit] = limit.share(self._n_sharers)
        return share

    def _reservation(self, reservation: Reservation) -> Reservation:
        budget = reservation.budget
        asked = budget.subject, budget.period
        left = self._left.get(asked)
        if left is None:
            left = max(0, budget.limit_microusd - self._heard.get(asked, 0))
            self._left[asked] = left = part_of(left, self._n_sharers)
        return replace(reservation, budget=replace(budget, limit_microusd=left))

    def _shared_places(self, places: tuple[Place, ...]) -> tuple[Place, ...]:
        return tuple(
            Place(place.provider, part_of(place.n_places, self._n_sharers)) for place in places
        )
