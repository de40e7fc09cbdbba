"""How a reply looks on Anthropic's wire."""

import json
from collections.abc import Mapping
from typing import Any

from tests.fakes.upstream.dialects import Wire
from tests.fakes.upstream.replies import Reply

_REASONS = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}


class AnthropicWire:
    """Messages."""

    malformed = b'event: content_block_delta\ndata: {"type":"content_block_delta","ind\n\n'

    def speaks(self, path: str) -> bool:
        return path.endswith("/messages")

    def is_streamed(self, path: str, asked: Mapping[str, Any]) -> bool:
        return asked.get("stream") is True

    def stream(self, reply: Reply, asked: Mapping[str, Any]) -> Wire:
        head = {**_head(asked), "content": [], "stop_reason": None, "usage": _usage(reply, 1)}
        opening = [_event("message_start", message=head)]
        index = 0
        if reply.reasoning:
            opening += [
                _opened(index, {"type": "thinking", "thinking": "", "signature": ""}),
                _piece(index, "thinking_delta", thinking=reply.reasoning),
                _piece(index, "signature_delta", signature="c2ln"),
                _event("content_block_stop", index=index),
            ]
            index += 1
        tokens: list[bytes] = []
        closing: list[bytes] = []
        if reply.text:
            opening += [_opened(index, {"type": "text", "text": ""}), _event("ping")]
            tokens += [_piece(index, "text_delta", text=token) for token in reply.tokens]
            end = _event("content_block_stop", index=index)
            index += 1
            if reply.tool_calls:
                tokens[-1] += end
            else:
                closing.append(end)
        for number, (name, arguments) in enumerate(reply.tool_calls):
            block = {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": {}}
            tokens += [
                _opened(index, block) + _piece(index, "input_json_delta", partial_json=""),
                _piece(index, "input_json_delta", partial_json=arguments)
                + _event("content_block_stop", index=index),
            ]
            index += 1
        if reply.has_finish:
            delta = {"stop_reason": _reason(reply), "stop_sequence": None}
            figures = {"output_tokens": reply.n_out}
            closing.append(_event("message_delta", delta=delta, usage=figures))
        if reply.has_done:
            closing.append(_event("message_stop"))
        return Wire(tuple(opening), tuple(tokens), tuple(closing))

    def whole(self, reply: Reply, path: str, asked: Mapping[str, Any]) -> bytes:
        content: list[dict[str, Any]] = []
        if reply.reasoning:
            content.append({"type": "thinking", "thinking": reply.reasoning, "signature": "c2ln"})
        if reply.text:
            content.append({"type": "text", "text": reply.text})
        for number, (name, arguments) in enumerate(reply.tool_calls):
            call = {"id": f"toolu_{number}", "name": name, "input": json.loads(arguments or "{}")}
            content.append({"type": "tool_use", **call})
        return _json(
            {
                **_head(asked),
                "content": content,
                "stop_reason": _reason(reply),
                "stop_sequence": None,
                "usage": _usage(reply, reply.n_out),
            }
        )

    def error(self, reply: Reply) -> bytes:
        complaint = {"type": reply.code, "message": reply.message}
        return reply.error or _json({"type": "error", "error": complaint, "request_id": "req_1"})

    def error_frame(self, reply: Reply) -> bytes:
        return b"event: error\ndata: " + self.error(reply) + b"\n\n"


def _head(asked: Mapping[str, Any]) -> dict[str, Any]:
    model = asked.get("model", "m")
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": model}


def _reason(reply: Reply) -> str:
    if reply.tool_calls and reply.finish == "stop":
        return "tool_use"
    return _REASONS.get(reply.finish, reply.finish)


def _usage(reply: Reply, n_out: int) -> dict[str, int]:
    return {"input_tokens": reply.n_in, "output_tokens": n_out}


def _opened(index: int, block: dict[str, Any]) -> bytes:
    return _event("content_block_start", index=index, content_block=block)


def _piece(index: int, kind: str, **piece: str) -> bytes:
    return _event("content_block_delta", index=index, delta={"type": kind, **piece})


def _event(kind: str, **fields: Any) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), _json({"type": kind, **fields}))


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
