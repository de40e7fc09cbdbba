"""When a body has to be read in full, and what is made of it for a provider that reads aloud."""

from dataclasses import replace

import msgspec

from gateway.domain.catalog import Route
from gateway.domain.messages import ChatRequest, Dialect, Role, Script

_PICTURE = b'"image'
_PICTURES = ("image_url", "image")  # by the types of both dialects' parts
_SCRIPT_PACE_CPS = 200.0
_SCRIPT_CHARACTERS = 2_000


def is_translated(route: Route, dialect: Dialect) -> bool:
    """Return whether the body must become the normal form: somebody speaks another dialect."""
    return bool(route.dialects - {dialect})


def has_pictures(body: bytes, messages: msgspec.Raw) -> bool:
    """Return whether the messages show something, so that whoever gets them has to have eyes.

    What else is in them, and in which form, is for the provider to judge.
    """
    if _PICTURE not in body:
        return False
    try:
        return _shows(msgspec.json.decode(messages))
    except msgspec.DecodeError:
        return False


def _shows(found: object) -> bool:
    if isinstance(found, list):
        return any(map(_shows, found))
    if not isinstance(found, dict):
        return False
    return found.get("type") in _PICTURES or _shows(found.get("content"))


def with_script(request: ChatRequest, route: Route) -> ChatRequest:
    """Return the request with something to say for a provider that only reads aloud.

    It is the caller's own last words: a gateway without a single model can still be tried.
    """
    if Dialect.SCRIPT not in route.dialects:
        return request
    said = [message.text for message in request.messages if message.role is Role.USER]
    words = (said[-1] if said else "")[:_SCRIPT_CHARACTERS] or "…"
    return replace(request, script=Script(text=words, pace_cps=_SCRIPT_PACE_CPS))
