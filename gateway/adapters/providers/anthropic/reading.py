"""Anthropic's answer in the normal form, whatever order and repetition it comes in."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from gateway.adapters.providers import conversations
from gateway.adapters.providers.anthropic.events import (
    Block,
    Event,
    Figures,
    Message,
    Piece,
    decode_event,
    decode_message,
)
from gateway.adapters.providers.failures import failure
from gateway.adapters.providers.sse import Frame
from gateway.domain.errors import StreamTruncatedError, UpstreamError
from gateway.domain.messages import (
    SEALED,
    Delta,
    Finish,
    FinishReason,
    ReasoningDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    Usage,
    UsageSource,
    UsageUpdate,
)

VENDOR = "anthropic"

_REASONS = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "tool_use": FinishReason.TOOL_CALLS,
    "refusal": FinishReason.REFUSAL,
    "pause_turn": FinishReason.PAUSE,
}
_WORDLESS = frozenset({"ping"})  # events that may be lost without anybody missing anything
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_string = msgspec.json.Decoder(str).decode


class Totals:
    """Tokens told in several places; of each figure the last one that is one counts."""

    def __init__(self) -> None:
        self._input = self._read = self._written_5m = self._written_1h = 0
        self._output = self._thought = 0
        self._told: dict[str, object] = {}
        self.is_known = False

    def take(self, told: Figures) -> Usage:
        """Add what was told and return all that is known."""
        self.is_known = True
        self._told |= _figures_in(told)
        self._input = _last(told.input_tokens, self._input)
        self._read = _last(told.cache_read_input_tokens, self._read)
        self._output = _last(told.output_tokens, self._output)
        if told.output_tokens_details is not None:
            self._thought = _last(told.output_tokens_details.thinking_tokens, self._thought)
        written = told.cache_creation_input_tokens
        kept = told.cache_creation
        if kept is not None:
            self._written_1h = _last(kept.ephemeral_1h_input_tokens, self._written_1h)
            self._written_5m = _last(kept.ephemeral_5m_input_tokens, self._written_5m)
        if written is not None:
            # The sum is always told, how long it is kept not always: five minutes is the rule.
            self._written_1h = min(self._written_1h, written)
            self._written_5m = written - self._written_1h
        return self.usage()

    def usage(self) -> Usage:
        """Return the totals; Anthropic counts what the cache gave and took beside the input."""
        written = self._written_5m + self._written_1h
        return Usage(
            input_total=self._input + self._read + written,
            output_total=self._output,
            source=UsageSource.PROVIDER,
            input_cached=self._read,
            input_cache_write_5m=self._written_5m,
            input_cache_write_1h=self._written_1h,
            output_reasoning=self._thought,
            told=msgspec.json.encode(self._told).decode() if self._told else "",
        )


def _figures_in(told: Figures) -> dict[str, object]:
    """Return what was told this time, without the models' names."""
    every = msgspec.structs.asdict(told)
    return {name: it for name, it in every.items() if it is not None and name != "iterations"}


@dataclass(slots=True)
class _Call:
    """A tool call whose block is open; ``held`` are arguments that came with its opening."""

    index: int
    held: str
    has_arguments: bool = False


class Reading:
    """One answer being read. ``swallowed`` are blanks the model may repeat at its beginning."""

    def __init__(self, *, request_id: str, provider: str, model: str, swallowed: str = "") -> None:
        self.has_begun = False
        self.is_over = False  # the terminal event has come
        self._start = Start(request_id, provider, model)
        self._request_id = request_id
        self._swallowed = swallowed
        self._totals = Totals()
        self._calls: dict[int, _Call] = {}  # by the block they are made in, while it is open
        self._ids: set[str] = set()
        self._raw_reason: str | None = None
        self._fallback = ""  # the model that stepped in for the one that began

    @property
    def has_reason(self) -> bool:
        """Whether it was told why the answer ends: nothing of interest follows."""
        return self._raw_reason is not None

    def take(self, frames: Iterable[Frame]) -> Iterator[Delta]:
        """Yield what the frames say; raise a ProviderError when one says that it went wrong."""
        for frame in frames:
            if self.is_over:
                return
            event = event_of(frame)
            if event is not None:
                yield from self.read(event)

    def whole(self, message: Message) -> Iterator[Delta]:
        """Yield what an answer says that came in one piece."""
        yield from self._opened(message)
        for index, block in enumerate(message.content):
            yield from self._block(index, block)
            yield from self._closed(index)
        self._raw_reason = message.stop_reason
        self.is_over = True

    def end(self) -> Finish:
        """Return the end; raise StreamTruncatedError when it has not come."""
        if not self.is_over and not self.has_reason:
            raise StreamTruncatedError("the stream stopped without its terminal event")
        reason = _REASONS.get(self._raw_reason or "", FinishReason.UNKNOWN)
        if reason is FinishReason.STOP and self._ids:
            reason = FinishReason.TOOL_CALLS
        usage = self._totals.usage() if self._totals.is_known else None
        return Finish(reason, usage, self._raw_reason or "")

    def read(self, event: Event) -> Iterator[Delta]:
        """Yield what an event says; one of a type nobody knows says nothing."""
        index = event.index or 0
        match event.type:
            case "content_block_delta" if event.delta is not None:
                yield from self._piece(index, event.delta)
            case "content_block_start" if event.content_block is not None:
                yield from self._block(index, event.content_block)
            case "content_block_stop":
                yield from self._closed(index)
            case "message_start":
                yield from self._opened(event.message or Message())
            case "message_delta":
                yield from self._ending(event)
            case "message_stop":
                yield from self.begin()
                yield from self._close_all()
                self.is_over = True

    def begin(self) -> Iterator[Delta]:
        """Yield the start unless that was done."""
        if not self.has_begun:
            self.has_begun = True
            yield self._start

    def _opened(self, message: Message) -> Iterator[Delta]:
        """Yield the start, once: a head that comes again only has figures to add."""
        known = self._start
        self._start = Start(message.id or known.id, known.provider, message.model or known.model)
        yield from self.begin()
        if message.usage is not None:
            yield self._figures(message.usage)

    def _ending(self, event: Event) -> Iterator[Delta]:
        yield from self.begin()
        if event.delta is not None and event.delta.stop_reason is not None:
            self._raw_reason = event.delta.stop_reason
            yield from self._close_all()
        if event.usage is not None:
            yield self._figures(event.usage)

    def _figures(self, told: Figures) -> UsageUpdate:
        """Return the totals, and whose they are when another model stepped in."""
        usage = self._totals.take(told)
        self._fallback = told.fallback or self._fallback
        return UsageUpdate(usage, self._fallback)

    def _block(self, index: int, block: Block) -> Iterator[Delta]:
        yield from self.begin()
        match block.type:
            case "tool_use":
                yield from self._closed(index)
                call = self._calls[index] = _Call(len(self._ids), _held(block.input))
                yield ToolCallDelta(call.index, "", self._new_id(block.id), block.name or "")
            case "fallback" if block.to is not None and block.to.model:
                self._fallback = block.to.model
                if self._totals.is_known:
                    yield UsageUpdate(self._totals.usage(), self._fallback)
            case "redacted_thinking":
                yield ReasoningDelta("", SEALED + _data(block))
            case "text" if block.text:
                yield from self._words(block.text)
            case "thinking" if block.thinking or block.signature:
                yield ReasoningDelta(block.thinking or "", block.signature or "")

    def _piece(self, index: int, piece: Piece) -> Iterator[Delta]:
        yield from self.begin()
        match piece.type:
            case "text_delta" if piece.text:
                yield from self._words(piece.text)
            case "input_json_delta" if piece.partial_json:
                call = self._calls.get(index)
                if call is not None:  # else a tool the vendor runs itself
                    call.has_arguments = True
                    yield ToolCallDelta(call.index, piece.partial_json)
            case "thinking_delta" if piece.thinking:
                yield ReasoningDelta(piece.thinking)
            case "signature_delta" if piece.signature:
                yield ReasoningDelta("", piece.signature)

    def _words(self, text: str) -> Iterator[Delta]:
        """Yield the text without the blanks that the answer begun had at its end."""
        n_same = 0
        if self._swallowed:
            while n_same < min(len(text), len(self._swallowed)) and (
                text[n_same] == self._swallowed[n_same]
            ):
                n_same += 1
            self._swallowed = self._swallowed[n_same:] if n_same == len(text) else ""
        if text[n_same:]:
            yield TextDelta(text[n_same:])

    def _closed(self, index: int) -> Iterator[Delta]:
        """Yield what a call without arguments has: those it came with, or an empty object."""
        call = self._calls.pop(index, None)
        if call is not None and not call.has_arguments:
            yield ToolCallDelta(call.index, call.held or "{}")

    def _close_all(self) -> Iterator[Delta]:
        """Close the blocks left open; a call that was cut off stays as it is."""
        if self._raw_reason == "max_tokens":
            self._calls.clear()
        for index in tuple(self._calls):
            yield from self._closed(index)

    def _new_id(self, given: str | None) -> str:
        found = given if given and given not in self._ids else None
        found = found or conversations.made_id(self._request_id, len(self._ids))
        self._ids.add(found)
        return found


def event_of(frame: Frame) -> Event | None:
    """Return the event of a frame, None for one that says nothing.

    Raises UpstreamError for what cannot be read, and the failure that it tells of.
    """
    if frame.event in _WORDLESS or frame.data.startswith(b"[DONE]"):
        return None
    try:
        event = decode_event(frame.data)
    except _UNREADABLE:
        raise UpstreamError("an event is malformed", raw_code="malformed_event") from None
    event.type = event.type or frame.event
    if event.is_failure:
        raise failure(vendor=VENDOR, body=frame.data)
    return event


def message_of(body: bytes) -> Message:
    """Return the answer that came in one piece; raise the ProviderError it is instead."""
    try:
        event = decode_event(body)
        message = decode_message(body)
    except _UNREADABLE:
        raise UpstreamError("the answer is malformed", raw_code="malformed_answer") from None
    if event.is_failure:
        raise failure(vendor=VENDOR, body=body)
    return message


def _last(told: int | None, known: int) -> int:
    return known if told is None else told


def _held(given: msgspec.Raw) -> str:
    held = bytes(given).decode(errors="replace").strip()
    return "" if held in {"{}", "null"} else held


def _data(block: Block) -> str:
    try:
        return _string(block.data)
    except _UNREADABLE:
        return ""
