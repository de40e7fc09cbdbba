"""Gemini's responses as they come over the wire, so much of them as anybody here reads."""

import msgspec

ABSENT = msgspec.Raw()


class Partial(msgspec.Struct, rename="camel"):
    """One more value of a call's arguments, and where in them it stands."""

    json_path: str = ""
    string_value: str | None = None
    number_value: int | float | None = None
    bool_value: bool | None = None
    will_continue: bool | None = None


class FunctionCall(msgspec.Struct, rename="camel"):
    """A call: whole, or its beginning, its continuation or (empty) its end."""

    id: str | None = None
    name: str | None = None
    args: msgspec.Raw = ABSENT
    partial_args: list[Partial] | None = None
    will_continue: bool | None = None


class Part(msgspec.Struct, rename="camel"):
    """A part of the content; of the kinds there are, those that say something."""

    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    function_call: FunctionCall | None = None


class Content(msgspec.Struct, rename="camel"):
    """What one candidate adds."""

    parts: list[Part] | None = None


class Candidate(msgspec.Struct, rename="camel"):
    """One answer; only the first is asked for."""

    content: Content | None = None
    finish_reason: str | None = None
    index: int | None = None


class Feedback(msgspec.Struct, rename="camel"):
    """What is held against the prompt."""

    block_reason: str | None = None


class Figures(msgspec.Struct, rename="camel", omit_defaults=True):
    """Tokens so far."""

    prompt_token_count: int | None = None
    cached_content_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None


class Response(msgspec.Struct, rename="camel"):
    """One frame: all that is new, and the figures so far."""

    candidates: list[Candidate] | None = None
    prompt_feedback: Feedback | None = None
    usage_metadata: Figures | None = None
    model_version: str | None = None
    response_id: str | None = None
    error: msgspec.Raw = ABSENT

    @property
    def is_failure(self) -> bool:
        """Whether it tells of one instead of an answer."""
        return is_given(self.error)


def is_given(value: msgspec.Raw) -> bool:
    """Return whether there is anything but null."""
    return bytes(value) not in {b"", b"null"}


decode_responses = msgspec.json.Decoder(Response | list[Response]).decode
