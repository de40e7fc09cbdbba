"""A second attempt beside a slow first one: whoever has content first answers.

The loser is closed at once, and what it used is written down as a hedge.
"""

import asyncio

from gateway.domain import attributes
from gateway.domain.errors import DeadlinePhase, GatewayError
from gateway.domain.gate import Entered, Entrance
from gateway.domain.messages import Delta
from gateway.domain.money import AttemptEnd
from gateway.domain.ports import Ports
from gateway.domain.routing import Candidate, Choice, Exclusion
from gateway.services import admitting, asking, settling, waiting
from gateway.services.attempts import Attempt
from gateway.services.calls import Call
from gateway.services.watchdog import Watchdog

Opening = list[Delta]


async def opening(call: Call, attempt: Attempt, *, ports: Ports) -> tuple[Opening, Attempt]:
    """Return what is said up to the first content, and by whom; raise what made all fail."""
    after_seconds = call.the_route().retry.hedge_after_seconds
    if after_seconds is None or call.is_answering or not _rivals(call, attempt):
        return await attempt.opening(), attempt
    race = _Race(call, ports)
    race.enter(attempt)
    kept, is_won = attempt, False
    try:
        said, kept = await call.watchdog.until(
            lambda: race.run(after_seconds),
            seconds=call.watchdog.remaining_seconds,
            phase=DeadlinePhase.TOTAL,
        )
        is_won = True
    finally:
        _make_current(call, kept)
        await race.over(kept, is_won=is_won)
    if kept is not attempt:
        call.observed.routed(decision=Choice.HEDGE.value, cost_score=kept.candidate.cost_score)
    return said, kept


class _Race:
    """Two attempts at once, each in a task of its own until one of them has content."""

    def __init__(self, call: Call, ports: Ports) -> None:
        self._call = call
        self._ports = ports
        self._running: dict[asyncio.Task[Opening], Attempt] = {}

    def enter(self, attempt: Attempt) -> None:
        """Let the attempt run."""
        attempt.watchdog = Watchdog()  # the call's order to stop cancels the task
        task = asyncio.get_running_loop().create_task(attempt.opening())
        self._running[task] = attempt

    async def run(self, after_seconds: float) -> tuple[Opening, Attempt]:
        """Return the first opening there is, with a rival from ``after_seconds`` on."""
        first = next(iter(self._running.values()))
        done, _ = await asyncio.wait(self._running, timeout=after_seconds)
        if not done:
            await self._let_a_rival_in(first)
        while self._running:
            done, _ = await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            for task in sorted(done, key=_is_broken):
                error = task.exception()
                if error is None:
                    return task.result(), self._running[task]
                is_last_of_all = self._running[task] is first and len(self._running) == 1
                if not isinstance(error, GatewayError) or is_last_of_all:
                    raise error
                await self._lost(task, error)
        assert first.error is not None  # it lost as well, before its rival did
        raise first.error

    async def over(self, kept: Attempt, *, is_won: bool) -> None:
        """End everything but the attempt that is kept."""
        end = AttemptEnd.HEDGED if is_won else AttemptEnd.CANCELLED
        others = [attempt for attempt in self._running.values() if attempt is not kept]
        for task in self._running:
            task.cancel()
        for attempt in others:
            # Before anything is waited for: whoever is cancelled twice has still paid.
            settling.settle(attempt, end, ports=self._ports)
        if self._running:
            await asyncio.wait(self._running)
        kept.watchdog = self._call.watchdog
        for attempt in others:
            await attempt.close()

    async def _let_a_rival_in(self, first: Attempt) -> None:
        call = self._call
        rivals = waiting.unclaimed(_rivals(call, first), ports=self._ports)
        if not rivals:
            return
        holder = f"{call.stay.holder}.{len(call.attempts)}"
        answer = await self._ports.gate.enter(Entrance(holder, places=admitting.places_of(rivals)))
        call.stay.other_holders.append(holder)
        if not isinstance(answer, Entered) or answer.place is None:
            return
        call.observed.happened(attributes.HEDGE, target=rivals[answer.place].target.id)
        self.enter(
            asking.issue(
                call, rivals[answer.place], has_other=True, ports=self._ports, is_hedge=True
            )
        )

    async def _lost(self, task: "asyncio.Task[Opening]", error: GatewayError) -> None:
        attempt = self._running.pop(task)
        self._call.excluded[attempt.target.id] = Exclusion.FAILED
        try:
            await attempt.failed(error)
        finally:
            settling.settle(attempt, AttemptEnd.ERROR, ports=self._ports)
            await attempt.close()


def _make_current(call: Call, kept: Attempt) -> None:
    """Let the attempt be the call's current one, whoever was asked after it."""
    if call.current is not kept:
        call.attempts.remove(kept)
        call.attempts.append(kept)
        call.observed.answered_by(kept.target)


def _is_broken(task: "asyncio.Task[Opening]") -> bool:
    return task.exception() is not None


def _rivals(call: Call, attempt: Attempt) -> tuple[Candidate, ...]:
    """Return who may run against the attempt; a target on probation is not hurried."""
    return tuple(
        one
        for one in call.candidates()
        if one.target.id != attempt.target.id and not one.needs_probe
    )
