"""Django's cache in Redis: short counts that every process shares.

Django makes a cache per request and with it a pool of connections; here a process has one.
"""

from functools import lru_cache
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient


class SharedCache(RedisCache):
    """The cache of the settings, on the connections of the process."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        """Take the process's connections to this server."""
        super().__init__(server, params)
        options = tuple(sorted(params.get("OPTIONS", {}).items()))
        self.__dict__["_cache"] = _client(server, options)  # before it is made at first use


@lru_cache(maxsize=4)
def _client(server: str, options: tuple[tuple[str, Any], ...]) -> RedisCacheClient:
    return RedisCacheClient([server], **dict(options))
