"""Chunks of chat.completions as they come over the wire, so much of them as anybody here reads.

One shape fits all accents, streamed or whole. Types are wide where vendors disagree.
"""

import msgspec
from msgspec import UNSET, Raw, UnsetType


class Function(msgspec.Struct):
    """What is called, or a piece of it; some vendors send the arguments as an object."""

    name: str | None = None
    arguments: str | dict[str, object] | None = None


class CallPiece(msgspec.Struct):
    """A piece of a tool call."""

    index: int | None = None
    id: str | None = None
    function: Function | None = None


class ContentPart(msgspec.Struct):
    """A part of a text that comes in parts."""

    text: str | None = None


class Piece(msgspec.Struct):
    """More of the answer (``delta``), or all of it (``message``)."""

    content: str | list[ContentPart] | None = None
    reasoning_content: str | None = None
    reasoning: str | dict[str, object] | None = None
    refusal: str | None = None
    tool_calls: list[CallPiece] | None = None
    function_call: Function | None = None


class Choice(msgspec.Struct):
    """One of the answers asked for; ``flag`` and ``moderation_hit_type`` are filters' verdicts."""

    index: int | None = None
    delta: Piece | UnsetType | None = UNSET
    message: Piece | None = None
    finish_reason: str | None = None
    flag: int | None = None
    moderation_hit_type: str | None = None


class InputDetails(msgspec.Struct, omit_defaults=True):
    """Of the tokens read."""

    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    audio_tokens: int | None = None


class OutputDetails(msgspec.Struct, omit_defaults=True):
    """Of the tokens written."""

    reasoning_tokens: int | None = None
    audio_tokens: int | None = None
    accepted_prediction_tokens: int | None = None
    rejected_prediction_tokens: int | None = None


class Figures(msgspec.Struct, omit_defaults=True):
    """Tokens, as a total."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: InputDetails | None = None
    completion_tokens_details: OutputDetails | None = None
    prompt_cache_hit_tokens: int | None = None


class Beside(msgspec.Struct):
    """What one vendor puts into a corner of its own."""

    usage: Figures | None = None


class Chunk(msgspec.Struct):
    """One frame, or a whole answer; ``code`` and its like are a refusal that came with a 200."""

    id: str | int | None = None
    model: str | None = None
    choices: list[Choice] | None = None
    usage: Figures | None = None
    need_clear_history: bool | None = None
    x_groq: Beside | None = None
    error: Raw | UnsetType = UNSET
    code: Raw | UnsetType = UNSET
    error_code: Raw | UnsetType = UNSET

    @property
    def figures(self) -> Figures | None:
        """Return the usage, wherever it is."""
        if self.usage is None and self.x_groq is not None:
            return self.x_groq.usage
        return self.usage


class PassedPiece(msgspec.Struct):
    """More of an answer that is passed on: only whether there is any."""

    content: Raw | UnsetType = UNSET
    reasoning_content: Raw | UnsetType = UNSET
    reasoning: Raw | UnsetType = UNSET
    refusal: Raw | UnsetType = UNSET
    tool_calls: Raw | UnsetType = UNSET
    function_call: Raw | UnsetType = UNSET


class PassedChoice(msgspec.Struct):
    """One of the answers that are passed on, in pieces (``delta``) or whole (``message``)."""

    delta: PassedPiece | None = None
    message: PassedPiece | None = None
    finish_reason: str | None = None


class PassedChunk(msgspec.Struct):
    """One frame that is passed on."""

    id: str | int | None = None
    model: str | None = None
    choices: list[PassedChoice] | None = None
    usage: Figures | None = None
    error: Raw | UnsetType = UNSET
    code: Raw | UnsetType = UNSET
    error_code: Raw | UnsetType = UNSET


_NOTHING = frozenset({b"", b"null", b'""', b"[]", b"{}", b"0", b"false"})

decode_chunk = msgspec.json.Decoder(Chunk, strict=False).decode
decode_passed = msgspec.json.Decoder(PassedChunk, strict=False).decode


def is_refusal(chunk: Chunk | PassedChunk) -> bool:
    """Return whether it says what is wrong instead of an answer."""
    if chunk.error is not UNSET and is_told(chunk.error):
        return True
    return not chunk.choices and (is_told(chunk.code) or is_told(chunk.error_code))


def is_told(value: Raw | UnsetType) -> bool:
    """Return whether a field is there and says anything."""
    return value is not UNSET and bytes(value) not in _NOTHING
