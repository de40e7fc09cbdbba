"""Deltas in Anthropic's words: events of a stream, or one message."""

from dataclasses import dataclass, field

import msgspec

from gateway.domain.errors import GatewayError
from gateway.domain.messages import (
    SEALED,
    Delta,
    Dialect,
    Finish,
    FinishReason,
    Passthrough,
    ReasoningDelta,
    Retract,
    Seam,
    Start,
    TextDelta,
    ToolCallDelta,
    Usage,
    UsageUpdate,
)
from gateway.v1 import errors
from gateway.v1.speech import seam_comment

_REASONS = {
    FinishReason.LENGTH: "max_tokens",
    FinishReason.TOOL_CALLS: "tool_use",
    FinishReason.CONTENT_FILTER: "refusal",
    FinishReason.REFUSAL: "refusal",
    FinishReason.PAUSE: "pause_turn",
}
_STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
_json = msgspec.json.Encoder().encode
Block = tuple[str, int]
_TEXT: Block = ("text", 0)
_THINKING: Block = ("thinking", 0)
_SEALED: Block = ("redacted_thinking", 0)
_CALL = "tool_use"


@dataclass(slots=True)
class EventEncoder:
    """Makes events; every block of content is opened before and closed after its deltas."""

    request_id: str
    input_estimate: int = 0
    ping: bytes = b'event: ping\ndata: {"type": "ping"}\n\n'
    _model: str = ""
    _has_begun: bool = False
    _is_passing: bool = False
    _last_passed: bytes = b""
    _n_passed: int = 0
    _usage: Usage | None = None
    _blocks: dict[Block, int] = field(default_factory=dict)
    _n_blocks: int = 0
    _open: Block | None = None

    def encode(self, delta: Delta) -> bytes:
        """Return the events of a delta."""
        match delta:
            case Passthrough():
                self._is_passing, self._last_passed = True, delta.data
                self._n_passed += delta.data.count(b'"content_block_start"')
                return delta.data
            case TextDelta():
                return self._piece(_TEXT, {"type": "text_delta", "text": delta.text})
            case ReasoningDelta():
                return self._thought(delta)
            case ToolCallDelta():
                return self._call(delta)
            case Seam():
                self._take_over()
                return seam_comment(delta)
            case Start():
                self._model = delta.model
            case UsageUpdate():
                self._usage = delta.usage
            case _:
                pass
        return b""

    def finish(self, finish: Finish) -> bytes:
        """Return why it ended, the final figures, and the mark of the end."""
        if self._is_passing:
            return b"" if b"message_stop" in self._last_passed else _STOP
        usage = finish.usage or self._usage or Usage()
        ending: dict[str, object] = {
            "type": "message_delta",
            "delta": {
                "stop_reason": _REASONS.get(finish.reason, "end_turn"),
                "stop_sequence": None,
            },
            "usage": usage_of(usage),
        }
        return self._begin() + self._close() + _event(ending) + _STOP

    def fail(self, error: GatewayError) -> bytes:
        """Return the error, which is the end."""
        return errors.in_stream(error, Dialect.ANTHROPIC, request_id=self.request_id)

    def _take_over(self) -> None:
        """Go on in our own words where a vendor's events stopped: inside their last block."""
        if self._is_passing:
            self._is_passing, self._has_begun = False, True
            self._n_blocks = max(1, self._n_passed)
            self._blocks[_TEXT], self._open = self._n_blocks - 1, _TEXT

    def _begin(self) -> bytes:
        if self._has_begun:
            return b""
        self._has_begun = True
        usage = self._usage or Usage(input_total=self.input_estimate)
        message = _message(self.request_id, self._model, [], None, usage)
        return _event({"type": "message_start", "message": message})

    def _piece(
        self, block: Block, delta: dict[str, str], opening: dict[str, object] | None = None
    ) -> bytes:
        opened = self._opened(block, opening or {"type": block[0], block[0]: ""})
        return opened + _event(
            {"type": "content_block_delta", "index": self._blocks[block], "delta": delta}
        )

    def _opened(self, block: Block, opening: dict[str, object]) -> bytes:
        """Return the opening of a block unless it is open; words after others are a new one."""
        self._is_passing = False
        if block == self._open or (block[0] == _CALL and block in self._blocks):
            return b""
        begun = self._begin() + self._close()
        self._n_blocks += 1
        self._blocks[block], self._open = self._n_blocks - 1, block
        return begun + _event(
            {
                "type": "content_block_start",
                "index": self._blocks[block],
                "content_block": opening,
            }
        )

    def _thought(self, delta: ReasoningDelta) -> bytes:
        if delta.signature.startswith(SEALED):
            return self._opened(_SEALED, _sealed(delta.signature)) + self._close()
        opening: dict[str, object] = {"type": "thinking", "thinking": "", "signature": ""}
        thought = {"type": "thinking_delta", "thinking": delta.text}
        frames = self._piece(_THINKING, thought, opening) if delta.text else b""
        if delta.signature:
            signature = {"type": "signature_delta", "signature": delta.signature}
            frames += self._piece(_THINKING, signature, opening) + self._close()
        return frames

    def _call(self, delta: ToolCallDelta) -> bytes:
        block: Block = (_CALL, delta.index)
        opened = self._opened(
            block, {"type": "tool_use", "id": delta.id, "name": delta.name, "input": {}}
        )
        if not delta.arguments:
            return opened
        arguments = {"type": "input_json_delta", "partial_json": delta.arguments}
        return opened + self._piece(block, arguments)

    def _close(self) -> bytes:
        if self._open is None:
            return b""
        index, self._open = self._blocks[self._open], None
        return _event({"type": "content_block_stop", "index": index})


@dataclass(slots=True)
class _Written:
    """A block of a message so far; ``mark`` is a thought's signature, or a call's id."""

    kind: str
    pieces: list[str] = field(default_factory=list)
    mark: str = ""
    name: str = ""

    def block(self) -> dict[str, object]:
        """Return it as Anthropic writes it."""
        text = "".join(self.pieces)
        match self.kind:
            case "thinking" if self.mark.startswith(SEALED):
                return _sealed(self.mark)
            case "thinking":
                return {"type": "thinking", "thinking": text, "signature": self.mark}
            case "tool_use":
                return {"type": _CALL, "id": self.mark, "name": self.name, "input": _input(text)}
            case _:
                return {"type": "text", "text": text}


@dataclass(slots=True)
class MessageFolder:
    """Makes one message; its blocks stand in the order in which they began."""

    request_id: str
    _model: str = ""
    _content: list[_Written] = field(default_factory=list)
    _calls: dict[int, _Written] = field(default_factory=dict)
    _usage: Usage | None = None
    _whole: bytes | None = None

    def take(self, delta: Delta) -> None:
        """Add a delta."""
        match delta:
            case Passthrough():
                self._whole = delta.data
            case Start():
                self._model = delta.model
            case TextDelta():
                self._last("text").pieces.append(delta.text)
            case ReasoningDelta() if delta.text or delta.signature:
                thought = self._last("thinking", is_new=delta.signature.startswith(SEALED))
                thought.pieces.append(delta.text)
                thought.mark = delta.signature
            case ToolCallDelta():
                self._call(delta)
            case Retract():
                self._take_back(delta.from_offset)
            case UsageUpdate():
                self._usage = delta.usage
            case _:
                pass

    def body(self, finish: Finish) -> bytes:
        """Return the message, or the vendor's own when it came whole."""
        if self._whole is not None:
            return self._whole
        return _json(
            _message(
                self.request_id,
                self._model,
                [written.block() for written in self._content or (_Written("text"),)],
                _REASONS.get(finish.reason, "end_turn"),
                finish.usage or self._usage or Usage(),
            )
        )

    def _last(self, kind: str, *, is_new: bool = False) -> _Written:
        """Return the block to go on with: the last one of the kind that is not signed."""
        last = self._content[-1] if self._content else None
        if last is None or last.kind != kind or last.mark or is_new:
            last = _Written(kind)
            self._content.append(last)
        return last

    def _call(self, delta: ToolCallDelta) -> None:
        call = self._calls.get(delta.index)
        if call is None:
            call = self._calls[delta.index] = _Written(_CALL)
            self._content.append(call)
        call.mark, call.name = call.mark or delta.id, call.name or delta.name
        call.pieces.append(delta.arguments)

    def _take_back(self, n_characters: int) -> None:
        """Leave no more of the words than so many characters."""
        for written in self._content:
            if written.kind == "text":
                written.pieces = ["".join(written.pieces)[:n_characters]]
                n_characters -= len(written.pieces[0])
        self._content = [
            written for written in self._content if written.kind != "text" or written.pieces[0]
        ]


def _sealed(signature: str) -> dict[str, object]:
    return {"type": "redacted_thinking", "data": signature.removeprefix(SEALED)}


def usage_of(usage: Usage) -> dict[str, object]:
    """Return the figures as Anthropic names them: input without what the cache gave and took."""
    writes = usage.input_cache_write_5m + usage.input_cache_write_1h
    return {
        "input_tokens": max(0, usage.input_total - usage.input_cached - writes),
        "cache_creation_input_tokens": writes,
        "cache_read_input_tokens": usage.input_cached,
        "output_tokens": usage.output_total,
    }


def _message(
    request_id: str, model: str, content: object, stop_reason: str | None, usage: Usage
) -> dict[str, object]:
    return {
        "id": f"msg_{request_id}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": usage_of(usage),
    }


def _input(arguments: str) -> object:
    """Return the arguments as an object; a model's invalid JSON is kept where it can be seen."""
    try:
        found: object = msgspec.json.decode(arguments or "{}")
    except msgspec.DecodeError:
        return {"_invalid": arguments}
    return found if isinstance(found, dict) else {"_invalid": arguments}


def _event(data: dict[str, object]) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (str(data["type"]).encode(), _json(data))
