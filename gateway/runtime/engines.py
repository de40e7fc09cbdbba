"""The engines of a process: one on a thread of its own, one on each loop that serves programs.

All provider I/O of the rooms runs on one asyncio loop in one thread, started when first needed
and again in a forked child. Threads hand it coroutines and wait; two hundred turns cost two
hundred waiting threads, not two hundred loops.
"""

import asyncio
import os
import threading
import weakref
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import TypeVar

from django.conf import settings

from gateway import snapshot
from gateway.domain.caller import Caller
from gateway.domain.messages import ChatRequest
from gateway.domain.ports import Ports
from gateway.runtime import wiring
from gateway.runtime.hubs import aclose_hub
from gateway.runtime.wiring import Wiring, build_ports
from gateway.services import asking_once
from gateway.services.heartbeat import Heart

CLOSING_SECONDS = 3.0

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Engine:
    """What a process has once: the loop in its thread, and what lives on that loop."""

    loop: asyncio.AbstractEventLoop
    ports: Ports
    heart: Heart


class _Process:
    """Holds the engine of this process; a forked child begins with none."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._engine: Engine | None = None

    def engine(self) -> Engine:
        """Return the engine, started by whoever asks first."""
        with self._lock:
            if self._engine is None:
                snapshot.start()
                loop = asyncio.new_event_loop()
                threading.Thread(target=loop.run_forever, name="gateway-loop", daemon=True).start()
                built = build_ports().ports
                heart = Heart(built, beat_seconds=settings.HEARTBEAT_SECONDS)
                self._engine = Engine(loop, built, heart)
            return self._engine

    def forget(self) -> None:
        """Drop the engine without touching it: in a forked child its thread does not exist."""
        self._lock = threading.Lock()
        self._engine = None


_process = _Process()
for forget in (_process.forget, wiring.outbound.cache_clear, wiring.ledger.cache_clear):
    os.register_at_fork(after_in_child=forget)


def engine() -> Engine:
    """Return the engine of this process's thread, started by whoever asks first."""
    return _process.engine()


def ports() -> Ports:
    """Return the process's ports; they belong to the loop thread."""
    return engine().ports


@dataclass(frozen=True, slots=True)
class LoopEngine:
    """What a loop that serves programs itself has once."""

    wiring: Wiring
    heart: Heart

    @property
    def ports(self) -> Ports:
        """Return the loop's ports."""
        return self.wiring.ports


_engines: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, LoopEngine] = (
    weakref.WeakKeyDictionary()
)


def engine_here() -> LoopEngine:
    """Return the running loop's own engine: what serves programs does not hop to a thread."""
    loop = asyncio.get_running_loop()
    engine = _engines.get(loop)
    if engine is None:
        wiring = build_ports()
        heart = Heart(wiring.ports, beat_seconds=settings.HEARTBEAT_SECONDS)
        engine = LoopEngine(wiring, heart)
        _engines[loop] = engine
    return engine


async def aclose_engine_here() -> None:
    """Write down what the running loop's engine still has to, if there is one, and let it go.

    A database that is away does not hold up the end: the ledger's journal is on the disk.
    """
    engine = _engines.pop(asyncio.get_running_loop(), None)
    if engine is not None:
        await engine.wiring.aclose()
        await aclose_hub()
        await asyncio.to_thread(wiring.ledger().close, seconds=CLOSING_SECONDS)


def ask(
    request: ChatRequest, *, caller: Caller, attributes: dict[str, str], budget_seconds: float
) -> asking_once.Answer:
    """Return the whole answer of a model while this thread waits; raise its GatewayError."""
    step = asking_once.ask(
        request,
        caller=caller,
        attributes=attributes,
        budget_seconds=budget_seconds,
        ports=engine().ports,
        heart=engine().heart,
    )
    return asyncio.run_coroutine_threadsafe(step, engine().loop).result()


def call(step: Coroutine[object, object, Result]) -> Result:
    """Return what the coroutine returns, run on the loop thread while this thread waits."""
    return asyncio.run_coroutine_threadsafe(step, engine().loop).result()
