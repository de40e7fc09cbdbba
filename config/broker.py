"""The broker's channel: it survives a restart of Redis, and keeps the client it acknowledges with.

When the connection is lost, kombu 5.7 closes its channels after it has forgotten whose they were;
a channel that still owes an acknowledgement then asks nobody for a host name. The AttributeError
that comes of it is none of the errors a worker expects of a lost connection, and the worker ends
(celery/kombu#582 describes the same). Said as a lost connection, it is logged and mended.

And kombu makes a client of Redis anew for every message sent and every task acknowledged: more
work than the command itself. Clients are safe between threads; one per pool of connections does.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kombu.transport import redis
from redis import Redis
from redis.exceptions import ConnectionError as LostConnectionError


class Channel(redis.Channel):
    """A channel to Redis that says when it is lost, and has one client for what is quickly done."""

    _kept: Redis | None = None

    @contextmanager
    def conn_or_acquire(self, client: Redis | None = None) -> Iterator[Redis]:
        """Yield the client that is given, else the channel's own."""
        if client is not None:
            yield client
            return
        if self._kept is None or self._kept.connection_pool is not self.pool:
            with super().conn_or_acquire() as self._kept:
                pass
        yield self._kept

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        connection: Any = self.connection  # None once the channel has been forgotten
        if connection is None or connection.client is None:
            raise LostConnectionError("this channel's connection has been closed")
        found: dict[str, Any] = super()._connparams(  # type: ignore[misc]
            asynchronous=asynchronous
        )
        return found


def correct() -> None:
    """Let every connection to Redis that Celery makes from now on have channels of ours."""
    redis.Transport.Channel = Channel
