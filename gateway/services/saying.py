"""What of an answer was shown: enough of it for somebody else to go on.

Bytes that are forwarded as they came are not read on their way. They are kept, up to a bound,
where another provider might have to go on, and read only when it has to.
"""

from dataclasses import dataclass, field

from gateway.domain.messages import Delta, Passthrough, Retract, TextDelta, ToolCallDelta
from gateway.domain.ports import Continuation

LARGEST_KEPT_BYTES = 512 * 1024


@dataclass(slots=True)
class Said:
    """The words so far; ``is_only_text`` while words are all it is.

    ``reader`` knows the frames that are forwarded; without one nobody could go on from them.
    """

    reader: Continuation | None = None
    is_only_text: bool = True
    n_chars: int = 0
    _words: list[str] = field(default_factory=list)
    _frames: list[bytes] = field(default_factory=list)
    _n_bytes: int = 0

    def take(self, delta: Delta) -> None:
        """Note a delta that is shown."""
        if isinstance(delta, Passthrough):
            if delta.n_contents and self.is_only_text:
                self._keep(delta)
        elif isinstance(delta, TextDelta):
            self._words.append(delta.text)
            self.n_chars += len(delta.text)
        elif isinstance(delta, ToolCallDelta):
            self.is_only_text = False
        elif isinstance(delta, Retract):
            kept = self.so_far()[: delta.from_offset]
            self._words, self.n_chars = [kept], len(kept)

    def so_far(self) -> str:
        """Return the words of the answer; forwarded bytes are read now, and only now."""
        if self._frames and self.reader is not None:
            words = self.reader.words_of(self._frames)
            self._frames, self._n_bytes = [], 0
            self.is_only_text = self.is_only_text and words is not None
            self._words.append(words or "")
            self.n_chars += len(words or "")
        return "".join(self._words)

    def _keep(self, passed: Passthrough) -> None:
        """Keep forwarded bytes as long as somebody might have to go on from them."""
        self._n_bytes += len(passed.data)
        if self.reader is None or passed.is_whole or self._n_bytes > LARGEST_KEPT_BYTES:
            self.is_only_text = False
            self._frames.clear()
        else:
            self._frames.append(passed.data)
