"""Going on where an answer broke off: what was said, read back out of forwarded bytes.

Bytes that are forwarded as they came are not read on their way. Only when another provider has
to go on is their text looked for: in OpenAI's frames, where one voice spoke plain words.
"""

from collections.abc import Iterable

import msgspec

from gateway.domain.messages import Dialect, Original

LARGEST_KEPT_BYTES = 512 * 1024


class _Delta(msgspec.Struct):
    content: str | None = None
    tool_calls: msgspec.Raw | None = None
    function_call: msgspec.Raw | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None
    index: int = 0


class _Chunk(msgspec.Struct):
    choices: tuple[_Choice, ...] = ()


class _Said(msgspec.Struct):
    content: str
    role: str = "assistant"


_chunks = msgspec.json.Decoder(_Chunk)
_bodies = msgspec.json.Decoder(dict[str, msgspec.Raw])
_messages = msgspec.json.Decoder(list[msgspec.Raw])


def text_of(frames: Iterable[bytes]) -> str | None:
    """Return the words in OpenAI's frames; None when there is more to them than words."""
    words: list[str] = []
    for line in b"".join(frames).splitlines():
        if not line.startswith(b"data:") or line.startswith(b"data: [DONE]"):
            continue
        try:
            chunk = _chunks.decode(line[5:])
        except msgspec.DecodeError:
            return None
        for choice in chunk.choices:
            delta = choice.delta
            if choice.index or (
                delta is not None and (delta.tool_calls or delta.function_call or delta.refusal)
            ):
                return None
            if delta is not None and delta.content:
                words.append(delta.content)
    return "".join(words)


def prolonged(original: Original, said: str) -> Original | None:
    """Return the request with what was said as its last message; None when it has no place."""
    if original.dialect is not Dialect.OPENAI:
        return None
    try:
        body = _bodies.decode(original.body)
        messages = _messages.decode(body["messages"])
    except (msgspec.DecodeError, KeyError):
        return None
    messages.append(msgspec.Raw(msgspec.json.encode(_Said(said))))
    body["messages"] = msgspec.Raw(msgspec.json.encode(messages))
    return Original(original.dialect, msgspec.json.encode(body), original.is_readable)
