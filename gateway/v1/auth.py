"""Who asks: the key in either dialect's header, looked up in the snapshot in memory."""

from collections.abc import Mapping

from gateway.domain import keys
from gateway.domain.catalog import Catalog, Key
from gateway.domain.errors import UnauthenticatedError

_SCHEME = "bearer "


def key_of(headers: Mapping[bytes, bytes], catalog: Catalog, *, at: float) -> Key:
    """Return the key of a request; raise an AccessError when there is none that is good.

    OpenAI's clients send ``Authorization: Bearer``, Anthropic's ``x-api-key``; either is taken
    with either dialect. ``at`` is Unix seconds.
    """
    return keys.find(catalog.keys, _secret(headers), at=at)


def _secret(headers: Mapping[bytes, bytes]) -> str:
    given = headers.get(b"x-api-key", b"").decode("latin-1").strip()
    if given:
        return given
    authorization = headers.get(b"authorization", b"").decode("latin-1")
    if authorization[: len(_SCHEME)].lower() == _SCHEME:
        return authorization[len(_SCHEME) :].strip()
    raise UnauthenticatedError(
        "No API key was given; send it as Authorization: Bearer, or as x-api-key."
    )
