"""The conversation as vendors with two speakers want it: in turn, and the user first."""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

import msgspec

from gateway.domain.errors import InvalidRequestError
from gateway.domain.messages import ChatRequest, Image, Part, Role, Text, ToolResult

OPENING = "Begin."
INVALID = "_invalid"  # where arguments that are no JSON object are kept, to be seen by the model

_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_-]")
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(frozen=True, slots=True)
class Turn:
    """Everything one side says before the other side speaks."""

    is_model: bool
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Inline:
    """A picture's own bytes, in base64."""

    media_type: str
    data: str


def instructions(request: ChatRequest) -> list[str]:
    """Return what the system says, wherever in the conversation it says it."""
    said = (message.text for message in request.messages if message.role is Role.SYSTEM)
    return [text for text in said if text]


def turns(request: ChatRequest) -> list[Turn]:
    """Return the turns, neighbours of one side joined; a user opens, if need be by one word.

    What tools answered comes first in its turn, and nothing is empty: vendors insist on both.
    """
    joined: list[tuple[bool, list[Part]]] = []
    for message in request.messages:
        parts = [part for part in message.parts if part != Text("")]
        if message.role is Role.SYSTEM or not parts:
            continue
        is_model = message.role is Role.ASSISTANT
        if not joined or joined[-1][0] != is_model:
            joined.append((is_model, []))
        joined[-1][1].extend(parts)
    found = [Turn(is_model, tuple(_results_first(parts))) for is_model, parts in joined]
    if not found or found[0].is_model:
        found.insert(0, Turn(False, (Text(OPENING),)))
    return found


def inline(image: Image) -> Inline | None:
    """Return the bytes of a picture that brings them along, None for an address.

    Raises InvalidRequestError for a data URL without any.
    """
    scheme, _, rest = image.url.partition(":")
    if scheme.lower() != "data":
        return None
    head, comma, data = rest.partition(",")
    if not comma or not data:
        raise InvalidRequestError("a picture holds no data", raw_code="invalid_image")
    media_type, *parameters = head.split(";")
    if "base64" not in parameters:
        data = base64.b64encode(unquote_to_bytes(data)).decode()
    return Inline(media_type or image.media_type or "image/png", data)


def arguments_object(arguments: str) -> msgspec.Raw:
    """Return a tool's arguments as the JSON object a vendor wants in a conversation."""
    text = arguments.strip() or "{}"
    try:
        _object.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return msgspec.Raw(msgspec.json.encode({INVALID: arguments}))
    return msgspec.Raw(text.encode())


def made_id(request_id: str, number: int) -> str:
    """Return an id for the tool call to which the vendor gave none; unlike any other's."""
    return f"call_{plain_id(request_id)[-12:]}_{number}"


def plain_id(call_id: str) -> str:
    """Return the id in the letters every vendor takes; equal ids stay equal."""
    return _NOT_IN_IDS.sub("_", call_id) or "call"


def _results_first(parts: list[Part]) -> Iterator[Part]:
    yield from (part for part in parts if isinstance(part, ToolResult))
    yield from (part for part in parts if not isinstance(part, ToolResult))
