"""Who waits for the gate's next call: one call at a time, with everybody who came meanwhile."""

import asyncio
import contextvars
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from gateway import metrics
from gateway.adapters.redis.gate_wire import Wire
from gateway.domain.budget import Account
from gateway.domain.errors import StateUnavailableError
from gateway.domain.gate import Departure, Entered, Entrance, Entry, Reservation
from gateway.domain.gatehouse import Unread

N_ENTRANCES = 64  # per call: a millisecond or two of the store's time
N_DEPARTURES = 256
N_KEPT_DEPARTURES = 50_000
HOLD_SECONDS = 0.005  # after that a departure goes alone

Seeds = tuple[tuple[Account, int], ...]
Answer = Entry | Unread | None
"""None: the store did not answer."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Asked:
    """An entrance waiting for its call; by force is entered only what is still in flight."""

    entrance: Entrance
    future: asyncio.Future[Answer]
    seeds: Seeds
    is_forced: bool


@dataclass(frozen=True, slots=True)
class _Left:
    """A departure, and under which budgets to book it if the store never knew of the holder."""

    departure: Departure
    booked: tuple[Reservation, ...]


class Lobby:
    """Gathers comings and goings for ``run``; belongs to one event loop."""

    def __init__(
        self,
        run: Callable[[bytes], Awaitable[bytes]],
        *,
        wire: Wire,
        is_away: Callable[[], bool],
        is_inside: Callable[[str], bool],
    ) -> None:
        self._run = run
        self._wire = wire
        self._is_away = is_away
        self._is_inside = is_inside
        self._entering: deque[_Asked] = deque()
        self._leaving: deque[_Left] = deque()
        self._pumping: asyncio.Task[None] | None = None
        self._is_holding = False
        self._is_due = False
        self._has_turned = asyncio.Event()

    async def ask(
        self, entrance: Entrance, seeds: Seeds = (), *, is_forced: bool = False
    ) -> Answer:
        """Return the store's answer; who stops waiting for it leaves again."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._entering.append(_Asked(entrance, future, seeds, is_forced))
        self._start()
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self._turn_back(entrance, future.result())
            raise

    def leave(
        self,
        departure: Departure,
        booked: tuple[Reservation, ...] = (),
        *,
        may_wait: bool = False,
    ) -> None:
        """Tell the store with the next call; while it is away, keep it in mind.

        Who may wait does so for the next entrance, a moment at most: it goes before everybody
        who enters here, and a call for it alone would cost as much again.
        """
        if len(self._leaving) >= N_KEPT_DEPARTURES:
            # Leases and the reaper do the rest; memory has to end somewhere.
            self._leaving.popleft()
            metrics.GATE_FORGOTTEN.inc()
        self._leaving.append(_Left(departure, booked))
        if not may_wait:
            self.wake()
        elif not self._is_holding:
            self._is_holding = True
            asyncio.get_running_loop().call_later(
                HOLD_SECONDS, self._hold_no_longer, context=contextvars.Context()
            )

    def wake(self) -> None:
        """See to it that somebody calls for all who have left."""
        self._is_due = True
        self._start()

    def _hold_no_longer(self) -> None:
        self._is_holding = False
        if self._leaving:
            self.wake()

    def _start(self) -> None:
        if self._pumping is None:
            self._pumping = asyncio.get_running_loop().create_task(
                # It serves every request, so it carries the context of none.
                self._pump(),
                context=contextvars.Context(),
            )

    async def told(self) -> None:
        """Return once all who have left are in a call; whatever is asked then is asked after it."""
        while self._leaving and not self._is_away():
            self.wake()
            self._has_turned.clear()
            await self._has_turned.wait()

    async def flush(self) -> None:
        """Return once nobody waits any more, or the store is away."""
        if self._leaving:
            self.wake()
        while self._pumping is not None:
            await asyncio.shield(self._pumping)

    async def _pump(self) -> None:
        try:
            while (self._entering or self._is_due) and not self._is_away():
                await self._turn()
        finally:
            self._pumping = None
            self._has_turned.set()
            while self._entering:
                _settle(self._entering.popleft(), None)

    async def _turn(self) -> None:
        """Make one call; whatever happens, nobody is left standing."""
        asked = self._next_asked()
        left = [self._leaving.popleft() for _ in range(min(len(self._leaving), N_DEPARTURES))]
        self._is_due = bool(self._leaving)
        self._has_turned.set()
        if not asked and not left:
            return
        answers: Sequence[Answer] = [None] * len(asked)
        try:
            answers = self._wire.answers(
                await self._run(self._packed(asked, left)), [each.entrance for each in asked]
            )
        except StateUnavailableError:
            self._leaving.extendleft(reversed(left))
            self._is_due = bool(self._leaving)
        except Exception as error:  # noqa: BLE001  what cannot be packed must not stop the others
            _logger.error("gateway.gate_broke", extra={"error_type": type(error).__name__})
            await self._see_off(left)
        for each, answer in zip(asked, answers, strict=True):
            if not _settle(each, answer):
                self._turn_back(each.entrance, answer)

    async def _see_off(self, left: list[_Left]) -> None:
        """Tell the store of each by itself: what broke their call may be any one of it."""
        for each in left:
            try:
                await self._run(self._packed([], [each]))
            except StateUnavailableError:
                self._leaving.append(each)
                self._is_due = True
            except Exception:  # noqa: BLE001  this is the one; its leases end by themselves
                metrics.GATE_FORGOTTEN.inc()

    def _packed(self, asked: list[_Asked], left: list[_Left]) -> bytes:
        return self._wire.turn(
            [seed for each in asked for seed in each.seeds],
            [(each.departure, each.booked) for each in left],
            [(each.entrance, each.is_forced) for each in asked],
        )

    def _next_asked(self) -> list[_Asked]:
        """Return who is still waiting, up to a callful."""
        asked: list[_Asked] = []
        while self._entering and len(asked) < N_ENTRANCES:
            each = self._entering.popleft()
            if each.is_forced and not self._is_inside(each.entrance.holder):
                _settle(each, None)
            elif not each.future.done():
                asked.append(each)
        return asked

    def _turn_back(self, entrance: Entrance, answer: Answer) -> None:
        if isinstance(answer, Entered) and entrance.stays:
            self.leave(Departure(entrance.holder, tokens=0, cost_microusd=0, is_void=True))


def _settle(asked: _Asked, answer: Answer) -> bool:
    """Hand over the answer; False when nobody waits for it any more."""
    if asked.future.done():
        return False
    asked.future.set_result(answer)
    return True
