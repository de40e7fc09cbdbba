"""A dialect whose frames are words as they are, unless they begin with an exclamation mark."""

from collections.abc import Iterable


class PlainContinuation:
    """Reads frames by joining them, and adds what was said to a body as its last line."""

    def words_of(self, frames: Iterable[bytes]) -> str | None:
        """Return the words; None when a frame has more in it."""
        every = list(frames)
        if any(frame.startswith(b"!") for frame in every):
            return None
        return b"".join(every).decode()

    def prolonged(self, body: bytes, said: str) -> bytes | None:
        """Return the body with one more line; None for a body without any."""
        return body + b"\n" + said.encode() if body else None
