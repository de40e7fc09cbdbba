"""The gate in Redis: one call per tick of the loop, for all who come and go in it.

While a call is under way, whoever comes waits for the next one: under load the batches grow by
themselves, and a lone request waits for nobody. Departures go first, so that what they give
back can be taken in the same call; nobody waits for them. They wait themselves, a few
milliseconds, for somebody who enters, unless what they give back may be scarce.

When the store is gone or slow, what it would have answered is answered by `LocalShare`, and
what happened meanwhile is told to the store when it is back: who is in flight is put back by
force, who has left leaves.
"""

import asyncio
import contextvars
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from gateway import metrics
from gateway.adapters.redis import gate_wire, scripts
from gateway.adapters.redis.faults import translated
from gateway.adapters.redis.gate_line import Line
from gateway.adapters.redis.gate_lobby import Lobby, Seeds
from gateway.adapters.redis.gate_outage import Outage
from gateway.adapters.redis.gate_patience import Patience
from gateway.adapters.redis.gate_share import LocalShare
from gateway.adapters.redis.gate_wire import Packable, Wire, place_key
from gateway.domain.budget import Account, Spending
from gateway.domain.errors import StateUnavailableError
from gateway.domain.gate import Departure, Entered, Entrance, Orphan, Place, Progress
from gateway.domain.gate import Entry as GateEntry
from gateway.domain.gatehouse import Unread, of_the_held
from gateway.domain.money import Budget
from gateway.domain.rate_limit import Unit

N_RENEWALS = 200  # per call
N_PLENTY = 64  # of places; where there are fewer, somebody may be waiting for one
LOOK_UP_SECONDS = 2.0
_UNKNOWN = -2
_NO_LIBRARY = "Function not found"

SpentSum = Callable[[str, int], Awaitable[int]]
"""Returns what a budget's subject has spent since then (Unix seconds), in micro-USD."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class GateTiming:
    """How long the store may take to answer, how long a lease lasts, how often to probe."""

    answer_seconds: float = 0.05
    lease_seconds: float = 4.0
    probe_seconds: float = 0.5


@dataclass(slots=True)
class _Inside:
    """A request in flight here, and what the store has to be told of it should it lose it."""

    entrance: Entrance
    provider: str | None
    is_degraded: bool
    progress: Progress


def script() -> str:
    """Return the gate's script: the book, and the meters it counts with."""
    return scripts.source("gate").replace("--@meters", scripts.source("gate_meters"))


def library(source: str) -> tuple[str, str]:
    """Return the library the script is, and the name of its function, which is its own as well.

    No other script has that name: two versions may stand in one store, while one replaces the
    other.
    """
    name = f"hotseat_gate_{hashlib.blake2b(source.encode(), digest_size=12).hexdigest()}"
    return name, f"#!lua name={name}\n{source.replace('@name', name)}"


class RedisGate:
    """Limits, budgets and places that every process sees alike; belongs to one event loop.

    ``spent`` is asked when the store has no sum for a budget: after a restart, or in a new
    period. ``n_sharers`` is how many processes divide every limit while the store is away.
    """

    def __init__(
        self,
        client: Redis,
        *,
        prefix: str,
        spent: SpentSum,
        n_sharers: int = 1,
        timing: GateTiming | None = None,
        source: str | None = None,
    ) -> None:
        self._line = Line(client)
        self._calling = asyncio.Lock()
        self._prefix = f"{prefix}{{gate}}:"  # one slot for all of its keys: see the script
        self._name, self._library = library(source or script())
        self._spent = spent
        self._timing = timing or GateTiming()
        self._patience = Patience(self._timing.answer_seconds)
        self._lease_us = round(self._timing.lease_seconds * 1_000_000)
        self._wire = Wire()
        self._inside: dict[str, _Inside] = {}
        self._look_ups: dict[Account, asyncio.Task[int]] = {}
        self._trusts_leases_at = 0.0
        self._share = LocalShare(
            n_sharers=n_sharers, lease_us=self._lease_us, heard=self._wire.heard, now_us=_now_us
        )
        self._outage = Outage(
            lambda: self._run("count", gate_wire.packed(["probe"])),
            on_away=self._go_alone,
            on_back=self._report_back,
            probe_seconds=self._timing.probe_seconds,
        )
        self._lobby = Lobby(
            lambda packed: self._run("turn", packed),
            wire=self._wire,
            is_away=lambda: self._outage.is_away,
            is_inside=self._inside.__contains__,
        )

    async def enter(self, entrance: Entrance) -> GateEntry:
        """Take everything the request wants, or nothing."""
        answer = await self._ask_store(entrance) or self._ask_share(entrance)
        if isinstance(answer, Entered) and entrance.stays:
            self._inside[entrance.holder] = _Inside(
                entrance,
                None if answer.place is None else entrance.places[answer.place].provider,
                answer.is_degraded,
                Progress(entrance.holder, 0, entrance.record),
            )
        return answer

    async def move(self, holder: str, places: tuple[Place, ...]) -> int | None:
        """Give the holder's place back and take the first free one; None when all are taken."""
        await self._lobby.told()
        place = await self._move(holder, places)
        inside = self._inside.get(holder)
        if inside is not None:
            inside.entrance = replace(inside.entrance, places=places)
            inside.provider = None if place is None else places[place].provider
        return place

    async def renew(self, progress: Iterable[Progress]) -> None:
        """Keep requests alive and note how far they have come; put back who was lost."""
        every = list(progress)
        for each in every:
            inside = self._inside.get(each.holder)
            if inside is not None:
                inside.progress = each
        self._share.renew(every)
        for begin in range(0, len(every), N_RENEWALS):
            if not self._outage.is_away:
                await self._renew(every[begin : begin + N_RENEWALS])

    async def leave(self, departure: Departure) -> None:
        """Take note that the request is over; the store is told with the next call."""
        is_ours = not departure.is_reaped  # else it may be in flight yet, here or elsewhere
        inside = self._inside.pop(departure.holder, None) if is_ours else None
        self._share.leave(departure)
        is_unheard = inside is not None and inside.is_degraded
        booked = inside.entrance.reservations if inside is not None and is_unheard else ()
        may_wait = inside is not None and not self._is_scarce(inside.entrance)
        self._lobby.leave(departure, booked, may_wait=may_wait)

    def _is_scarce(self, entrance: Entrance) -> bool:
        """Return whether anybody may be refused for want of what the request holds."""
        for claim in entrance.claims:
            if claim.limit.unit is Unit.CONCURRENT:
                return True
        for place in entrance.places:
            if place.n_places < N_PLENTY:
                return True
        return any(not self._wire.has_room(reservation) for reservation in entrance.reservations)

    async def flush(self) -> None:
        """Return once the store has been told of everybody who left, or is away."""
        await self._lobby.flush()

    async def spendings(self, budgets: Iterable[Budget]) -> list[Spending | None]:
        """Return what the open period of each budget has come to, None where it is not known.

        Raises StateUnavailableError while the store is away.
        """
        asked: list[Packable] = []
        for budget in budgets:
            asked += self._wire.base(budget)
        found = gate_wire.numbers(await self._call("spendings", asked)) if asked else []
        return [
            None if spent < 0 else Spending(spent, reserved)
            for spent, reserved in zip(found[::2], found[1::2], strict=True)
        ]

    async def correct(self, account: Account, *, by_microusd: int) -> bool:
        """Add to what an open period has come to; False when it is not known or not open."""
        base, kind = self._wire.base(Budget(account.subject, 0, account.period))
        asked: list[Packable] = [base, kind, account.starts_at, by_microusd]
        return gate_wire.number(await self._call("correct", asked)) == 1

    async def orphans(self) -> list[Orphan]:
        """Return requests that nobody has renewed in time, the oldest hundred.

        None for the length of a lease after the store was away: nobody could renew anything.
        Raises StateUnavailableError while it is.
        """
        if asyncio.get_running_loop().time() < self._trusts_leases_at:
            return []
        found = cast("list[bytes]", await self._run("orphans", b""))
        return [
            Orphan(holder.decode(), int(tokens), record)
            for holder, tokens, record in zip(found[::3], found[1::3], found[2::3], strict=True)
        ]

    async def in_flight(self, provider: str) -> int:
        """Return the places held now; raise StateUnavailableError while the store is away."""
        await self._lobby.told()
        (count,) = gate_wire.numbers(await self._call("count", [place_key(provider)]))
        return count

    async def aclose(self) -> None:
        """Tell the store who left, and stop."""
        await self.flush()
        await self._outage.aclose()

    async def _ask_store(self, entrance: Entrance, *, is_forced: bool = False) -> GateEntry | None:
        """Return the store's answer, with the sums it misses; None when it cannot be had."""
        seeds: Seeds = ()
        while not self._outage.is_away:
            answer = await self._lobby.ask(entrance, seeds, is_forced=is_forced)
            if not isinstance(answer, Unread):
                return answer
            try:
                seeds = await self._look_up(answer.accounts)
            except StateUnavailableError:
                break
        return None

    def _ask_share(self, entrance: Entrance) -> GateEntry:
        answer = self._share.enter(entrance)
        metrics.GATE_SHARED.labels("entered" if isinstance(answer, Entered) else "barred").inc()
        return answer

    async def _look_up(self, accounts: tuple[Account, ...]) -> Seeds:
        """Return what was spent, as the ledger has it; each account is read once at a time."""
        tasks = [self._look_up_task(account) for account in accounts]
        sums = [await asyncio.shield(task) for task in tasks]
        return tuple(zip(accounts, sums, strict=True))

    def _look_up_task(self, account: Account) -> "asyncio.Task[int]":
        task = self._look_ups.get(account)
        if task is None:
            task = asyncio.get_running_loop().create_task(
                self._look_up_one(account), context=contextvars.Context()
            )
            self._look_ups[account] = task
            task.add_done_callback(lambda _: self._look_ups.pop(account))
        return task

    async def _look_up_one(self, account: Account) -> int:
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS):
                return await self._spent(account.subject, account.starts_at)
        except Exception as error:
            # Whatever ails the ledger: without its sum the request gets a share, not a pass.
            _logger.warning("gateway.spent_unknown", extra={"error_type": type(error).__name__})
            raise StateUnavailableError("the ledger did not answer") from error

    async def _renew(self, progress: list[Progress]) -> None:
        try:
            unknown = await self._tell(progress)
            if unknown:
                await asyncio.gather(*(self._put_back(holder) for holder in unknown))
                await self._tell([each for each in progress if each.holder in unknown])
        except StateUnavailableError:
            return  # the next beat tries again

    async def _tell(self, progress: list[Progress]) -> set[str]:
        """Renew, and return those the store does not know."""
        arguments: list[Packable] = []
        for each in progress:
            arguments += (each.holder, each.output_tokens, gate_wire.bytes_packed(each.record))
        return set(gate_wire.words(await self._call("renew", arguments)))

    async def _put_back(self, holder: str) -> None:
        """Enter by force with what the holder has."""
        inside = self._inside.get(holder)
        if inside is None:
            return
        held = of_the_held(inside.entrance, inside.provider)
        record = inside.progress.record
        if await self._ask_store(replace(held, record=record), is_forced=True) is not None:
            inside.is_degraded = False

    async def _move(self, holder: str, places: tuple[Place, ...]) -> int | None:
        asked = [part for each in places for part in (place_key(each.provider), each.n_places)]
        try:
            place = await self._ask_move(holder, asked)
            if place == _UNKNOWN and holder in self._inside:
                await self._put_back(holder)
                place = await self._ask_move(holder, asked)
        except StateUnavailableError:
            return self._share.move(holder, places)
        return place if place >= 0 else None

    async def _ask_move(self, holder: str, places: list[str | int]) -> int:
        return gate_wire.number(await self._call("move", [holder, places]))

    def _go_alone(self) -> None:
        """Begin an outage: the seats that are held here count against the share from now on."""
        self._share.join(
            of_the_held(inside.entrance, inside.provider)
            for inside in self._inside.values()
            if not inside.is_degraded
        )

    async def _report_back(self) -> None:
        """End an outage: tell the store who has left, and who is still here."""
        self._share.reset()
        self._trusts_leases_at = asyncio.get_running_loop().time() + self._timing.lease_seconds
        self._lobby.wake()
        await self.renew([inside.progress for inside in self._inside.values()])

    async def _call(self, operation: str, arguments: Packable) -> bytes:
        if self._outage.is_away:
            raise StateUnavailableError("the gate's store is away")
        return await self._run(operation, gate_wire.packed(arguments))

    async def _run(self, operation: str, packed: bytes) -> bytes:
        """Return the script's answer, or raise StateUnavailableError when it does not come soon."""
        try:
            with translated():
                answer = await self._ask(operation, packed)
        except StateUnavailableError as error:
            self._outage.failed(error)
            raise
        self._outage.worked()
        return answer

    async def _ask(self, operation: str, packed: bytes) -> bytes:
        """Return the answer; a store that has no such library is given it."""
        command = ("FCALL", self._name, 1, self._prefix, operation, packed, self._lease_us)
        async with self._calling:
            with self._patience:
                try:
                    return await self._line.ask(command)
                except ResponseError as error:
                    if _NO_LIBRARY not in str(error):
                        raise
                await self._line.ask(("FUNCTION", "LOAD", "REPLACE", self._library))
                return await self._line.ask(command)


def _now_us() -> int:
    return time.time_ns() // 1000
