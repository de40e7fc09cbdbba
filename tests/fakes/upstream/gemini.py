"""How a reply looks on Gemini's wire: CRLF, a whole response per frame, no terminal mark."""

import json
from collections.abc import Mapping
from typing import Any

from tests.fakes.upstream.dialects import Wire
from tests.fakes.upstream.replies import Reply

_REASONS = {"stop": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}


class GeminiWire:
    """streamGenerateContent; without ``alt=sse`` all responses come as one list."""

    malformed = b'data: {"candidates":[{"cont\r\n\r\n'

    def speaks(self, path: str) -> bool:
        return path.endswith(":streamGenerateContent")

    def is_streamed(self, path: str, asked: Mapping[str, Any]) -> bool:
        return "alt=sse" in path

    def stream(self, reply: Reply, asked: Mapping[str, Any]) -> Wire:
        responses = self._responses(reply)
        frames = [b"data: " + _json(response) + b"\r\n\r\n" for response in responses]
        if not reply.has_finish:
            return Wire((), tuple(frames[:-1]), ())
        return Wire((), tuple(frames[:-1]), (frames[-1],))

    def whole(self, reply: Reply, path: str, asked: Mapping[str, Any]) -> bytes:
        return _json(self._responses(reply))

    def error(self, reply: Reply) -> bytes:
        told = {"code": reply.status, "message": reply.message, "status": reply.code}
        return reply.error or _json({"error": told})

    def error_frame(self, reply: Reply) -> bytes:
        return b"data: " + self.error(reply) + b"\r\n\r\n"

    def _responses(self, reply: Reply) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = []
        if reply.reasoning:
            parts.append({"text": reply.reasoning, "thought": True})
        parts += [{"text": token} for token in reply.tokens]
        parts += [
            {"functionCall": {"name": name, "args": json.loads(arguments or "{}")}}
            for name, arguments in reply.tool_calls
        ]
        responses = [
            _response(reply, {"content": {"parts": [part], "role": "model"}}, n_out=number)
            for number, part in enumerate(parts, 1)
        ]
        finish = {"finishReason": _REASONS.get(reply.finish, reply.finish)}
        return [*responses, _response(reply, finish, n_out=reply.n_out)]


def _response(reply: Reply, candidate: dict[str, Any], *, n_out: int) -> dict[str, Any]:
    return {
        "candidates": [{**candidate, "index": 0}],
        "usageMetadata": {
            "promptTokenCount": reply.n_in,
            "candidatesTokenCount": n_out,
            "totalTokenCount": reply.n_in + n_out,
        },
        "modelVersion": "gemini-m",
        "responseId": "resp-1",
    }


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
