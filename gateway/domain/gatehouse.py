"""The gate's book as one process keeps it: the local share, and what the Redis script repeats.

Pure: the time is an argument, in microseconds, and nothing waits. The script in
`gateway/adapters/redis/gate.lua` does the same steps in the same order.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from gateway.domain import budget as budgets
from gateway.domain.budget import HELD_RETRY_US, Account, Spending
from gateway.domain.gate import (
    Barred,
    Departure,
    Entered,
    Entrance,
    Entry,
    Orphan,
    Place,
    Progress,
)
from gateway.domain.meters import State, meter_of
from gateway.domain.money import Budget
from gateway.domain.rate_limit import Claim, Level, Unit


@dataclass(frozen=True, slots=True)
class Unread:
    """Accounts whose spent sum has to be looked up first; nothing was taken."""

    accounts: tuple[Account, ...]


@dataclass(slots=True)
class _Stay:
    """What one holder has, from its entrance until it leaves."""

    entrance: Entrance
    entered_us: int
    accounts: list[Account]
    provider: str | None
    until_us: int
    output_tokens: int = 0
    record: bytes = b""
    paid_microusd: int = 0


@dataclass(frozen=True, slots=True)
class _Reaped:
    """What was paid for one who was taken for dead, and under which accounts."""

    accounts: list[Account]
    paid_microusd: int


class Gatehouse:
    """Limits, budgets and places, and who holds what of them."""

    def __init__(self, *, lease_us: int) -> None:
        self._lease_us = lease_us
        self._states: dict[tuple[str, str], State] = {}
        self._held: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        self._places: dict[str, dict[str, int]] = defaultdict(dict)
        self._spendings: dict[Account, Spending] = {}
        self._stays: dict[str, _Stay] = {}
        self._reaped: dict[str, _Reaped] = {}

    def enter(self, entrance: Entrance, now_us: int, *, is_forced: bool = False) -> Entry | Unread:
        """Let the request in or not; nothing is taken unless everything is.

        By force comes back what is in flight although the book has lost it: it holds its seats
        and its money, whatever the limits; see `of_the_held`.
        """
        accounts = [budgets.account_of(each.budget, now_us) for each in entrance.reservations]
        unread = tuple(account for account in accounts if account not in self._spendings)
        if unread:
            return Unread(unread)
        barred = None if is_forced else self._barred(entrance, accounts, now_us)
        if barred:
            return barred
        place = self._seat(entrance.holder, entrance.places, now_us, is_forced=is_forced)
        for claim in entrance.claims:
            self._take(entrance.holder, claim, now_us)
        if not entrance.stays:
            return Entered(None, self._levels(entrance.claims, now_us))
        for account, reservation in zip(accounts, entrance.reservations, strict=True):
            self._add(account, reserved=reservation.amount_microusd)
        reaped = self._reaped.pop(entrance.holder, None) if is_forced else None
        self._stays[entrance.holder] = _Stay(
            entrance,
            now_us,
            accounts,
            None if place is None else entrance.places[place].provider,
            now_us + self._lease_us,
            record=entrance.record,
            paid_microusd=reaped.paid_microusd if reaped else 0,
        )
        return Entered(place, self._levels(entrance.claims, now_us))

    def move(self, holder: str, places: tuple[Place, ...], now_us: int) -> int | None:
        """Change places; None when all were taken, or when the holder is not known."""
        stay = self._stays.get(holder)
        if stay is None:
            return None
        self._unseat(stay)
        place = self._seat(holder, places, now_us)
        stay.provider = None if place is None else places[place].provider
        return place

    def renew(self, progress: Iterable[Progress], now_us: int) -> list[str]:
        """Keep the holders' stays and seats; return those that are not known."""
        unknown = []
        for each in progress:
            stay = self._stays.get(each.holder)
            if stay is None:
                unknown.append(each.holder)
                continue
            stay.until_us = now_us + self._lease_us
            stay.output_tokens = each.output_tokens
            stay.record = each.record or stay.record
            if stay.provider is not None:
                self._places[stay.provider][each.holder] = stay.until_us
            for claim in stay.entrance.claims:
                if claim.limit.unit is Unit.CONCURRENT:
                    self._held[_key(claim)][each.holder] = stay.until_us
        return unknown

    def leave(self, departure: Departure, now_us: int) -> bool:
        """Correct what was estimated, give back what was held; False when nothing was."""
        holder, cost = departure.holder, departure.cost_microusd
        stay = self._stays.get(holder)
        if stay is None:
            if not departure.is_reaped:
                self._pay_the_rest(holder, cost)
            return False
        if departure.is_reaped:
            if stay.until_us > now_us:
                return False
            self._reaped[holder] = _Reaped(stay.accounts, max(cost, stay.paid_microusd))
        del self._stays[holder]
        self._unseat(stay)
        for claim in stay.entrance.claims:
            self._correct(claim, departure, stay.entered_us, now_us)
        for account, reservation in zip(stay.accounts, stay.entrance.reservations, strict=True):
            spent = max(0, cost - stay.paid_microusd)
            self._add(account, spent=spent, reserved=-reservation.amount_microusd)
        return True

    def _pay_the_rest(self, holder: str, cost: int) -> None:
        """Pay what is missing for one who was let go although it lived, once."""
        reaped = self._reaped.pop(holder, None)
        if reaped is not None:
            for account in reaped.accounts:
                self._add(account, spent=max(0, cost - reaped.paid_microusd))

    def orphans(self, now_us: int) -> list[Orphan]:
        """Return the stays nobody has renewed in time, the oldest first."""
        found = [stay for stay in self._stays.values() if stay.until_us <= now_us]
        return [
            Orphan(stay.entrance.holder, stay.output_tokens, stay.record)
            for stay in sorted(found, key=lambda stay: (stay.until_us, stay.entrance.holder))
        ]

    def is_inside(self, holder: str) -> bool:
        """Return whether the holder is known."""
        return holder in self._stays

    def in_flight(self, provider: str, now_us: int) -> int:
        """Return the number of places held at the provider."""
        return len(_alive(self._places[provider], now_us))

    def read(self, account: Account, spent_microusd: int) -> None:
        """Note the sum that was looked up, unless it is known by now."""
        self._spendings.setdefault(account, Spending(spent_microusd))

    def spending(self, budget: Budget, now_us: int) -> Spending | None:
        """Return the open account of the budget; None when it has not been read."""
        return self._spendings.get(budgets.account_of(budget, now_us))

    def correct(self, account: Account, by_microusd: int) -> bool:
        """Add to what the account has come to; False when it is not known."""
        found = self._spendings.get(account)
        if found is None:
            return False
        spent = max(0, found.spent_microusd + by_microusd)
        self._spendings[account] = Spending(spent, found.reserved_microusd)
        return True

    def _barred(self, entrance: Entrance, accounts: list[Account], now_us: int) -> Barred | None:
        """Return the refusal that lasts longest, if there is any."""
        waits: list[tuple[int | None, str, str]] = [
            (self._wait(claim, now_us), claim.limit.name, "") for claim in entrance.claims
        ]
        for account, reservation in zip(accounts, entrance.reservations, strict=True):
            wait_us = budgets.wait(
                reservation.budget,
                self._spendings[account],
                reservation.amount_microusd,
                now_us,
            )
            waits.append((wait_us, "", account.subject))
        longest = max(waits, key=_length, default=(0, "", ""))
        if longest[0] == 0:
            return None
        wait_us, limit, subject = longest
        return Barred(
            None if wait_us is None else wait_us / 1_000_000,
            limit=limit,
            budget=subject,
            levels=self._levels(entrance.claims, now_us),
        )

    def _wait(self, claim: Claim, now_us: int) -> int | None:
        limit = claim.limit
        if limit.unit is Unit.CONCURRENT:
            if self._n_held(claim, now_us) < limit.amount:
                return 0
            return HELD_RETRY_US if limit.amount else None
        meter = meter_of(limit)
        return meter.wait(meter.at(self._states.get(_key(claim), ()), now_us), claim.cost, now_us)

    def _take(self, holder: str, claim: Claim, now_us: int) -> None:
        if claim.limit.unit is Unit.CONCURRENT:
            self._held[_key(claim)][holder] = now_us + self._lease_us
        else:
            meter, key = meter_of(claim.limit), _key(claim)
            state = meter.at(self._states.get(key, ()), now_us)
            self._states[key] = meter.take(state, claim.cost, now_us)

    def _correct(self, claim: Claim, departure: Departure, entered_us: int, now_us: int) -> None:
        key = _key(claim)
        if claim.limit.unit is Unit.CONCURRENT:
            self._held[key].pop(departure.holder, None)
            return
        more = surplus(claim, departure)
        if more:
            meter = meter_of(claim.limit)
            state = meter.at(self._states.get(key, ()), now_us)
            self._states[key] = meter.correct(state, more, entered_us)

    def _levels(self, claims: tuple[Claim, ...], now_us: int) -> tuple[Level, ...]:
        return tuple(self._level(claim, now_us) for claim in claims)

    def _level(self, claim: Claim, now_us: int) -> Level:
        limit = claim.limit
        if limit.unit is Unit.CONCURRENT:
            left = max(0, limit.amount - self._n_held(claim, now_us))
            return Level(limit.name, limit.amount, left, 0.0)
        meter = meter_of(limit)
        state = meter.at(self._states.get(_key(claim), ()), now_us)
        left, whole_us = meter.level(state, now_us)
        return Level(limit.name, limit.amount, left, whole_us / 1_000_000)

    def _n_held(self, claim: Claim, now_us: int) -> int:
        return len(_alive(self._held[_key(claim)], now_us))

    def _seat(
        self, holder: str, places: tuple[Place, ...], now_us: int, *, is_forced: bool = False
    ) -> int | None:
        """Take the first free place and return its index."""
        for index, place in enumerate(places):
            taken = _alive(self._places[place.provider], now_us)
            if is_forced or len(taken) < place.n_places:
                taken[holder] = now_us + self._lease_us
                return index
        return None

    def _unseat(self, stay: _Stay) -> None:
        if stay.provider is not None:
            self._places[stay.provider].pop(stay.entrance.holder, None)
            stay.provider = None

    def _add(self, account: Account, *, spent: int = 0, reserved: int = 0) -> None:
        found = self._spendings[account]
        self._spendings[account] = Spending(
            found.spent_microusd + spent, found.reserved_microusd + reserved
        )


def of_the_held(entrance: Entrance, provider: str | None) -> Entrance:
    """Return what to enter with by force: what is held, and nothing that flows."""
    return replace(
        entrance,
        claims=tuple(each for each in entrance.claims if each.limit.unit is Unit.CONCURRENT),
        places=tuple(each for each in entrance.places if each.provider == provider),
    )


def surplus(claim: Claim, departure: Departure) -> int:
    """Return how much more (or less) than claimed was really used."""
    unit: Unit = claim.limit.unit
    if unit is Unit.TOKENS:
        return departure.tokens - claim.cost
    if unit is Unit.MICROUSD:
        return departure.cost_microusd - claim.cost
    return -claim.cost if departure.is_void else 0


def _key(claim: Claim) -> tuple[str, str]:
    return claim.limit.identity, claim.value


def _alive(held: dict[str, int], now_us: int) -> dict[str, int]:
    """Return the holders, without those whose lease has run out."""
    for holder in [each for each, until_us in held.items() if until_us <= now_us]:
        del held[holder]
    return held


def _length(refusal: tuple[int | None, str, str]) -> float:
    return float("inf") if refusal[0] is None else refusal[0]
