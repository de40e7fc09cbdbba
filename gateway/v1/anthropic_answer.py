"""Deltas in Anthropic's words: events of a stream, or one message."""

from dataclasses import dataclass, field

import msgspec

from gateway.domain.errors import GatewayError
from gateway.domain.messages import (
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
            self._blocks[_TEXT], self._open = max(0, self._n_passed - 1), _TEXT

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
        self._is_passing = False
        if block in self._blocks:
            return b""
        begun = self._begin() + self._close()
        self._blocks[block], self._open = max(self._blocks.values(), default=-1) + 1, block
        return begun + _event(
            {
                "type": "content_block_start",
                "index": self._blocks[block],
                "content_block": opening,
            }
        )

    def _thought(self, delta: ReasoningDelta) -> bytes:
        opening: dict[str, object] = {"type": "thinking", "thinking": "", "signature": ""}
        thought = {"type": "thinking_delta", "thinking": delta.text}
        frames = self._piece(_THINKING, thought, opening) if delta.text else b""
        if delta.signature:
            signature = {"type": "signature_delta", "signature": delta.signature}
            frames += self._piece(_THINKING, signature, opening)
        return frames

    def _call(self, delta: ToolCallDelta) -> bytes:
        block: Block = ("tool_use", delta.index)
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
class MessageFolder:
    """Makes one message."""

    request_id: str
    _model: str = ""
    _text: list[str] = field(default_factory=list)
    _thought: list[str] = field(default_factory=list)
    _signature: str = ""
    _calls: dict[int, list[str]] = field(default_factory=dict)
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
                self._text.append(delta.text)
            case ReasoningDelta():
                self._thought.append(delta.text)
                self._signature = delta.signature or self._signature
            case ToolCallDelta():
                call = self._calls.setdefault(delta.index, ["", "", ""])
                call[0], call[1] = call[0] or delta.id, call[1] or delta.name
                call[2] += delta.arguments
            case Retract():
                self._text = ["".join(self._text)[: delta.from_offset]]
            case UsageUpdate():
                self._usage = delta.usage
            case _:
                pass

    def body(self, finish: Finish) -> bytes:
        """Return the message, or the vendor's own when it came whole."""
        if self._whole is not None:
            return self._whole
        content: list[dict[str, object]] = []
        if self._thought:
            thought = "".join(self._thought)
            content.append({"type": "thinking", "thinking": thought, "signature": self._signature})
        text = "".join(self._text)
        if text or not (self._calls or self._thought):
            content.append({"type": "text", "text": text})
        for _, (call_id, name, arguments) in sorted(self._calls.items()):
            content.append(
                {"type": "tool_use", "id": call_id, "name": name, "input": _input(arguments)}
            )
        return _json(
            _message(
                self.request_id,
                self._model,
                content,
                _REASONS.get(finish.reason, "end_turn"),
                finish.usage or self._usage or Usage(),
            )
        )


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
