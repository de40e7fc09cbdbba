"""Players are guests: a random id in a signed, HttpOnly cookie, no account."""

from dataclasses import dataclass
from typing import Literal, TypedDict
from uuid import UUID, uuid4

from django.conf import settings
from django.core.signing import BadSignature, Signer

Player = UUID
COOKIE = "player"
COOKIE_AGE_SECONDS = 400 * 24 * 3600
_BEARER = "Bearer "
_signer = Signer(salt="hotseat.player")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks: a player by cookie, or a program by the room's token, or neither.

    A bearer said so in a header, which no foreign page can make a browser do.
    """

    player: Player | None = None
    token: str = ""
    is_bearer: bool = False


class Cookie(TypedDict):
    """The arguments of ``response.set_cookie``."""

    key: str
    value: str
    max_age: int
    httponly: bool
    samesite: Literal["Lax"]
    secure: bool


def visitor(*, cookie: str | None, token: str = "", authorization: str = "") -> Visitor:
    """Return who asks: the bearer of a token and nobody else, or the cookie's player.

    token: of the page's address; it lets the cookie's player watch a room that is shared.
    """
    bearer = authorization.removeprefix(_BEARER).strip()
    if authorization.startswith(_BEARER) and bearer:
        return Visitor(token=bearer, is_bearer=True)
    return Visitor(player=from_cookie(cookie), token=token)


def new_player() -> Player:
    """Return a fresh player id."""
    return uuid4()


def cookie_of(player: Player) -> Cookie:
    """Return the cookie by which the player is known again."""
    return {
        "key": COOKIE,
        "value": cookie_value(player),
        "max_age": COOKIE_AGE_SECONDS,
        "httponly": True,
        "samesite": "Lax",
        "secure": settings.IS_HTTPS,
    }


def cookie_value(player: Player) -> str:
    """Return the signed cookie of a player."""
    return _signer.sign(str(player))


def from_cookie(value: str | None) -> Player | None:
    """Return the player of a cookie; None for no cookie, a forged or a mangled one."""
    if not value:
        return None
    try:
        return UUID(_signer.unsign(value))
    except (BadSignature, ValueError):
        return None
