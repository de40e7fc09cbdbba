"""Answers go out in the turn of the loop that wrote them.

Twisted first has the system say that a socket can be written to: two more calls to the system and
a wake-up for every send, and an open event stream is sent to 25 times a second. A socket that has
nothing waiting can nearly always be written to, so here it simply is; one that takes less than it
is given, or is being closed, is left to Twisted.
"""

import asyncio
from functools import partial

from twisted.internet.tcp import Connection


class Outgoing:
    """The connections of one loop that have something to send."""

    def __init__(self) -> None:
        """Begin with none."""
        self._waiting: dict[Connection, None] = {}

    def carry(self, transport: object) -> None:
        """Send what is written to this connection; anything but a TCP connection stays as it is."""
        if isinstance(transport, Connection):
            transport.startWriting = partial(self._wait, transport)  # type: ignore[method-assign]

    def _wait(self, transport: Connection) -> None:
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._send_all)
        self._waiting[transport] = None

    def _send_all(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for transport in waiting:
            if transport.connected and not transport._aborting and not _is_sent(transport):
                Connection.startWriting(transport)  # type: ignore[no-untyped-call]


def _is_sent(transport: Connection) -> bool:
    """Send what a connection holds, if that is all there is to do, and say whether it left."""
    parts = transport._tempDataBuffer
    if transport.dataBuffer or transport.producerPaused or _is_closing(transport):
        return False
    data = b"".join(parts)
    try:
        n_sent = transport.socket.send(data)
    except OSError:  # full or broken: Twisted will find out which
        return not data
    parts.clear()
    transport._tempDataLen = 0
    if n_sent == len(data):
        return True
    transport.dataBuffer, transport.offset = data[n_sent:], 0
    return False


def _is_closing(transport: Connection) -> bool:
    return bool(transport.disconnecting or transport._writeDisconnecting)
