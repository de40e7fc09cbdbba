"""One translation of every way the store can be away into the gateway's own error."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis.exceptions import RedisError

from gateway.domain.errors import StateUnavailableError


@contextmanager
def translated() -> Iterator[None]:
    """Raise StateUnavailableError for whatever the store or the way to it raises inside."""
    try:
        yield
    except (RedisError, OSError) as error:
        raise StateUnavailableError(type(error).__name__) from error
