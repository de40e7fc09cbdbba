"""How fast Daphne's answers go out: under ``/v1`` no faster than the client reads.

Daphne hands all it is given to the socket's buffer, which has no end: a model's whole answer would
be fetched at the provider's pace and lie here for a client that does not read it. The game's own
streams need none of this, they drop what a slow reader does not take.
"""

import asyncio
from typing import Any

from daphne.server import Server as DaphneServer

from config import bodies
from config.outgoing import Outgoing
from gateway.v1.app import PREFIX

outgoing = Outgoing()


class Reader:
    """Whether the client takes what it is sent; Twisted says when it stops and goes on."""

    def __init__(self) -> None:
        """Begin with one who reads."""
        self._reads = asyncio.Event()
        self._reads.set()

    async def ready(self) -> None:
        """Return once the client reads."""
        await self._reads.wait()

    def pauseProducing(self) -> None:  # noqa: N802  Twisted's name
        """Note that the buffer of the socket is full."""
        self._reads.clear()

    def resumeProducing(self) -> None:  # noqa: N802  Twisted's name
        """Note that it is not any more."""
        self._reads.set()

    stopProducing = resumeProducing  # noqa: N815  nobody is to wait for one who has left


class Request(bodies.Request):
    """A request of Daphne's that knows, under ``/v1``, whether its answer is being read."""

    reader: Reader | None = None

    def process(self) -> Any:
        """Hand the request on."""
        if self.channel is not None:
            outgoing.carry(self.channel.transport)
        if self.path.startswith(PREFIX.encode()):
            self.reader = Reader()
            self.registerProducer(self.reader, streaming=True)
        return super().process()

    def finish(self) -> None:
        """End the answer: the connection may carry another request."""
        if self.producer:
            self.unregisterProducer()
        super().finish()

    def connectionLost(self, reason: Any) -> None:  # noqa: N802  Twisted's name
        """Let go whoever waits for the client to read."""
        if self.reader is not None:
            self.reader.resumeProducing()
        super().connectionLost(reason)


class Server(DaphneServer):
    """Daphne, with a send that waits."""

    async def handle_reply(self, protocol: Any, message: Any) -> None:
        """Send a message, and return when the client reads."""
        await super().handle_reply(protocol, message)
        reader = getattr(protocol, "reader", None)
        if reader is not None:
            await reader.ready()
