"""Who looks at a page."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse

from interview import selectors
from interview.domain.errors import RoomNotFoundError
from interview.models import Room
from interview.services import players
from interview.services.players import Visitor


def visitor(request: HttpRequest) -> Visitor:
    """Return who asks: the player of the cookie, or the bearer of a link to watch."""
    cookie = request.COOKIES.get(players.COOKIE)
    return players.visitor(cookie=cookie, token=request.GET.get("token", ""))


def seated(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Return the response with an identity for a first-time visitor: what they start is theirs."""
    if visitor(request).player is None:
        response.set_cookie(**players.cookie_of(players.new_player()))
    return response


def readable_room(request: HttpRequest, room_id: UUID) -> Room:
    """Return the room if this visitor may see it; raise Http404."""
    try:
        return selectors.readable_room(room_id, visitor(request))
    except RoomNotFoundError as error:
        raise Http404(str(error)) from error
