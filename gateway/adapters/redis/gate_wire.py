"""What the gate and its script say to each other: MessagePack, because packing is what costs.

A limit with the value it binds is packed once and then copied; one request is a few hundred
bytes and one answer a few dozen, and both sides unpack in C.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import msgspec

from gateway.domain.budget import Account, period_end
from gateway.domain.gate import Barred, Departure, Entered, Entrance, Entry, Place, Reservation
from gateway.domain.gatehouse import Unread
from gateway.domain.meters import meter_of
from gateway.domain.money import Budget, BudgetPeriod
from gateway.domain.rate_limit import Claim, Level, Limit, Unit

_CONCURRENT = 5
_UNITS = {Unit.REQUESTS: 1, Unit.TOKENS: 2, Unit.MICROUSD: 3, Unit.CONCURRENT: 4}
_PERIODS = {BudgetPeriod.DAY: 1, BudgetPeriod.MONTH: 2, BudgetPeriod.TOTAL: 3}
_N_REMEMBERED = 50_000
_REFUSED, _GRANTED = 0, 1
_DONE, _VOID, _REAPED = 0, 1, 2
_STAYING, _FORCED, _PASSING = 0, 1, 2

_encode = msgspec.msgpack.Encoder().encode
numbers = msgspec.msgpack.Decoder(list[int]).decode
number = msgspec.msgpack.Decoder(int).decode
words = msgspec.msgpack.Decoder(list[str]).decode

Key = TypeVar("Key")
Value = TypeVar("Value")
Argument = str | int | bool | msgspec.Raw
Plan = tuple[tuple[tuple[Limit, str], ...], tuple[Budget, ...], tuple[Place, ...]]
"""What binds requests of a kind: limits and the values they bind, budgets, and places."""
Packable = Argument | Sequence["Packable"]


class Wire:
    """Packs questions and unpacks answers; remembers what limits and budgets look like packed.

    ``heard`` is what was last heard to be spent and set aside under each budget.
    """

    def __init__(self) -> None:
        self.heard: dict[tuple[str, BudgetPeriod], int] = {}
        self._bases: dict[tuple[str, BudgetPeriod], str] = {}
        self._plans: dict[Plan, bytes] = {}

    def turn(
        self,
        seeds: Iterable[tuple[Account, int]],
        departures: Iterable[tuple[Departure, tuple[Reservation, ...]]],
        entrances: Iterable[tuple[Entrance, bool]],
    ) -> bytes:
        """Return one batch: sums that were looked up, who leaves, and who wants to enter."""
        leaving: list[Packable] = []
        for departure, booked in departures:
            leaving += self._departure(departure, booked)
        entering: list[Packable] = []
        for entrance, is_forced in entrances:
            word = _FORCED if is_forced else _STAYING if entrance.stays else _PASSING
            entering += entrance.holder, self._ticket(entrance), word
        looked_up = [part for account, spent in seeds for part in self._seed(account, spent)]
        return _encode((looked_up, leaving, entering))

    def answers(self, packed: bytes, entrances: Sequence[Entrance]) -> list[Entry | Unread]:
        """Return the answer to each entrance."""
        parts = iter(numbers(packed))
        return [self._answer(parts, entrance) for entrance in entrances]

    def has_room(self, reservation: Reservation) -> bool:
        """Return whether another one like it would have fitted, when last heard."""
        budget = reservation.budget
        out = self.heard.get((budget.subject, budget.period))
        return out is not None and out + reservation.amount_microusd <= budget.limit_microusd

    def base(self, budget: Budget) -> tuple[str, int]:
        """Return what a budget's accounts are called, and the number of its period."""
        asked = budget.subject, budget.period
        found = self._bases.get(asked)
        if found is None:
            _bound(self._bases)
            found = self._bases[asked] = f"b{_short(f'{budget.subject}|{budget.period}')}"
        return found, _PERIODS[budget.period]

    def _seed(self, account: Account, spent: int) -> tuple[Argument, ...]:
        base, _ = self.base(Budget(account.subject, 0, account.period))
        end = period_end(account.period, account.starts_at * 1_000_000)
        return f"{base}:{account.starts_at}", end or 0, spent

    def _departure(
        self, departure: Departure, booked: tuple[Reservation, ...]
    ) -> tuple[Packable, ...]:
        return (
            departure.holder,
            departure.tokens,
            departure.cost_microusd,
            _REAPED if departure.is_reaped else _VOID if departure.is_void else _DONE,
            [part for each in booked for part in self.base(each.budget)] if booked else False,
        )

    def _ticket(self, entrance: Entrance) -> msgspec.Raw:
        """Return what the store keeps of the request: what binds it, its record, what it wants."""
        limits, budgets, wanted = [], [], []
        for claim in entrance.claims:
            limits.append((claim.limit, claim.value))
            wanted.append(claim.cost)
        for each in entrance.reservations:
            budgets.append(each.budget)
            wanted.append(each.amount_microusd)
        plan = self._plan((tuple(limits), tuple(budgets), entrance.places))
        return bytes_packed(b"".join((plan, _text(entrance.record), *map(_encode, wanted))))

    def _plan(self, asked: Plan) -> bytes:
        """Return what binds the request, without how much it wants of it."""
        found = self._plans.get(asked)
        if found is None:
            _bound(self._plans)
            found = self._plans[asked] = _text(self._packed_plan(*asked))
        return found

    def _packed_plan(
        self,
        limits: tuple[tuple[Limit, str], ...],
        budgets: tuple[Budget, ...],
        places: tuple[Place, ...],
    ) -> bytes:
        return _encode(
            (
                [_meter(limit, value) for limit, value in limits],
                [(*self.base(budget), budget.limit_microusd) for budget in budgets],
                [part for place in places for part in (place_key(place.provider), place.n_places)],
            )
        )

    def _answer(self, parts: Iterator[int], entrance: Entrance) -> Entry | Unread:
        word = next(parts)
        if word == _GRANTED:
            place = next(parts)
            levels = _levels(entrance.claims, parts)
            self._hear(entrance, parts)
            return Entered(place if place >= 0 else None, levels)
        if word == _REFUSED:
            return _barred(parts, entrance)
        return Unread(tuple(_unread(parts, entrance) for _ in range(next(parts))))

    def _hear(self, entrance: Entrance, parts: Iterator[int]) -> None:
        for reservation in entrance.reservations:
            _bound(self.heard)
            budget = reservation.budget
            self.heard[budget.subject, budget.period] = next(parts)


def _unread(parts: Iterator[int], entrance: Entrance) -> Account:
    budget = entrance.reservations[next(parts)].budget
    return Account(budget.subject, budget.period, next(parts))


def _barred(parts: Iterator[int], entrance: Entrance) -> Barred:
    wait_us, index = next(parts), next(parts)
    n_claims = len(entrance.claims)
    is_limit = index < n_claims
    return Barred(
        None if wait_us < 0 else wait_us / 1_000_000,
        limit=entrance.claims[index].limit.name if is_limit else "",
        budget="" if is_limit else entrance.reservations[index - n_claims].budget.subject,
        levels=_levels(entrance.claims, parts),
    )


def _levels(claims: tuple[Claim, ...], parts: Iterator[int]) -> tuple[Level, ...]:
    return tuple(
        [
            Level(claim.limit.name, claim.limit.amount, next(parts), next(parts) / 1_000_000)
            for claim in claims
        ]
    )


def packed(arguments: Packable) -> bytes:
    """Return an operation's arguments as the script wants them."""
    return _encode(arguments)


def bytes_packed(content: bytes) -> msgspec.Raw:
    """Return bytes under the head of a text: the script's reader is older than bytes are."""
    return msgspec.Raw(_text(content))


def _text(content: bytes) -> bytes:
    return b"\xdb" + len(content).to_bytes(4) + content


def place_key(provider: str) -> str:
    """Return what a provider's places are called."""
    return f"p{provider}"


def _meter(limit: Limit, value: str) -> tuple[Argument, ...]:
    """Return a limit with the value it binds, as the script counts it."""
    name = _short(f"{limit.identity}|{value}")
    unit = _UNITS[limit.unit]
    if limit.unit is Unit.CONCURRENT:
        return f"c{name}", _CONCURRENT, unit, limit.amount
    meter = meter_of(limit)
    return f"l{name}", meter.kind, unit, *meter.figures


def _short(name: str) -> str:
    """Return a key's part: short, without what people wrote, and never the same for two."""
    return urlsafe_b64encode(hashlib.blake2b(name.encode(), digest_size=12).digest()).decode()


def _bound(remembered: dict[Key, Value]) -> None:
    if len(remembered) >= _N_REMEMBERED:
        remembered.clear()
