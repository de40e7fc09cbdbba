"""Anthropic's events as they come over the wire, so much of them as anybody here reads.

One shape fits all types: fields that a type does not have are absent, and types nobody knows
yet are read without complaint.
"""

import msgspec

NO_INPUT = msgspec.Raw(b"{}")
ABSENT = msgspec.Raw()


class Writes(msgspec.Struct, omit_defaults=True):
    """What was written to the prompt cache, by how long it is kept there."""

    ephemeral_5m_input_tokens: int | None = None
    ephemeral_1h_input_tokens: int | None = None


class OutputDetails(msgspec.Struct, omit_defaults=True):
    """What the output consists of."""

    thinking_tokens: int | None = None


class Iteration(msgspec.Struct):
    """One of several models that were asked for one answer."""

    type: str = ""
    model: str | None = None


class Tools(msgspec.Struct, omit_defaults=True):
    """How often the vendor used tools of its own, which it bills by the piece."""

    web_search_requests: int | None = None
    web_fetch_requests: int | None = None


class Figures(msgspec.Struct, omit_defaults=True):
    """Tokens; every figure is a total so far, absent or null when it is not told again."""

    input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation: Writes | None = None
    output_tokens: int | None = None
    output_tokens_details: OutputDetails | None = None
    server_tool_use: Tools | None = None
    iterations: list[Iteration] | None = None

    @property
    def fallback(self) -> str:
        """The model that stepped in and gave the answer, empty when none did."""
        found = (one.model for one in self.iterations or () if one.type == "fallback_message")
        return next(filter(None, found), "")


class Named(msgspec.Struct):
    """A model, by its name."""

    model: str | None = None


class Block(msgspec.Struct):
    """A block of content: how it opens in a stream, or all of it in a whole message.

    ``to`` is the model that goes on where the one before declined.
    """

    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    data: msgspec.Raw = NO_INPUT
    id: str | None = None
    name: str | None = None
    input: msgspec.Raw = NO_INPUT
    to: Named | None = None


class Message(msgspec.Struct):
    """The head of a stream, or a whole answer."""

    id: str | None = None
    model: str | None = None
    usage: Figures | None = None
    content: list[Block] = []
    stop_reason: str | None = None


class Piece(msgspec.Struct):
    """More of a block, or why the message ended."""

    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    partial_json: str | None = None
    stop_reason: str | None = None


class Event(msgspec.Struct):
    """One event of a stream, or a whole body that is an error."""

    type: str = ""
    index: int | None = None
    message: Message | None = None
    content_block: Block | None = None
    delta: Piece | None = None
    usage: Figures | None = None
    error: msgspec.Raw = ABSENT

    @property
    def is_failure(self) -> bool:
        """Whether it tells of one, by its type or as other vendors do."""
        return self.type == "error" or bytes(self.error) not in {b"", b"null"}


decode_event = msgspec.json.Decoder(Event).decode
decode_message = msgspec.json.Decoder(Message).decode
