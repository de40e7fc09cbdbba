"""The adapters behind the ports, built from the settings."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import cache, partial

from django.conf import settings
from redis.exceptions import RedisError

from gateway import snapshot
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
from gateway.adapters.redis.relay import RedisRelay
from gateway.adapters.redis.strikes import RedisStrikes
from gateway.domain.admission import AdmissionPolicy, QueuePolicy
from gateway.domain.breaker import BreakerPolicy
from gateway.domain.catalog import SCRIPTED
from gateway.domain.errors import StateUnavailableError
from gateway.domain.messages import Deadlines
from gateway.domain.ports import Ports
from gateway.domain.vitals import TargetMemory
from gateway.domain.waiting import Lines
from gateway.runtime.hubs import hub
from gateway.runtime.stores import STORE_TIMEOUT_SECONDS, key_prefix, store

TURNS = "turns"
BREAKER_POLICY = BreakerPolicy()


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
        lines=Lines(n_waiting=settings.GATEWAY_WAITING_LIMIT),
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
