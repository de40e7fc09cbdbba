"""One correction of the broker's client, without which a restart of Redis ends the workers.

When the connection is lost, kombu 5.7 closes its channels after it has forgotten whose they were;
a channel that still owes an acknowledgement then asks nobody for a host name. The AttributeError
that comes of it is none of the errors a worker expects of a lost connection, and the worker ends
(celery/kombu#582 describes the same). Said as a lost connection, it is logged and mended.
"""

from typing import Any

from kombu.transport.redis import Channel
from redis.exceptions import ConnectionError as LostConnectionError

_connection_parameters = Channel._connparams  # type: ignore[attr-defined]


def correct() -> None:
    """Let channels without a connection say so in the broker's own words."""
    Channel._connparams = _told  # type: ignore[attr-defined]


def _told(self: Any, asynchronous: bool = False) -> dict[str, Any]:
    if self.connection is None or self.connection.client is None:
        raise LostConnectionError("this channel's connection has been closed")
    found: dict[str, Any] = _connection_parameters(self, asynchronous=asynchronous)
    return found
