"""Who is asking, on the REST API: the cookie's player, or the bearer of a room's token.

Cookie callers must show the page's CSRF token on writes; bearers have no ambient authority to
abuse and need none. A foreign page may not write even without a cookie: the answer would seat
its visitor as somebody new, and their own rooms would be lost to them.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from interview.domain.errors import CsrfFailedError
from interview.services import players
from interview.services.players import Player, Visitor

_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class VisitorAuth(AuthBase):
    """Recognises the caller; everybody is let in, what they may touch is asked per room."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __call__(self, request: HttpRequest) -> Visitor:
        """Return who asks; raise CsrfFailedError for a cookie write without the page's token."""
        found = players.visitor(
            cookie=request.COOKIES.get(players.COOKIE),
            token=request.GET.get("token", ""),
            authorization=request.headers.get("Authorization", ""),
        )
        if found.is_bearer:
            return found
        if found.player is not None and check_csrf(request) is not None:
            raise CsrfFailedError("The page's token is missing or old; reload the page.")
        if request.method not in _READS and _is_from_elsewhere(request):
            raise CsrfFailedError("This page is of another site; write from a page of ours.")
        return found


def _is_from_elsewhere(request: HttpRequest) -> bool:
    """Return whether a browser says that a page of another site sends this."""
    origin = request.headers.get("Origin")
    if origin is None or origin in settings.CSRF_TRUSTED_ORIGINS:
        return False
    return origin.partition("://")[2].lower() != request.get_host().lower()


def visitor(request: HttpRequest) -> Visitor:
    """Return what `VisitorAuth` found."""
    found = getattr(request, "auth", None)
    return found if isinstance(found, Visitor) else Visitor()


def address_of(request: HttpRequest) -> str:
    """Return where the caller is; the edge of the server has made it safe to count by."""
    return str(request.META.get("REMOTE_ADDR") or "")


def set_player(response: HttpResponse, player: Player) -> None:
    """Let the player be known again."""
    response.set_cookie(**players.cookie_of(player))
