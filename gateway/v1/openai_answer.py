"""Deltas in OpenAI's words: chunks of a stream, or one chat completion."""

from collections.abc import Callable
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

DONE = b"data: [DONE]\n\n"
_REASONS = {
    FinishReason.LENGTH: "length",
    FinishReason.TOOL_CALLS: "tool_calls",
    FinishReason.CONTENT_FILTER: "content_filter",
    FinishReason.REFUSAL: "content_filter",
}
_json = msgspec.json.Encoder().encode


@dataclass(slots=True)
class ChunkEncoder:
    """Makes chunks; the parts that all of them share are made once, when the model is known."""

    request_id: str
    created_at: int
    wants_usage: bool
    ping: bytes = b": keep-alive\n\n"
    _head: bytes = b""
    _tail: bytes = b""
    _has_role: bool = False
    _is_passing: bool = False
    _usage: Usage | None = None

    def encode(self, delta: Delta) -> bytes:
        """Return the frames of a delta."""
        if isinstance(delta, Passthrough):
            self._is_passing = self._has_role = True
            return delta.data
        write = _WRITERS.get(type(delta))
        return write(self, delta) if write else b""

    def finish(self, finish: Finish) -> bytes:
        """Return reason, figures when asked for, and the mark of the end."""
        if self._is_passing:
            return DONE  # the vendor's own frames said the rest
        reason = _REASONS.get(finish.reason, "stop")
        last = self._tail.replace(
            b'"finish_reason":null', b'"finish_reason":"%s"' % reason.encode()
        )
        frames = self._role() + self._head + b"{}" + last
        usage = finish.usage or self._usage
        if self.wants_usage and usage is not None:
            head = self._head.removesuffix(b'[{"index":0,"delta":')
            frames += head + b'[],"usage":' + _json(usage_of(usage)) + b"}\n\n"
        return frames + DONE

    def fail(self, error: GatewayError) -> bytes:
        """Return the error and the mark of the end."""
        return errors.in_stream(error, Dialect.OPENAI, request_id=self.request_id)

    def _start(self, start: Start) -> bytes:
        self._has_role = False
        self._head = (
            b'data: {"id":"chatcmpl-%s","object":"chat.completion.chunk","created":%d,"model":%s,'
            b'"choices":[{"index":0,"delta":'
            % (self.request_id.encode(), self.created_at, _json(start.model))
        )
        usage = b',"usage":null' if self.wants_usage else b""
        self._tail = b',"logprobs":null,"finish_reason":null}]' + usage + b"}\n\n"
        return b""

    def _role(self) -> bytes:
        if self._has_role:
            return b""
        self._has_role = True
        return self._head + b'{"role":"assistant","content":""}' + self._tail

    def _text(self, delta: TextDelta) -> bytes:
        return self._content(b'{"content":' + _json(delta.text))

    def _reasoning(self, delta: ReasoningDelta) -> bytes:
        return self._content(b'{"reasoning_content":' + _json(delta.text)) if delta.text else b""

    def _call(self, delta: ToolCallDelta) -> bytes:
        function: dict[str, str] = {"name": delta.name} if delta.name else {}
        function["arguments"] = delta.arguments
        call: dict[str, object] = {"index": delta.index}
        if delta.id:
            call |= {"id": delta.id, "type": "function"}
        return self._content(b'{"tool_calls":' + _json([{**call, "function": function}]))

    def _content(self, inside: bytes) -> bytes:
        self._is_passing = False
        return self._role() + self._head + inside + b"}" + self._tail

    def _seam(self, seam: Seam) -> bytes:
        self._is_passing = False
        return seam_comment(seam)

    def _count(self, update: UsageUpdate) -> bytes:
        self._usage = update.usage
        return b""


_WRITERS: dict[type, Callable[[ChunkEncoder, Delta], bytes]] = {
    Start: ChunkEncoder._start,  # type: ignore[dict-item]
    TextDelta: ChunkEncoder._text,  # type: ignore[dict-item]
    ReasoningDelta: ChunkEncoder._reasoning,  # type: ignore[dict-item]
    ToolCallDelta: ChunkEncoder._call,  # type: ignore[dict-item]
    Seam: ChunkEncoder._seam,  # type: ignore[dict-item]
    UsageUpdate: ChunkEncoder._count,  # type: ignore[dict-item]
}


@dataclass(slots=True)
class CompletionFolder:
    """Makes one chat completion."""

    request_id: str
    created_at: int
    _model: str = ""
    _text: list[str] = field(default_factory=list)
    _reasoning: list[str] = field(default_factory=list)
    _calls: dict[int, dict[str, str]] = field(default_factory=dict)
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
                self._reasoning.append(delta.text)
            case ToolCallDelta():
                call = self._calls.setdefault(delta.index, {"id": "", "name": "", "arguments": ""})
                call["id"] = call["id"] or delta.id
                call["name"] = call["name"] or delta.name
                call["arguments"] += delta.arguments
            case Retract():
                self._text = ["".join(self._text)[: delta.from_offset]]
            case UsageUpdate():
                self._usage = delta.usage
            case _:
                pass

    def body(self, finish: Finish) -> bytes:
        """Return the completion, or the vendor's own when it came whole."""
        if self._whole is not None:
            return self._whole
        text = "".join(self._text)
        message: dict[str, object] = {
            "role": "assistant",
            "content": text if text or not self._calls else None,
            "refusal": None,
        }
        if self._reasoning:
            message["reasoning_content"] = "".join(self._reasoning)
        if self._calls:
            message["tool_calls"] = [
                {
                    "id": call["id"],
                    "type": "function",
                    "function": {"name": call["name"], "arguments": call["arguments"]},
                }
                for _, call in sorted(self._calls.items())
            ]
        choice = {
            "index": 0,
            "message": message,
            "logprobs": None,
            "finish_reason": _REASONS.get(finish.reason, "stop"),
        }
        return _json(
            {
                "id": f"chatcmpl-{self.request_id}",
                "object": "chat.completion",
                "created": self.created_at,
                "model": self._model,
                "choices": [choice],
                "usage": usage_of(finish.usage or self._usage or Usage()),
            }
        )


def usage_of(usage: Usage) -> dict[str, object]:
    """Return the figures as OpenAI names them."""
    return {
        "prompt_tokens": usage.input_total,
        "completion_tokens": usage.output_total,
        "total_tokens": usage.input_total + usage.output_total,
        "prompt_tokens_details": {"cached_tokens": usage.input_cached},
        "completion_tokens_details": {"reasoning_tokens": usage.output_reasoning},
    }
