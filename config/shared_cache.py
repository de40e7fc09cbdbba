"""Django's cache in Redis: short counts that every process shares.

Django makes a cache per request and with it a pool of connections; here a process has one.
"""

from functools import cached_property, lru_cache
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient


class SharedCache(RedisCache):
    """The cache of the settings, on the connections of the process."""

    @cached_property
    def _cache(self) -> RedisCacheClient:
        return _client(tuple(self._servers), tuple(sorted(self._options.items())))


@lru_cache(maxsize=4)
def _client(servers: tuple[str, ...], options: tuple[tuple[str, Any], ...]) -> RedisCacheClient:
    return RedisCacheClient(list(servers), **dict(options))
