"""How request bodies come in: counted as they arrive, and read by the application alone.

Twisted takes a body of any length into a file, and then parses every form on the event loop,
where each stream of each player waits for it; Django parses it again. Here a body that is longer
than any we take ends the connection at the byte too many, and forms are left to Django. One that
drips in is not waited for: from its first line to its last byte a request has REQUEST_SECONDS.

Programs may send more than players: what is too much for ``/v1`` itself comes through to it, and is
refused there in the caller's own dialect.
"""

from typing import Any

from daphne.http_protocol import WebRequest
from django.conf import settings

from gateway.v1.app import PREFIX

#: Past what Django refuses in words (413): nobody comes this far by mistake.
SLACK_BYTES = 1024 * 1024
_REFUSAL = (
    b"HTTP/1.1 413 Content Too Large\r\n"
    b"Connection: close\r\nContent-Type: text/plain\r\nContent-Length: 42\r\n\r\n"
    b"This request is larger than any we take.\r\n"
)
_TOO_SLOW = (
    b"HTTP/1.1 408 Request Timeout\r\n"
    b"Connection: close\r\nContent-Type: text/plain\r\nContent-Length: 39\r\n\r\n"
    b"This request took too long to arrive.\r\n"
)


class Request(WebRequest):
    """A request of Daphne's whose body is bounded and not looked into."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Begin with no body."""
        super().__init__(*arguments, **options)
        self._parsePOSTFormSubmission = False
        self._n_bytes = 0
        self._is_refused = False
        self._patience = self.channel.callLater(settings.REQUEST_SECONDS, self._lose_patience)

    def gotLength(self, length: int | None) -> None:  # noqa: N802  Twisted's name
        """Refuse a length that is too much at once; a chunked body has None."""
        is_too_long = (length or 0) > self._most_bytes()
        super().gotLength(0 if is_too_long else length)
        if is_too_long:
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802  Twisted's name
        """Take a piece of the body, up to the limit."""
        if self._is_refused:
            return
        self._n_bytes += len(data)
        if self._n_bytes > self._most_bytes():
            self._refuse()
        else:
            super().handleContentChunk(data)

    def process(self) -> Any:
        """Hand the request on, unless the client has its answer."""
        self._stop_waiting()
        return None if self._is_refused else super().process()

    def connectionLost(self, reason: Any) -> None:  # noqa: N802  Twisted's name
        """Stop waiting for what will not come."""
        self._stop_waiting()
        super().connectionLost(reason)

    def _most_bytes(self) -> int:
        # Twisted gives a request its own path with the last byte; till then its channel has it.
        path: bytes = getattr(self.channel, "_path", b"")
        for_all = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        is_program = path.startswith(PREFIX.encode())
        return SLACK_BYTES + (settings.DATA_PLANE_BODY_BYTES if is_program else for_all)

    def _refuse(self) -> None:
        self._end_with(_REFUSAL)

    def _lose_patience(self) -> None:
        self._end_with(_TOO_SLOW)

    def _end_with(self, answer: bytes) -> None:
        self._stop_waiting()
        self._is_refused = True
        self.channel.transport.write(answer)
        self.channel.loseConnection()

    def _stop_waiting(self) -> None:
        if self._patience.active():
            self._patience.cancel()


def bound(http_factory: Any, request: type[Request] = Request) -> None:
    """Make every connection of Daphne's factory take bounded requests, of this kind."""
    build = http_factory.buildProtocol

    def build_protocol(address: Any) -> Any:
        protocol = build(address)
        protocol.requestFactory = request
        return protocol

    http_factory.buildProtocol = build_protocol
