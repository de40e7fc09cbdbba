"""Players are guests: a random id in a signed, HttpOnly cookie, no account."""

from uuid import UUID, uuid4

from django.core.signing import BadSignature, Signer

Player = UUID
COOKIE = "player"
COOKIE_AGE_SECONDS = 400 * 24 * 3600
_signer = Signer(salt="hotseat.player")


def new_player() -> UUID:
    """Return a fresh player id."""
    return uuid4()


def cookie_value(player: UUID) -> str:
    """Return the signed cookie of a player."""
    return _signer.sign(str(player))


def from_cookie(value: str | None) -> UUID | None:
    """Return the player of a cookie; None for no cookie, a forged or a mangled one."""
    if not value:
        return None
    try:
        return UUID(_signer.unsign(value))
    except (BadSignature, ValueError):
        return None
