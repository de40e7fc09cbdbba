"""Going on where an answer of OpenAI's wire broke off, as long as one voice spoke plain words."""

from collections.abc import Iterable

import msgspec


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


class OpenAIContinuation:
    """How an answer is gone on with in chat completions."""

    def words_of(self, frames: Iterable[bytes]) -> str | None:
        """Return the words in the frames; None when there is more to them than words."""
        words: list[str] = []
        for line in b"".join(frames).splitlines():
            if not line.startswith(b"data:") or line.startswith(b"data: [DONE]"):
                continue
            try:
                chunk = _chunks.decode(line[5:])
            except msgspec.DecodeError:
                return None
            if not all(map(_is_plain, chunk.choices)):
                return None
            words += [choice.delta.content or "" for choice in chunk.choices if choice.delta]
        return "".join(words)

    def prolonged(self, body: bytes, said: str) -> bytes | None:
        """Return the request with what was said as its last message; None without any."""
        try:
            fields = _bodies.decode(body)
            messages = _messages.decode(fields["messages"])
        except (msgspec.DecodeError, KeyError):
            return None
        messages.append(msgspec.Raw(msgspec.json.encode(_Said(said))))
        fields["messages"] = msgspec.Raw(msgspec.json.encode(messages))
        return msgspec.json.encode(fields)


def _is_plain(choice: _Choice) -> bool:
    delta = choice.delta
    if choice.index:
        return False
    return delta is None or not (delta.tool_calls or delta.function_call or delta.refusal)
