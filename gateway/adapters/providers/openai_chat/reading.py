"""OpenAI's chunks in the normal form, in every accent.

The end is told once, when nothing can follow: usage, a late verdict of a filter and a second
reason may all come after the first reason.
"""

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import UNSET

from gateway.adapters.providers.failures import failure
from gateway.adapters.providers.openai_chat.calls import Calls
from gateway.adapters.providers.openai_chat.chunks import (
    CallPiece,
    Choice,
    Chunk,
    ContentPart,
    Figures,
    Piece,
    decode_chunk,
    is_refusal,
)
from gateway.adapters.providers.openai_chat.stops import StopTail
from gateway.adapters.providers.openai_chat.usage import usage_of
from gateway.adapters.providers.sse import Frame
from gateway.adapters.providers.vendors import Vendor
from gateway.domain.catalog import Target
from gateway.domain.errors import (
    ProviderUnavailableError,
    StreamTruncatedError,
    UpstreamError,
)
from gateway.domain.messages import (
    ChatRequest,
    Delta,
    Finish,
    FinishReason,
    ReasoningDelta,
    Retract,
    Start,
    TextDelta,
    Usage,
    UsageUpdate,
)

DONE = b"[DONE]"
FILTERED = "content_filter"

REASONS = {
    "stop": FinishReason.STOP,
    "normal": FinishReason.STOP,
    "eos": FinishReason.STOP,
    "end_turn": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "tool_calls": FinishReason.TOOL_CALLS,
    "function_call": FinishReason.TOOL_CALLS,
    "tool_use": FinishReason.TOOL_CALLS,
    FILTERED: FinishReason.CONTENT_FILTER,
    "sensitive": FinishReason.CONTENT_FILTER,
    "refusal": FinishReason.REFUSAL,
    "insufficient_system_resource": FinishReason.ERROR,
    "abort": FinishReason.ERROR,
    "network_error": FinishReason.ERROR,
    "error": FinishReason.ERROR,
}
NO_REASON = frozenset({"", "null"})
_PASSING_VERDICTS = frozenset({"", "none"})


class Reading:
    """One answer being understood."""

    def __init__(self, request: ChatRequest, target: Target, vendor: Vendor) -> None:
        self.is_over = False
        self._request_id = request.request_id
        self._provider = target.provider.name
        self._model = target.model
        self._vendor = vendor
        self._stops = StopTail(request.stop if vendor.stop_is_said else ())
        self._calls = Calls(request.request_id)
        self._is_calling = False
        self._usage: Usage | None = None
        self._reason = ""
        self._has_begun = False
        self._has_content = False
        self._has_text = False
        self._is_refused = False
        self._is_retracted = False

    @property
    def has_reason(self) -> bool:
        """Whether it was told why the answer ends."""
        return bool(self._reason)

    def take(self, frames: Iterable[Frame]) -> Iterator[Delta]:
        """Yield what the frames say; raise the ProviderError that they tell of."""
        for frame in frames:
            if frame.data.startswith(DONE):
                self.is_over = True
                return
            chunk = chunk_of(frame.data)
            if chunk is not None:
                yield from self._chunk(chunk, frame.data)

    def whole(self, body: bytes) -> Iterator[Delta]:
        """Yield what an answer that came in one piece says."""
        chunk = chunk_of(body)
        if chunk is None:
            raise UpstreamError("the answer is no answer", raw_code="malformed_answer")
        yield from self._chunk(chunk, body)
        self.is_over = True

    def end(self) -> Iterator[Delta]:
        """Yield what was held back and the Finish; raise when the answer is not complete."""
        if not self._reason and not (self.is_over and self._has_content):
            raise StreamTruncatedError("the stream stopped without saying why")
        rest = self._stops.close()
        if rest:
            yield from self._text(rest)
        reason = self._finish_reason()
        if reason is not FinishReason.LENGTH:  # then the last call may be cut off
            yield from self._calls.close()
        yield Finish(reason, self._usage, self._reason)

    # --- Parts --------------------------------------------------------------------------------

    def _chunk(self, chunk: Chunk, data: bytes) -> Iterator[Delta]:
        if is_refusal(chunk):
            raise failure(vendor=self._vendor.name, body=data)
        if chunk.id or chunk.choices:
            yield from self._begin(chunk.id, chunk.model)
        for choice in chunk.choices or ():
            if not choice.index:  # of several answers the normal form has words for the first
                yield from self._choice(choice)
        if chunk.need_clear_history:
            yield from self._filtered(late=True)
        yield from self._figures(chunk.figures)

    def _begin(self, chat_id: str | int | None, model: str | None) -> Iterator[Delta]:
        if not self._has_begun:
            self._has_begun = True
            yield Start(str(chat_id or self._request_id), self._provider, model or self._model)

    def _choice(self, choice: Choice) -> Iterator[Delta]:
        is_bare = choice.delta is UNSET and choice.message is None  # a filter's own frame
        piece = choice.message or (None if choice.delta is UNSET else choice.delta)
        if piece is not None:
            yield from self._piece(piece)
        if choice.flag or (choice.moderation_hit_type or "") not in _PASSING_VERDICTS:
            yield from self._filtered(late=False)
        reason = choice.finish_reason or ""
        if reason in NO_REASON:
            return
        if REASONS.get(reason) is FinishReason.CONTENT_FILTER:
            late = is_bare or self.has_reason or self._vendor.retracts
            yield from self._filtered(late=late, said=reason)
        else:
            self._note(reason)

    def _piece(self, piece: Piece) -> Iterator[Delta]:
        thought = piece.reasoning_content or piece.reasoning
        if thought and isinstance(thought, str):
            self._has_content = True
            yield ReasoningDelta(thought)
        if piece.content:
            yield from self._text(self._stops.take(_joined(piece.content)))
        if piece.refusal:
            self._is_refused = True
            yield from self._text(piece.refusal)
        pieces = piece.tool_calls
        if not pieces and piece.function_call is not None:
            pieces = [CallPiece(index=0, function=piece.function_call)]
        if pieces:
            self._has_content = self._is_calling = True
            yield from self._calls.take(pieces)

    def _text(self, text: str) -> Iterator[Delta]:
        if text:
            self._has_content = self._has_text = True
            yield TextDelta(text)

    def _note(self, reason: str) -> None:
        """Note why the answer ends; raise when it ends before it began."""
        if REASONS.get(reason) is FinishReason.ERROR and not self._has_content:
            raise ProviderUnavailableError("it gave up before the first word", raw_code=reason)
        if REASONS.get(self._reason) is not FinishReason.CONTENT_FILTER:
            self._reason = reason

    def _filtered(self, *, late: bool, said: str = FILTERED) -> Iterator[Delta]:
        """Note a verdict of the filter; one that comes late takes back what was shown."""
        self._reason = said
        if late and self._has_text and not self._is_retracted:
            self._is_retracted = True
            yield Retract(FILTERED)

    def _figures(self, figures: Figures | None) -> Iterator[Delta]:
        usage = None if figures is None else usage_of(figures)
        if usage is not None and usage != self._usage:
            self._usage = usage
            yield UsageUpdate(usage)

    def _finish_reason(self) -> FinishReason:
        reason = REASONS.get(self._reason, FinishReason.UNKNOWN)
        is_stop = reason is FinishReason.STOP
        if self._is_calling and (is_stop or reason is FinishReason.UNKNOWN):
            return FinishReason.TOOL_CALLS
        if self._is_refused and is_stop:
            return FinishReason.REFUSAL
        return reason


def chunk_of(data: bytes) -> Chunk | None:
    """Return the chunk, None for data that is no object and so can be left out unharmed.

    Raises UpstreamError for an object that cannot be read: it may have held a part of the text.
    """
    try:
        return decode_chunk(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise_if_part(data)
        return None


def raise_if_part(data: bytes) -> None:
    """Raise UpstreamError unless the data that could not be read is a mere aside."""
    if data.lstrip().startswith(b"{"):
        raise UpstreamError("a chunk is malformed", raw_code="malformed_chunk") from None


def _joined(content: str | list[ContentPart]) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.text or "" for part in content)
