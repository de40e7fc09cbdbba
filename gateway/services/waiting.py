"""The line for a place: who waits, who is to ask next, and who had better not wait at all.

Nothing of this is reached while a place is free. Only the first of a line asks the gate: at once
when a place is given back in this process, and else every little while, because other processes
give places back as well. So however many wait, one question at a time is asked for each provider.
"""

import asyncio
import random
from dataclasses import dataclass, field

from gateway import metrics
from gateway.domain.errors import (
    DeadlinePhase,
    LineFullError,
    ProviderBusyError,
    ProviderTimeoutError,
)
from gateway.domain.fair_line import Belonging
from gateway.domain.gate import Place
from gateway.domain.ports import Ports
from gateway.domain.retrying import SHORTEST_ATTEMPT_SECONDS, pause_seconds
from gateway.domain.routing import Candidate
from gateway.domain.waiting import Lines, Standing, Waiter
from gateway.services.calls import Call

PLACES = "places"  # the queue's name in the series


def unclaimed(candidates: tuple[Candidate, ...], *, ports: Ports) -> tuple[Candidate, ...]:
    """Return those at whose provider nobody waits: a newcomer overtakes no one."""
    lines = ports.lines.by_provider
    if not lines:
        return candidates
    return tuple(one for one in candidates if one.target.provider.name not in lines)


def gave_back(provider: str, *, ports: Ports) -> None:
    """Tell whoever waits that a place at the provider is free, or soon will be."""
    ports.lines.freed(provider)


def left(call: Call, *, ports: Ports) -> None:
    """Tell whoever waits that the call has given back all it held, its rivals' seats included."""
    if ports.lines.by_provider:
        held = {attempt.target.provider.name for attempt in call.attempts}
        for provider in held | {call.stay.seat}:
            ports.lines.freed(provider)


async def place(call: Call, candidates: tuple[Candidate, ...], *, ports: Ports) -> Candidate:
    """Return the candidate at whose provider a place came free, which is the call's from now on.

    Raises LineFullError when too many wait already, ProviderBusyError when no place came free in
    time or, all but certainly, none will; ``retry_after_seconds`` is told by how they came lately.
    """
    patience = max(candidate.target.provider.wait_seconds for candidate in candidates)
    left_seconds = call.watchdog.remaining_seconds - SHORTEST_ATTEMPT_SECONDS
    wait = _Wait(call, candidates, ports.lines)
    outcome = "cancelled"
    call.stay.standing = wait.standing
    try:
        wait.begin(min(patience, left_seconds))
        found = await call.watchdog.until(
            lambda: wait.place(ports),
            seconds=min(patience, left_seconds),
            phase=DeadlinePhase.CONNECT,
        )
        outcome = "admitted"
    except ProviderTimeoutError:
        outcome = "expired"
        if left_seconds < patience:
            raise ProviderTimeoutError(
                "no time is left for an attempt", phase=DeadlinePhase.TOTAL
            ) from None
        raise ProviderBusyError(
            "every place at the provider stayed taken",
            retry_after_seconds=wait.standing().eta_seconds,
        ) from None
    except ProviderBusyError:
        outcome = "refused"
        raise
    finally:
        wait.end()
        call.stay.standing = None
        call.observed.waited(wait.seconds, position=wait.came_at_position)
        metrics.QUEUE_WAIT_SECONDS.labels(PLACES, outcome).observe(wait.seconds)
    return found


@dataclass(slots=True, eq=False)
class _Wait:
    """One call's wait for a place at one of its candidates."""

    call: Call
    candidates: tuple[Candidate, ...]
    lines: Lines
    came_at: float = field(init=False)
    came_at_position: int = 0
    _waiter: Waiter = field(init=False)
    _is_called: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Know whose wait it is, and since when."""
        self.came_at = self.now
        self._waiter = Waiter(_belonging(self.call), self._is_called.set)

    @property
    def now(self) -> float:
        """Return the loop's time."""
        return self.call.watchdog.now

    @property
    def seconds(self) -> float:
        """Return how long it has lasted."""
        return self.now - self.came_at

    @property
    def providers(self) -> list[str]:
        """The providers of the candidates, each once, best first."""
        return list(dict.fromkeys(one.target.provider.name for one in self.candidates))

    def begin(self, seconds: float) -> None:
        """Join the lines, or raise that there is no room or no hope to be served in time."""
        metrics.PLACE_WAITERS.inc()
        self.lines.join(self._waiter, self.providers, at=self.now)
        self._stay_or_go()
        self.came_at_position = self.standing().position
        if self.lines.is_hopeless(self._waiter, seconds):
            eta_seconds = self.standing().eta_seconds or 0.0
            raise ProviderBusyError(
                "every place at the provider is taken for longer than there is time",
                retry_after_seconds=max(0.0, eta_seconds - seconds),
            )

    def standing(self) -> Standing:
        """Return where the call stands now."""
        return self.lines.standing(self._waiter, at=self.now)

    async def place(self, ports: Ports) -> Candidate:
        """Return the candidate whose place the call has got, whenever that is."""
        n_vain = 0
        while True:
            self._is_called.clear()
            mine = self._to_ask_for()
            if mine:
                places = tuple(_place_at(one) for one in mine)
                index = await ports.gate.move(self.call.stay.holder, places)
                if index is not None:
                    provider = mine[index].target.provider.name
                    self.lines.serve(self._waiter, provider, at=self.now)
                    return mine[index]
            n_vain = 0 if await self._called(n_vain if mine else None) else n_vain + 1
            self._stay_or_go()

    def end(self) -> None:
        """Leave the lines, however it went."""
        metrics.PLACE_WAITERS.dec()
        self.lines.leave(self._waiter)

    def _to_ask_for(self) -> tuple[Candidate, ...]:
        """Return those at whose provider this call is the first in the line."""
        return tuple(
            one
            for one in self.candidates
            if self.lines.is_first(self._waiter, one.target.provider.name)
        )

    async def _called(self, n_vain: int | None) -> bool:
        """Return True when called, False when it is time to ask again; None asks only then."""
        if n_vain is None:
            return await self._is_called.wait()
        loop = asyncio.get_running_loop()
        pause = pause_seconds(n_vain, roll=random.random())
        is_time = loop.call_later(pause, self._is_called.set)
        due_at = is_time.when()
        try:
            await self._is_called.wait()
        finally:
            is_time.cancel()
        return loop.time() < due_at

    def _stay_or_go(self) -> None:
        if not self._waiter.providers:
            raise LineFullError(
                "too many wait for a place at the provider",
                retry_after_seconds=self.lines.soonest_seconds(self.providers, at=self.now),
            )


def _place_at(candidate: Candidate) -> Place:
    return Place(candidate.target.provider.name, candidate.target.provider.n_places)


def _belonging(call: Call) -> Belonging:
    """Return whose turn the call takes: its tenant's, and in it its room's or its key's."""
    caller = call.caller
    weight = caller.key.tenant.weight if caller.key else 1
    return Belonging(caller.tenant, weight, caller.room_id or caller.key_id)
