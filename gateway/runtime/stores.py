"""Clients of the shared store, with timeouts in seconds rather than minutes."""

from django.conf import settings
from redis import Redis as PlainRedis
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.retry import Retry as PlainRetry

from gateway.adapters.redis.notices import RedisNotices
from gateway.domain.ports import Notices

STORE_TIMEOUT_SECONDS = 2.0
STORE_CONNECTIONS = 32

_TCP_OPTIONS: dict[str, object] = {"socket_keepalive": True}


def store(*, is_listening: bool = False) -> Redis:
    """Return a client of the shared store.

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


def key_prefix() -> str:
    """Return what every key and channel of the gateway begins with."""
    return f"{settings.REDIS_PREFIX}gw:"
