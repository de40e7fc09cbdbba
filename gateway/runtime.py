"""The composition root: reads settings once, builds the adapters, owns the loop thread.

All provider I/O of a process runs on one asyncio loop in one thread, started when first
needed and again in a forked child. Threads hand it coroutines and wait; two hundred turns cost
two hundred waiting threads, not two hundred loops.
"""

import asyncio
import contextlib
import os
import queue
import threading
import weakref
from collections.abc import Callable, Coroutine, Generator, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import TypeVar

from django.conf import settings
from redis import Redis as PlainRedis
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry as PlainRetry

from gateway import metrics, snapshot
from gateway.adapters import spent
from gateway.adapters.ledger import BatchLedger
from gateway.adapters.providers import CONTINUATIONS, build_providers
from gateway.adapters.providers.http import Http
from gateway.adapters.redis.admission import RedisAdmissions
from gateway.adapters.redis.breaker import RedisBreakers
from gateway.adapters.redis.cache import RedisAnswerCache
from gateway.adapters.redis.cancellation import RedisCancelSignals
from gateway.adapters.redis.coalescing import RedisSharedRuns
from gateway.adapters.redis.gate import GateTiming, RedisGate
from gateway.adapters.redis.leases import RedisLeases
from gateway.adapters.redis.notices import RedisNotices
from gateway.adapters.redis.relay import RedisRelay
from gateway.adapters.redis.relay_hub import RedisRelayHub
from gateway.adapters.redis.strikes import RedisStrikes
from gateway.domain.admission import AdmissionPolicy, QueuePolicy
from gateway.domain.breaker import BreakerPolicy
from gateway.domain.caller import Caller
from gateway.domain.catalog import SCRIPTED
from gateway.domain.errors import StateUnavailableError
from gateway.domain.messages import ChatRequest, Deadlines
from gateway.domain.ports import Notices, Ports
from gateway.domain.speech import Outcome, Piece, SpeechOrder
from gateway.domain.vitals import TargetMemory
from gateway.services import asking_once, queues, streaming
from gateway.services.heartbeat import Heart

TURNS = "turns"
BREAKER_POLICY = BreakerPolicy()
HANDOVER_PIECES = 64
WRITE_SECONDS = 20.0
CLOSING_SECONDS = 3.0
STORE_TIMEOUT_SECONDS = 2.0
STORE_CONNECTIONS = 32
SCRAPE_SECONDS = 0.5

_TCP_OPTIONS: dict[str, object] = {"socket_keepalive": True}

Result = TypeVar("Result")


def store(*, is_listening: bool = False) -> Redis:
    """Return a client of the shared store, with timeouts in seconds rather than minutes.

    A listening client waits for messages as long as it takes and never retries by itself:
    whoever listens has to know that something was missed.
    """
    options: dict[str, object] = {} if settings.REDIS_URL.startswith("unix:") else _TCP_OPTIONS
    pool = BlockingConnectionPool.from_url(
        settings.REDIS_URL,
        max_connections=STORE_CONNECTIONS,
        timeout=STORE_TIMEOUT_SECONDS,
        socket_connect_timeout=STORE_TIMEOUT_SECONDS,
        socket_timeout=None if is_listening else STORE_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0 if is_listening else 1),
        **options,
    )
    return Redis.from_pool(pool)


def notices() -> Notices:
    """Return a way to tell and to hear of a new configuration; each thread has one of its own."""
    client = PlainRedis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=STORE_TIMEOUT_SECONDS,
        socket_timeout=STORE_TIMEOUT_SECONDS,
        retry=PlainRetry(NoBackoff(), 0),
    )
    return RedisNotices(client, prefix=key_prefix())


@dataclass(frozen=True, slots=True)
class Wiring:
    """Ports that belong to one loop, and how to close what they hold, in this order."""

    ports: Ports
    closing: tuple[Callable[[], Coroutine[object, object, None]], ...]

    async def aclose(self) -> None:
        """Send what is still to be sent and let the connections go; the store may be away."""
        for close in self.closing:
            with contextlib.suppress(StateUnavailableError, RedisError, OSError, TimeoutError):
                async with asyncio.timeout(STORE_TIMEOUT_SECONDS):
                    await close()


def build_ports() -> Wiring:
    """Return ports on the configured store; they belong to the loop they are first used on."""
    client, listening = store(), store(is_listening=True)
    prefix, lease_seconds = key_prefix(), settings.LEASE_SECONDS
    turns = QueuePolicy(
        concurrency=settings.TURNS_CONCURRENCY,
        limit=settings.TURNS_QUEUE_LIMIT,
        on_full=AdmissionPolicy(settings.ADMISSION_POLICY),
    )
    breakers = RedisBreakers(client, prefix=prefix, policy=BREAKER_POLICY)
    cancels = RedisCancelSignals(client, listening, prefix=prefix)
    gate = RedisGate(
        client,
        prefix=prefix,
        spent=spent.since,
        n_sharers=settings.GATEWAY_REPLICAS,
        timing=GateTiming(lease_seconds=lease_seconds),
    )
    relay = RedisRelay(
        client,
        prefix=prefix,
        flush_seconds=settings.RELAY_FLUSH_SECONDS,
        maxlen=settings.RELAY_MAXLEN,
        ttl_seconds=settings.RELAY_TTL_SECONDS,
    )
    cache = RedisAnswerCache(client, prefix=prefix, largest_bytes=settings.GATEWAY_CACHE_BYTES)
    ports = Ports(
        providers=build_providers(outbound()),
        catalog=snapshot.current,
        breakers=breakers,
        breaker_policy=BREAKER_POLICY,
        gate=gate,
        ledger=ledger(),
        memory=TargetMemory(),
        continuations=CONTINUATIONS,
        relay=relay,
        admissions=RedisAdmissions(client, prefix=prefix, lease_seconds=lease_seconds),
        leases=RedisLeases(client, prefix=prefix, lease_seconds=lease_seconds),
        cancels=cancels,
        queues={TURNS: turns},
        deadlines=Deadlines(**settings.PROVIDER_DEADLINES),
        cache=cache,
        strikes=RedisStrikes(client, prefix=prefix),
        runs=RedisSharedRuns(client, relay, hub, prefix=prefix, lease_seconds=lease_seconds),
    )
    return Wiring(
        ports,
        closing=(
            gate.aclose,
            cache.aclose,
            relay.aclose,
            breakers.aclose,
            cancels.aclose,
            outbound().aclose,
            *(partial(one.aclose, close_connection_pool=True) for one in (client, listening)),
        ),
    )


@cache
def outbound() -> Http:
    """Return the process's way out to vendors; every loop has sessions of its own there."""
    return Http()


@cache
def ledger() -> BatchLedger:
    """Return the process's ledger: entries of every loop are written by its one thread."""
    return BatchLedger(settings.LEDGER_FOLDER)


def provider_names() -> tuple[str, ...]:
    """Return the providers that are there before any configuration is."""
    return (SCRIPTED,)


def key_prefix() -> str:
    """Return what every key and channel of the gateway begins with."""
    return f"{settings.REDIS_PREFIX}gw:"


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
for forget in (_process.forget, outbound.cache_clear, ledger.cache_clear):
    os.register_at_fork(after_in_child=forget)


def ports() -> Ports:
    """Return the process's ports; they belong to the loop thread."""
    return _process.engine().ports


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
        await asyncio.to_thread(ledger().close, seconds=CLOSING_SECONDS)


def ask(
    request: ChatRequest, *, caller: Caller, attributes: dict[str, str], budget_seconds: float
) -> asking_once.Answer:
    """Return the whole answer of a model while this thread waits; raise its GatewayError."""
    engine = _process.engine()
    step = asking_once.ask(
        request,
        caller=caller,
        attributes=attributes,
        budget_seconds=budget_seconds,
        ports=engine.ports,
        heart=engine.heart,
    )
    return asyncio.run_coroutine_threadsafe(step, engine.loop).result()


def call(step: Coroutine[object, object, Result]) -> Result:
    """Return what the coroutine returns, run on the loop thread while this thread waits."""
    return asyncio.run_coroutine_threadsafe(step, _process.engine().loop).result()


@dataclass(frozen=True, slots=True)
class _LoopHub:
    """A loop's hub and the clients it listens with."""

    hub: RedisRelayHub
    clients: tuple[Redis, Redis]


_hubs: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _LoopHub] = weakref.WeakKeyDictionary()


def hub() -> RedisRelayHub:
    """Return the running loop's hub."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        clients = store(), store(is_listening=True)
        _hubs[loop] = _LoopHub(RedisRelayHub(*clients, prefix=key_prefix()), clients)
    return _hubs[loop].hub


async def aclose_hub() -> None:
    """Close the running loop's hub and its connections, if it has one."""
    closing = _hubs.pop(asyncio.get_running_loop(), None)
    if closing is None:
        return
    await closing.hub.aclose()
    for client in closing.clients:
        await client.aclose(close_connection_pool=True)


def read_state() -> metrics.StateReading | None:
    """Return the shared gauges as the store holds them; None when it does not answer soon."""
    engine = _process.engine()
    future = asyncio.run_coroutine_threadsafe(_state(engine.ports), engine.loop)
    try:
        return future.result(timeout=SCRAPE_SECONDS)
    except (StateUnavailableError, TimeoutError):
        future.cancel()
        return None


async def _state(built: Ports) -> metrics.StateReading:
    in_flight = {
        name: (await built.gate.in_flight(name), provider.n_places)
        for name, provider in built.catalog().providers.items()
    }
    readings = {}
    for name in built.queues:
        status = await queues.status(queue=name, ports=built)
        readings[name] = metrics.QueueReading(
            depth=status.n_waiting, limit=status.limit, oldest_seconds=status.oldest_wait_seconds
        )
    targets = {
        target.id: (target.provider.name, target.model)
        for route in built.catalog().routes.values()
        for target in route.targets
    }
    standings = await built.breakers.standings(targets)
    breakers = {targets[name]: standing.state.value for name, standing in standings.items()}
    return metrics.StateReading(in_flight=in_flight, queues=readings, breakers=breakers)


@dataclass(frozen=True, slots=True)
class _Over:
    """The turn left the loop, with an error when there was no outcome."""

    error: BaseException | None


class Handover:
    """A bounded queue from the loop to one thread, whose end is ``pieces``."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, bound: int = HANDOVER_PIECES) -> None:
        self._loop = loop
        self._pieces: queue.SimpleQueue[Piece | _Over] = queue.SimpleQueue()
        self._room = bound
        self._freed = asyncio.Event()
        self._written = asyncio.Event()

    async def put(self, piece: Piece) -> None:
        """Hand over the piece; wait while the thread is that far behind."""
        while not self.offer(piece):
            self._freed.clear()
            await self._freed.wait()

    def offer(self, piece: Piece) -> bool:
        """Hand over the piece if there is room now, and say whether there was."""
        if self._room == 0:
            return False
        self._room -= 1
        self._pieces.put(piece)
        return True

    async def written(self) -> None:
        """Return once the thread is through with the outcome, or has taken too long over it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WRITE_SECONDS):
                await self._written.wait()

    def finish(self, error: BaseException | None) -> None:
        """Say that nothing follows."""
        self._pieces.put(_Over(error))

    def pieces(self) -> Iterator[Piece]:
        """Yield the pieces to the thread; raise what the turn raised."""
        while not isinstance(piece := self._pieces.get(), _Over):
            self._loop.call_soon_threadsafe(self._free)
            yield piece
            if isinstance(piece, Outcome):
                self._loop.call_soon_threadsafe(self._written.set)
        if piece.error is not None:
            raise piece.error

    def _free(self) -> None:
        self._room += 1
        self._freed.set()


def speak(order: SpeechOrder) -> Generator[Piece, None, None]:
    """Yield the pieces of the turn to the calling thread while the loop thread speaks it."""
    engine = _process.engine()
    handover = Handover(engine.loop)
    future = asyncio.run_coroutine_threadsafe(_speak_into(handover, order, engine), engine.loop)
    try:
        yield from handover.pieces()
    finally:
        future.cancel()


async def _speak_into(handover: Handover, order: SpeechOrder, engine: Engine) -> None:
    error: BaseException | None = None
    try:
        await streaming.speak(order=order, ports=engine.ports, heart=engine.heart, outbox=handover)
    except BaseException as raised:
        error = raised
        raise
    finally:
        handover.finish(error)
