"""Anthropic's answer for a client that speaks its dialect: the frames as they came.

Most frames are pieces of content, which their name tells; only the others are parsed, for the
beginning, the figures, the reason of the end and a failure. The terminal frame is not passed on:
whoever talks to the client ends the stream.
"""

from collections.abc import Iterable, Iterator

from gateway.adapters.providers.anthropic.events import Event, Message
from gateway.adapters.providers.anthropic.reading import Reading, event_of
from gateway.adapters.providers.sse import Frame
from gateway.domain.errors import ProviderError
from gateway.domain.messages import Delta, Passthrough, Start, UsageUpdate

_PIECE = "content_block_delta"
_OPENING = "content_block_start"
_SILENCE = Event()
_WITHOUT_CONTENT_YET = frozenset({"text", "thinking"})


class Passing(Reading):
    """One answer being passed on."""

    def __init__(self, **known: str) -> None:
        super().__init__(**known)
        self._held: list[bytes] = []

    def take(self, frames: Iterable[Frame]) -> Iterator[Delta]:
        """Yield the frames' bytes joined, and what has to be known of them."""
        passed, n_contents = self._held, 0
        self._held = []
        figures: UsageUpdate | None = None
        failure: ProviderError | None = None
        try:
            for frame in frames:
                # A piece that is cut short does not end like this, and has to be looked at.
                if self.has_begun and frame.event == _PIECE and frame.data.endswith(b"}}"):
                    n_contents += 1
                else:
                    event = event_of(frame) or _SILENCE
                    n_contents += _is_content(event)
                    start, figures = self._known(event, figures)
                    yield from start
                if self.is_over:
                    break
                passed.append(frame.raw)
        except ProviderError as error:
            failure = error
        if not self.has_begun:
            self._held = passed  # signs of life before the start: nobody may see them yet
        elif passed:
            yield Passthrough(b"".join(passed), n_contents)
        if figures is not None:
            yield figures
        if failure is not None:
            raise failure

    def _known(
        self, event: Event, figures: UsageUpdate | None
    ) -> tuple[list[Delta], UsageUpdate | None]:
        """Return the start if the event is one, and the last figures."""
        start: list[Delta] = []
        for delta in self.read(event):
            if isinstance(delta, Start):
                start.append(delta)
            elif isinstance(delta, UsageUpdate):
                figures = delta
        return start, figures

    def passed_whole(self, body: bytes, message: Message) -> Iterator[Delta]:
        """Yield an answer that came in one piece, and what has to be known of it."""
        deltas = list(self.whole(message))
        yield from (delta for delta in deltas if isinstance(delta, Start))
        yield Passthrough(body, n_contents=1, is_whole=True)
        yield from (delta for delta in deltas if isinstance(delta, UsageUpdate))


def _is_content(event: Event) -> bool:
    if event.type == _OPENING and event.content_block is not None:
        return event.content_block.type not in _WITHOUT_CONTENT_YET or bool(
            event.content_block.text
        )
    return event.type == _PIECE
