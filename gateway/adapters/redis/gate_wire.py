"""What the gate and its script say to each other: MessagePack, because packing is what costs.

A limit with the value it binds is packed once and then copied; one request is a few hundred
bytes and one answer a few dozen, and both sides unpack in C.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from gateway.domain.budget import Account, period_end
from gateway.domain.gate import Barred, Departure, Entered, Entrance, Entry, Reservation
from gateway.domain.gatehouse import Unread
from gateway.domain.meters import meter_of
from gateway.domain.money import Budget, BudgetPeriod
from gateway.domain.rate_limit import Claim, Level, Limit, Unit

_CONCURRENT = 5
_UNITS = {Unit.REQUESTS: 1, Unit.TOKENS: 2, Unit.MICROUSD: 3, Unit.CONCURRENT: 4}
_PERIODS = {BudgetPeriod.DAY: 1, BudgetPeriod.MONTH: 2, BudgetPeriod.TOTAL: 3}
_N_REMEMBERED = 50_000
_REFUSED, _GRANTED = 0, 1

_encode = msgspec.msgpack.Encoder().encode
_answers = msgspec.msgpack.Decoder(list[list[int]])
numbers = msgspec.msgpack.Decoder(list[int]).decode
number = msgspec.msgpack.Decoder(int).decode
words = msgspec.msgpack.Decoder(list[str]).decode

Key = TypeVar("Key")
Value = TypeVar("Value")
Argument = str | int | bool | msgspec.Raw
Packable = Argument | Sequence["Packable"]


@dataclass(frozen=True, slots=True)
class _Packed:
    """A limit with its value as the script wants it, and what a `Level` says of it."""

    meter: msgspec.Raw
    name: str
    amount: int


class Wire:
    """Packs questions and unpacks answers; remembers what limits look like packed.

    ``heard`` is what was last heard to be spent and set aside under each budget.
    """

    def __init__(self) -> None:
        self.heard: dict[tuple[str, BudgetPeriod], int] = {}
        self._limits: dict[tuple[Limit, str], _Packed] = {}
        self._bases: dict[tuple[str, BudgetPeriod], str] = {}

    def turn(
        self,
        seeds: Iterable[tuple[Account, int]],
        departures: Iterable[tuple[Departure, tuple[Reservation, ...]]],
        entrances: Iterable[tuple[Entrance, bool]],
    ) -> bytes:
        """Return one batch: sums that were looked up, who leaves, and who wants to enter."""
        return _encode(
            (
                [part for account, spent in seeds for part in self._seed(account, spent)],
                [self._departure(departure, booked) for departure, booked in departures],
                [self._entrance(entrance, is_forced) for entrance, is_forced in entrances],
            )
        )

    def answers(self, packed: bytes, entrances: Sequence[Entrance]) -> list[Entry | Unread]:
        """Return the answer to each entrance."""
        return [
            self._answer(answer, entrance)
            for answer, entrance in zip(_answers.decode(packed), entrances, strict=True)
        ]

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
            departure.is_void,
            departure.is_reaped,
            [part for reservation in booked for part in self.base(reservation.budget)],
        )

    def _entrance(self, entrance: Entrance, is_forced: bool) -> tuple[Packable, ...]:
        claims: list[Argument] = []
        for claim in entrance.claims:
            claims += (self._limit(claim).meter, claim.cost)
        reservations: list[Argument] = []
        for each in entrance.reservations:
            reservations += self.base(each.budget)
            reservations += (each.budget.limit_microusd, each.amount_microusd)
        places: list[Argument] = []
        for place in entrance.places:
            places += (place_key(place.provider), place.n_places)
        record = bytes_packed(entrance.record)
        return entrance.holder, claims, reservations, places, record, is_forced

    def _limit(self, claim: Claim) -> _Packed:
        asked = claim.limit, claim.value
        found = self._limits.get(asked)
        if found is None:
            _bound(self._limits)
            found = self._limits[asked] = _packed(claim.limit, claim.value)
        return found

    def _answer(self, answer: list[int], entrance: Entrance) -> Entry | Unread:
        if answer[0] == _GRANTED:
            self._hear(entrance, answer)
            place = answer[1] if answer[1] >= 0 else None
            return Entered(place, self._levels(entrance.claims, answer, 2))
        if answer[0] == _REFUSED:
            return self._barred(answer, entrance)
        budgets = [entrance.reservations[index].budget for index in answer[1::2]]
        return Unread(
            tuple(
                Account(budget.subject, budget.period, starts_at)
                for budget, starts_at in zip(budgets, answer[2::2], strict=True)
            )
        )

    def _barred(self, answer: list[int], entrance: Entrance) -> Barred:
        _, wait_us, index, *_ = answer
        n_claims = len(entrance.claims)
        is_limit = index < n_claims
        return Barred(
            None if wait_us < 0 else wait_us / 1_000_000,
            limit=entrance.claims[index].limit.name if is_limit else "",
            budget="" if is_limit else entrance.reservations[index - n_claims].budget.subject,
            levels=self._levels(entrance.claims, answer, 3),
        )

    def _hear(self, entrance: Entrance, answer: list[int]) -> None:
        if entrance.reservations:
            _bound(self.heard)
            money = answer[2 + 2 * len(entrance.claims) :]
            for reservation, out in zip(entrance.reservations, money, strict=True):
                self.heard[reservation.budget.subject, reservation.budget.period] = out

    def _levels(
        self, claims: tuple[Claim, ...], answer: list[int], begin: int
    ) -> tuple[Level, ...]:
        levels = []
        for claim in claims:
            packed = self._limit(claim)
            levels.append(
                Level(packed.name, packed.amount, answer[begin], answer[begin + 1] / 1_000_000)
            )
            begin += 2
        return tuple(levels)


def packed(arguments: Packable) -> bytes:
    """Return an operation's arguments as the script wants them."""
    return _encode(arguments)


def bytes_packed(content: bytes) -> msgspec.Raw:
    """Return bytes under the head of a text: the script's reader is older than bytes are."""
    return msgspec.Raw(b"\xdb" + len(content).to_bytes(4) + content)


def place_key(provider: str) -> str:
    """Return what a provider's places are called."""
    return f"p{provider}"


def _packed(limit: Limit, value: str) -> _Packed:
    name = _short(f"{limit.identity}|{value}")
    unit = _UNITS[limit.unit]
    meter: tuple[Argument, ...]
    if limit.unit is Unit.CONCURRENT:
        meter = (f"c{name}", _CONCURRENT, unit, limit.amount)
    else:
        found = meter_of(limit)
        meter = (f"l{name}", found.kind, unit, *found.figures)
    return _Packed(msgspec.Raw(_encode(meter)), limit.name, limit.amount)


def _short(name: str) -> str:
    """Return a key's part: short, without what people wrote, and never the same for two."""
    return urlsafe_b64encode(hashlib.blake2b(name.encode(), digest_size=12).digest()).decode()


def _bound(remembered: dict[Key, Value]) -> None:
    if len(remembered) >= _N_REMEMBERED:
        remembered.clear()
