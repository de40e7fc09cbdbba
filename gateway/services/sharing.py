"""One call for all who ask the same at the same time: each gets its beginning, then goes along.

In a process the one who came first has a `SharedRun`, and the others listen to it. Its task makes
the call, or follows the process that does; so nobody's leaving ends it for the rest. It is
cancelled when the last one leaves, in whatever process that is. Who leads pays.

When the process that leads dies, a run that has said nothing yet asks itself; one in the middle
of an answer ends with an error, as there is nothing that could go on with it word for word.
"""

import asyncio
import contextlib
import contextvars
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from uuid import uuid4
from weakref import WeakKeyDictionary

from gateway import metrics
from gateway.domain.catalog import Route
from gateway.domain.errors import (
    AccessError,
    AdmissionError,
    DeadlinePhase,
    GatewayError,
    ProviderTimeoutError,
    StateUnavailableError,
    StoppedError,
    StreamTruncatedError,
)
from gateway.domain.kept import Gathering, size_of
from gateway.domain.messages import (
    Delta,
    Failed,
    Finish,
    FinishReason,
    Start,
    Usage,
    UsageUpdate,
)
from gateway.domain.money import AttemptEnd
from gateway.domain.ports import Ports, SharedRuns
from gateway.services import admitting, keeping
from gateway.services.calls import Call
from gateway.services.heartbeat import Heart
from gateway.services.watchdog import Watchdog

LEADER, FOLLOWER = "leader", "follower"
AHEAD_BYTES = 1024 * 1024  # so far ahead of its quickest listener a call may be
JOIN_SECONDS = 0.5
N_LEADERS = 3  # so many of them may die before a run asks by itself, whoever else does
_NEVER_SHOWN = (Start, UsageUpdate)
_shared = metrics.SPARED.labels("shared")

Ask = Callable[[], AsyncGenerator[Delta, None]]
_runs: WeakKeyDictionary[Heart, "dict[str, SharedRun]"] = WeakKeyDictionary()


async def stream(
    call: Call, key: str, route: Route, *, ask: Ask, ports: Ports, heart: Heart
) -> AsyncGenerator[Delta, None]:
    """Yield the answer, together with everybody who asks the same now."""
    call.start_clock(ports.deadlines)
    here = _runs.setdefault(heart, {})
    run = here.get(key)
    is_first = run is None or not run.is_open
    if run is None or is_first:
        run = here[key] = SharedRun(call, key, route, ask=ask, ports=ports, here=here)
        run.begin(beat_seconds=heart.beat_seconds)
    run.n_listeners += 1
    try:
        await run.is_decided.wait()
        if is_first and run.leads:
            call.spared.shared = LEADER
            deltas = run.said()
        else:
            call.spared.shared = FOLLOWER
            deltas = _followed(call, run, is_first=is_first, ask=ask, ports=ports)
        async with aclosing(deltas):
            async for delta in deltas:
                yield delta
    finally:
        run.one_left()


async def _followed(
    call: Call, run: "SharedRun", *, is_first: bool, ask: Ask, ports: Ports
) -> AsyncGenerator[Delta, None]:
    """Yield what somebody else's call is answered; count it as a request that costs nothing."""
    # Its own while it listens: the call gets another one, should its run have to ask itself.
    watchdog = call.watchdog
    has_shown = False
    try:
        await admitting.enter_spared(call, ports=ports)
        async with aclosing(run.said(watchdog)) as deltas:
            async for delta in deltas:
                if is_first and run.leads:
                    # It has taken over, and is counted by its own pipeline.
                    call.spared.shared = LEADER
                elif isinstance(delta, Failed) and not has_shown and _is_their_own(delta.error):
                    break
                elif isinstance(delta, Finish | Failed):
                    _note_end(call, run, delta, ports=ports)
                has_shown = has_shown or not isinstance(delta, _NEVER_SHOWN)
                yield delta
            else:
                return
    except GatewayError as error:
        failed = Failed(error)
        call.observed.ended(failed, Usage())
        yield failed
        return
    except (GeneratorExit, asyncio.CancelledError):
        call.observed.abandoned()
        raise
    # What stopped the other one, its limits or its patience, does not stop us.
    call.spared.shared = ""
    async with aclosing(ask()) as deltas:
        async for delta in deltas:
            yield delta


def _note_end(call: Call, run: "SharedRun", terminal: Finish | Failed, *, ports: Ports) -> None:
    call.spared.given_by = run.given_by
    keeping.write_down(call, AttemptEnd.SHARED, ports=ports)
    _shared.inc()
    call.observed.ended(terminal, Usage())


def _is_their_own(error: GatewayError) -> bool:
    """Return whether a failure says something about who asked, not about what was asked."""
    return isinstance(error, AdmissionError | AccessError | StoppedError) or (
        isinstance(error, ProviderTimeoutError) and error.phase is DeadlinePhase.TOTAL
    )


class SharedRun:
    """A call being made for several, or one in another process being followed."""

    def __init__(
        self,
        call: Call,
        key: str,
        route: Route,
        *,
        ask: Ask,
        ports: Ports,
        here: "dict[str, SharedRun]",
    ) -> None:
        assert ports.runs is not None  # nothing is shared otherwise
        self.id = uuid4().hex
        self.n_listeners = 0
        self.leads = False
        self.is_open = True
        self.is_decided = asyncio.Event()
        self.given_by = ("", "")
        self._call = call
        self._key = key
        self._route = route
        self._ask = ask
        self._ports = ports
        self._runs: SharedRuns = ports.runs
        self._here = here
        self._leader = self.id
        self._deltas: list[Delta] = []
        self._is_over = False
        self._n_bytes = 0
        self._n_read_bytes = 0
        self._news = asyncio.Event()
        self._read = asyncio.Event()
        self._patience: asyncio.Timeout | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self, *, beat_seconds: float) -> None:
        """Ask, or find who does; it goes on whoever leaves."""
        for step in (self._run(), self._beat(beat_seconds)):
            # Of nobody's request in particular, so that cancelling one does not touch it.
            task = asyncio.get_running_loop().create_task(step, context=contextvars.copy_context())
            self._tasks.append(task)

    async def said(self, watchdog: Watchdog | None = None) -> AsyncGenerator[Delta, None]:
        """Yield everything from the beginning, up to the watchdog's deadline if there is one."""
        index = n_bytes = 0
        while True:
            while index < len(self._deltas):
                delta = self._deltas[index]
                index += 1
                n_bytes += size_of(delta)
                if n_bytes > self._n_read_bytes:
                    self._n_read_bytes = n_bytes
                    self._read.set()
                yield delta
                if isinstance(delta, Finish | Failed):
                    return
            news = self._news
            if watchdog is None:
                await news.wait()
            else:
                await watchdog.until(
                    news.wait, seconds=watchdog.remaining_seconds, phase=DeadlinePhase.TOTAL
                )

    def one_left(self) -> None:
        """Take one listener away; without any, the call is ended."""
        self.n_listeners -= 1
        self._read.set()
        if self.n_listeners == 0 and self.is_open:
            task = asyncio.get_running_loop().create_task(self._end_unless_heard())
            self._tasks.append(task)

    async def _run(self) -> None:
        """Make the answer, from whoever gives it; what goes wrong is its last delta."""
        terminal: Delta = Failed(StreamTruncatedError("the shared call stopped without an end"))
        try:
            terminal = await self._answer()
        except asyncio.CancelledError:
            terminal = Finish(FinishReason.CANCELLED)
            raise
        finally:
            self._finish(terminal)
            self.is_decided.set()
            for task in self._tasks[1:]:
                if task is not asyncio.current_task():
                    task.cancel()
            with contextlib.suppress(StateUnavailableError):
                await asyncio.shield(self._give_back())

    async def _answer(self) -> Delta:
        for _ in range(N_LEADERS):
            self._leader = await self._found_leader()
            if self._leader == self.id:
                return await self._lead()
            self.is_decided.set()
            if (terminal := await self._follow()) is not None:
                return terminal
            if any(not isinstance(delta, _NEVER_SHOWN) for delta in self._deltas):
                return Failed(StreamTruncatedError("whoever asked for this answer is gone"))
            metrics.RUNS_TAKEN_OVER.inc()
            self._deltas.clear()
            # The call's first one watches over whoever listens; one watches over one task only.
            self._call.watchdog = Watchdog()
        self._leader = self.id
        return await self._lead()

    async def _found_leader(self) -> str:
        """Return who asks; while the store is away each process asks for itself."""
        try:
            async with asyncio.timeout(JOIN_SECONDS):
                return await self._runs.join(self._key, member=self.id)
        except (StateUnavailableError, TimeoutError):
            return self.id

    async def _lead(self) -> Delta:
        self.leads = True
        self.is_decided.set()
        writer, gathering = self._runs.write(self.id), Gathering()
        terminal: Delta = Failed(StreamTruncatedError("the shared call stopped without an end"))
        try:
            async with aclosing(self._ask()) as deltas:
                async for delta in deltas:
                    writer.write(delta)
                    if isinstance(delta, Finish | Failed):
                        terminal = delta
                        self._keep(gathering, terminal)
                        self._finish(terminal)
                        continue
                    gathering.take(delta)
                    self._take(delta)
                    await self._keep_pace()
        finally:
            # Whoever is cancelled here has nobody left to tell.
            await asyncio.shield(writer.end())
        return terminal

    async def _follow(self) -> Delta | None:
        """Return how the leader's answer ended; None when the leader is gone before it did."""
        try:
            async with asyncio.timeout(None) as self._patience:
                async with aclosing(self._runs.follow(self._leader)) as deltas:
                    async for delta in deltas:
                        if isinstance(delta, Finish | Failed):
                            return delta
                        if isinstance(delta, Start):
                            self.given_by = (delta.provider, delta.model)
                        self._take(delta)
        except TimeoutError:
            pass
        finally:
            self._patience = None
        return None

    async def _beat(self, beat_seconds: float) -> None:
        """Show that this process is alive, and see whether the one that leads is."""
        n_missed = 0
        while True:
            await asyncio.sleep(beat_seconds)
            try:
                is_led = await self._runs.renew(self._key, run=self._leader, member=self.id)
            except StateUnavailableError:
                continue
            n_missed = 0 if is_led else n_missed + 1
            if n_missed > 1 and self._patience is not None:
                # Twice: between its last word and the end of its lease a leader may be heard yet.
                self._patience.reschedule(0.0)
                n_missed = 0
            if self.n_listeners == 0:
                await self._end_unless_heard()

    async def _end_unless_heard(self) -> None:
        """Cancel the call when nobody listens to it, here or in another process."""
        is_alone = True
        if self.leads:
            with contextlib.suppress(StateUnavailableError, TimeoutError):
                async with asyncio.timeout(JOIN_SECONDS):
                    is_alone = await self._runs.retire(self._key, run=self.id, is_over=False)
        if is_alone and self.n_listeners == 0 and self.is_open:
            self._close()
            self._tasks[0].cancel()

    async def _give_back(self) -> None:
        if self._leader == self.id:
            await self._runs.retire(self._key, run=self.id, is_over=True)
        else:
            await self._runs.leave(self._key, member=self.id)

    async def _keep_pace(self) -> None:
        """Wait while the call is far ahead of everybody who listens here."""
        while self.n_listeners and self._n_bytes - self._n_read_bytes > AHEAD_BYTES:
            self._read.clear()
            await self._read.wait()

    def _keep(self, gathering: Gathering, terminal: Delta) -> None:
        """Keep the answer before anybody can ask for it anew."""
        call = self._call
        if call.target is not None:
            self.given_by = (call.target.provider.name, call.target.model)
        keeping.keep(call, self._key, self._route, gathering, terminal, ports=self._ports)

    def _finish(self, terminal: Delta) -> None:
        """Say the last word, once."""
        self._close()
        if not self._is_over:
            self._is_over = True
            self._take(terminal)

    def _take(self, delta: Delta) -> None:
        self._deltas.append(delta)
        self._n_bytes += size_of(delta)
        self._news.set()
        self._news = asyncio.Event()

    def _close(self) -> None:
        """Let nobody else join: whoever asks next begins anew."""
        self.is_open = False
        if self._here.get(self._key) is self:
            del self._here[self._key]
