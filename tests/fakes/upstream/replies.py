"""What the server answers, and how it fails to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

WORDS = "Show me the number."


class Cut(StrEnum):
    """How an answer is broken off."""

    END = "end"  # as if it were complete: proper HTTP, no terminal mark
    CLOSE = "close"  # the connection is closed inside the body
    RESET = "reset"  # the connection is reset


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. ``*_after`` count tokens (words) already sent: 0 is before the first one.

    ``frames``, or ``whole`` where no stream is asked for, are sent as they are instead of what the
    words would give. ``error`` is the body of a ``status`` that is not 200, or what comes inside
    the stream at ``error_after``; empty gives a plain one of the dialect, made from ``code`` and
    ``message``. A stalled reply keeps its connection open, and with ``comment_every_seconds``
    sends comments meanwhile.
    """

    text: str = WORDS
    reasoning: str = ""
    tool_calls: tuple[tuple[str, str], ...] = ()  # name, arguments
    finish: str = "stop"
    usage: tuple[int, int] = (7, 0)  # in, out; 0 out counts the words
    frames: tuple[bytes, ...] = ()
    whole: bytes = b""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    error: bytes = b""
    code: str = "server_error"
    message: str = "no"

    headers_delay_seconds: float = 0.0
    first_delay_seconds: float = 0.0
    token_delay_seconds: float = 0.0
    n_comments: int = 0  # before the first token
    comment_every_seconds: float = 0.0

    never_answers: bool = False
    hangs_up: bool = False  # a reset before any header
    cut_after: int | None = None
    cut: Cut = Cut.CLOSE
    stall_after: int | None = None
    malformed_after: int | None = None
    error_after: int | None = None
    has_finish: bool = True
    has_done: bool = True
    write_bytes: int = 0  # at most so many bytes at a time; 0 writes whole frames

    @property
    def tokens(self) -> tuple[str, ...]:
        """Return the words, each with the blank before it."""
        first, *rest = self.text.split(" ")
        return tuple(word for word in (first, *(f" {word}" for word in rest)) if word)

    @property
    def n_in(self) -> int:
        """Return the tokens that are said to have been read."""
        return self.usage[0]

    @property
    def n_out(self) -> int:
        """Return the tokens that are said to have been written."""
        return self.usage[1] or len(self.tokens)
