"""What the edge reads of a request: a few top-level fields, the rest left as bytes.

A body is decoded whole into the normal form only when some target of its route speaks another
dialect; see `openai_request` and `anthropic_request`.
"""

from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from gateway.domain.errors import RequestError
from gateway.domain.messages import MOST_TOKENS
from gateway.v1.exchange import check_depth

Body = TypeVar("Body")
NOTHING = msgspec.Raw()
MOST_ANSWERS = 128

#: Never less than nothing, and no more than the gate can count: what is set aside for a request
#: is reckoned from these before anybody is asked.
Answers = Annotated[int, Meta(ge=1, le=MOST_ANSWERS)]
Tokens = Annotated[int, Meta(ge=1, le=MOST_TOKENS)]
#: Remembered by processes and stores for a while, so it cannot be of any length.
Name = Annotated[str, Meta(max_length=256)]
UserName = Annotated[str, Meta(max_length=512)]


class StreamOptions(msgspec.Struct):
    """Of OpenAI's stream options, the one that changes what we send."""

    include_usage: bool | None = None


class Chat(msgspec.Struct):
    """An OpenAI chat completion as the edge needs it."""

    model: Name
    messages: msgspec.Raw
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    n: Answers | None = None
    tools: msgspec.Raw = NOTHING
    functions: msgspec.Raw = NOTHING
    response_format: msgspec.Raw = NOTHING
    user: UserName | None = None

    @property
    def wants_usage(self) -> bool:
        """Whether the client asked for the extra chunk with the figures."""
        return bool(self.stream_options and self.stream_options.include_usage)

    @property
    def max_output_tokens(self) -> int | None:
        """The most that may be said, by whichever name."""
        return self.max_completion_tokens or self.max_tokens


class Metadata(msgspec.Struct):
    """Of Anthropic's metadata, who the request is for."""

    user_id: UserName | None = None


class Messages(msgspec.Struct):
    """An Anthropic message request as the edge needs it."""

    model: Name
    messages: msgspec.Raw
    max_tokens: Annotated[int, Meta(ge=0, le=MOST_TOKENS)]
    stream: bool | None = None
    tools: msgspec.Raw = NOTHING
    metadata: Metadata | None = None


class Counting(msgspec.Struct):
    """An Anthropic request to count tokens."""

    model: Name
    messages: msgspec.Raw


class Embedding(msgspec.Struct):
    """An OpenAI embedding request as the edge needs it."""

    model: Name
    input: msgspec.Raw
    user: UserName | None = None


def decoder(kind: type[Body]) -> "msgspec.json.Decoder[Body]":
    """Return a decoder to be kept: making one costs more than using it."""
    return msgspec.json.Decoder(kind)


def read(body: bytes, into: "msgspec.json.Decoder[Body]", *, within: str = "") -> Body:
    """Return the body as the decoder's type; raise RequestError with the path of what is wrong.

    ``within`` is the field whose value the body is, where it is only a part.
    """
    try:
        if not body.isascii():
            body.decode()  # what is left as bytes is read by others, and not by all of them alike
        found = into.decode(body)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        path = path.strip("`.") or _named_in(message)
        dot = "." if within and path and not path.startswith("[") else ""
        raise RequestError(f"{message}.", param=f"{within}{dot}{path}" or None) from None
    except msgspec.DecodeError:
        raise RequestError("The body is not valid JSON.") from None
    except RecursionError:
        raise RequestError("The body is nested too deeply.") from None
    except UnicodeDecodeError:
        raise RequestError("The body is not valid UTF-8.") from None
    check_depth(body)
    return found


def is_given(raw: msgspec.Raw) -> bool:
    """Return whether an optional field was sent, and not as null or an empty list."""
    return bytes(raw) not in {b"", b"null", b"[]"}


def _named_in(message: str) -> str:
    """Return the field's name out of msgspec's own words for a missing one."""
    _, quote, rest = message.partition("missing required field `")
    return rest.partition("`")[0] if quote else ""
