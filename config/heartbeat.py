"""Signs of life of the workers, kept in Redis for ``/readyz``."""

from functools import cache

import redis
from django.conf import settings

_ALIVE_SECONDS = 8  # Celery beats every 2 s; three may be lost


def key(component: str) -> str:
    """Return the key that exists while any worker of this kind lives."""
    return f"{settings.REDIS_PREFIX}alive:{component}"


def beat(component: str) -> None:
    """Renew the sign; an unreachable Redis is the health check's news, not this one's."""
    try:
        _client().set(key(component), "1", ex=_ALIVE_SECONDS)
    except redis.RedisError:
        return


def stop(component: str) -> None:
    """Say that this worker leaves; another of its kind renews the sign within two seconds."""
    try:
        _client().delete(key(component))
    except redis.RedisError:
        return


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1.0, socket_connect_timeout=1.0)
