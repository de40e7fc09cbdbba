"""What an answer is made with: the two ways, streamed and whole, that each dialect has."""

from typing import Protocol

from gateway.domain.errors import GatewayError
from gateway.domain.messages import Delta, Finish, Seam
from gateway.domain.waiting import Standing


class Encoder(Protocol):
    """Makes frames of one streamed answer; ``ping`` is a frame that says nothing."""

    ping: bytes

    def encode(self, delta: Delta) -> bytes:
        """Return the frames of a delta that is not the last, empty when it has none."""
        ...

    def finish(self, finish: Finish) -> bytes:
        """Return the last frames of an answer that came to its end."""
        ...

    def fail(self, error: GatewayError) -> bytes:
        """Return the last frames of an answer that did not."""
        ...


class Folder(Protocol):
    """Makes one body of an answer that is not streamed."""

    def take(self, delta: Delta) -> None:
        """Add a delta."""
        ...

    def body(self, finish: Finish) -> bytes:
        """Return the answer."""
        ...


def seam_comment(seam: Seam) -> bytes:
    """Return a line that no client reads as content, and a person looking for it finds."""
    return f": seam {seam.provider}/{seam.model} at {seam.offset}\n\n".encode("ascii", "replace")


def queued_comment(standing: Standing) -> bytes:
    """Return a line that says how long it may yet take, to whoever reads comments."""
    eta = "" if standing.eta_seconds is None else f" eta={standing.eta_seconds:.1f}"
    return f": queued position={standing.position}{eta}\n\n".encode()
