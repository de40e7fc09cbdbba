"""Reads the body of a refusal, whatever shape the vendor gave it."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

Json = dict[str, object]

_WORDS_READ = 2000
_CODES = ("code", "Code", "error_code", "errorCode")
_MESSAGES = ("message", "msg", "error_msg", "Message", "Msg")
_INNER = ("error", "ErrorMsg", "Error", "innererror", "inner_error")


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a vendor says is wrong.

    ``codes`` come in the order in which they decide: the most particular first. ``status`` is
    an HTTP status that is written in the body. ``delay`` is how long to wait, as written;
    ``param`` the field at fault.
    """

    codes: tuple[str, ...] = ()
    message: str = ""
    status: int | None = None
    delay: str = ""
    param: str = ""

    @property
    def raw_code(self) -> str:
        """Return the vendor's own word for it."""
        return self.codes[0] if self.codes else ""


def complaint_of(body: bytes) -> Complaint:
    """Return what the body says; text that is not JSON is a message."""
    try:
        found: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Complaint(message=body[:_WORDS_READ].decode(errors="replace"))
    if isinstance(found, list) and found:
        found = found[0]
    if isinstance(found, dict) and isinstance(found.get("Response"), dict):
        found = found["Response"]
    layers = tuple(_layers(found))
    found_codes = dict.fromkeys(code for layer in layers for code in _codes(layer))
    codes = tuple(sorted(found_codes, key=_is_status))  # a word says more than a number
    return Complaint(
        codes=codes,
        message=next((text for layer in reversed(layers) for text in _messages(layer)), ""),
        status=next((int(code) for code in codes if _is_status(code)), None),
        delay=next((text for layer in layers for text in _delays(layer)), ""),
        param=next((text for layer in layers for text in _texts(layer, "param")), ""),
    )


def _layers(found: object) -> Iterator[Json]:
    """Yield the objects that describe the fault, the innermost first, down to plain text."""
    if isinstance(found, str):
        yield {"message": found}
    if not isinstance(found, dict):
        return
    for name in _INNER:
        yield from _layers(found.get(name))
    yield found


def _codes(layer: Json) -> Iterator[str]:
    for detail in _details(layer):
        for violation in _objects(detail.get("violations")):
            yield from _texts(violation, "quotaId")
        yield from _texts(detail, "reason")
    for name in (*_CODES, "type", "status"):
        yield from _texts(layer, name)


def _messages(layer: Json) -> Iterator[str]:
    for name in _MESSAGES:
        yield from _texts(layer, name)


def _delays(layer: Json) -> Iterator[str]:
    for detail in _details(layer):
        yield from _texts(detail, "retryDelay")


def _details(layer: Json) -> list[Json]:
    return _objects(layer.get("details"))


def _objects(found: object) -> list[Json]:
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _texts(layer: Json, name: str) -> Iterator[str]:
    found = layer.get(name)
    if isinstance(found, str | int) and not isinstance(found, bool) and found != "":
        yield str(found)[:_WORDS_READ]


def _is_status(code: str) -> bool:
    return code.isascii() and code.isdecimal() and 400 <= int(code[:9]) < 600
