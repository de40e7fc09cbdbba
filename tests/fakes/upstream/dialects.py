"""How a reply looks on the wire of each dialect."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tests.fakes.upstream.replies import Reply

CREATED = 1_790_000_000


@dataclass(frozen=True, slots=True)
class Wire:
    """A stream in its parts: before the words, one frame per word, after them."""

    opening: tuple[bytes, ...]
    tokens: tuple[bytes, ...]
    closing: tuple[bytes, ...]


class WireDialect(Protocol):
    """One vendor's manner; ``asked`` is the request's body."""

    malformed: bytes

    def speaks(self, path: str) -> bool:
        """Say whether a request to the path is in this dialect."""
        ...

    def is_streamed(self, path: str, asked: Mapping[str, Any]) -> bool:
        """Say whether the answer is to come as a stream."""
        ...

    def stream(self, reply: Reply, asked: Mapping[str, Any]) -> Wire:
        """Return the frames of a streamed answer."""
        ...

    def whole(self, reply: Reply, path: str, asked: Mapping[str, Any]) -> bytes:
        """Return the body of an answer that is not streamed."""
        ...

    def error(self, reply: Reply) -> bytes:
        """Return the body of a refusal."""
        ...

    def error_frame(self, reply: Reply) -> bytes:
        """Return a refusal in the middle of a stream."""
        ...


class OpenAIWire:
    """chat.completions and embeddings."""

    malformed = b'data: {"id":"c-1","choices":[{"index":0,"del\n\n'

    def speaks(self, path: str) -> bool:
        return path.endswith(("/chat/completions", "/embeddings"))

    def is_streamed(self, path: str, asked: Mapping[str, Any]) -> bool:
        return asked.get("stream") is True

    def stream(self, reply: Reply, asked: Mapping[str, Any]) -> Wire:
        chunk = _Chunk(str(asked.get("model", "m")))
        opening = [chunk(delta={"role": "assistant", "content": ""})]
        if reply.reasoning:
            opening.append(chunk(delta={"reasoning_content": reply.reasoning}))
        tokens = [chunk(delta={"content": token}) for token in reply.tokens]
        for index, (name, arguments) in enumerate(reply.tool_calls):
            head = {"index": index, "id": f"call_{index}", "type": "function"}
            tokens.append(
                chunk(delta={"tool_calls": [{**head, "function": {"name": name, "arguments": ""}}]})
            )
            tokens.append(
                chunk(
                    delta={"tool_calls": [{"index": index, "function": {"arguments": arguments}}]}
                )
            )
        closing = []
        if reply.has_finish:
            closing.append(chunk(delta={}, finish=_finish(reply)))
        if (asked.get("stream_options") or {}).get("include_usage"):
            closing.append(chunk(usage=_usage(reply)))
        if reply.has_done:
            closing.append(b"data: [DONE]\n\n")
        return Wire(tuple(opening), tuple(tokens), tuple(closing))

    def whole(self, reply: Reply, path: str, asked: Mapping[str, Any]) -> bytes:
        if path.endswith("/embeddings"):
            return _embeddings(reply, asked)
        message: dict[str, Any] = {"role": "assistant", "content": reply.text or None}
        if reply.reasoning:
            message["reasoning_content"] = reply.reasoning
        if reply.tool_calls:
            message["tool_calls"] = [
                {
                    "id": f"call_{index}",
                    "type": "function",
                    "function": {"name": name, "arguments": arguments},
                }
                for index, (name, arguments) in enumerate(reply.tool_calls)
            ]
        return _json(
            {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": CREATED,
                "model": asked.get("model", "m"),
                "choices": [{"index": 0, "message": message, "finish_reason": _finish(reply)}],
                "usage": _usage(reply),
            }
        )

    def error(self, reply: Reply) -> bytes:
        return reply.error or _json(
            {
                "error": {
                    "message": reply.message,
                    "type": "error",
                    "param": None,
                    "code": reply.code,
                }
            }
        )

    def error_frame(self, reply: Reply) -> bytes:
        return b"data: " + self.error(reply) + b"\n\n"


DIALECTS: list[WireDialect] = [OpenAIWire()]


class _Chunk:
    """Makes the chunks of one answer."""

    def __init__(self, model: str) -> None:
        self._head = {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": model,
        }

    def __call__(
        self,
        *,
        delta: dict[str, Any] | None = None,
        finish: str | None = None,
        usage: dict[str, Any] | None = None,
    ) -> bytes:
        choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
        chunk = {**self._head, "choices": choices, "usage": usage}
        return b"data: " + _json(chunk) + b"\n\n"


def _finish(reply: Reply) -> str:
    return "tool_calls" if reply.tool_calls and reply.finish == "stop" else reply.finish


def _usage(reply: Reply) -> dict[str, Any]:
    return {
        "prompt_tokens": reply.n_in,
        "completion_tokens": reply.n_out,
        "total_tokens": reply.n_in + reply.n_out,
    }


def _embeddings(reply: Reply, asked: Mapping[str, Any]) -> bytes:
    inputs = asked.get("input", "")
    texts = inputs if isinstance(inputs, list) else [inputs]
    return _json(
        {
            "object": "list",
            "model": asked.get("model", "m"),
            "data": [
                {"object": "embedding", "index": index, "embedding": [0.5, -0.25, float(index)]}
                for index, _ in enumerate(texts)
            ],
            "usage": {"prompt_tokens": reply.n_in, "total_tokens": reply.n_in},
        }
    )


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
