"""The pages: who asks, what they see, nothing decided here."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET

from interview import selectors
from interview.domain.errors import RoomNotFoundError
from interview.domain.room import Status
from interview.models import Room
from interview.selectors import pages
from interview.services import players
from interview.services.players import Visitor


def _visitor(request: HttpRequest) -> Visitor:
    cookie = request.COOKIES.get(players.COOKIE)
    return players.visitor(cookie=cookie, token=request.GET.get("token", ""))


def _seated(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Give a first-time visitor an identity, so that what they start is theirs."""
    if _visitor(request).player is None:
        response.set_cookie(**players.cookie_of(players.new_player()))
    return response


@require_GET
@ensure_csrf_cookie
def lobby(request: HttpRequest) -> HttpResponse:
    """Draw the lobby."""
    rooms = selectors.live_rooms(_visitor(request).player)
    day = timezone.now().date().isoformat()
    return _seated(request, render(request, "interview/lobby.html", pages.lobby(rooms, day=day)))


@require_GET
@ensure_csrf_cookie
def intake(request: HttpRequest) -> HttpResponse:
    """Draw the résumé desk."""
    context = pages.intake(
        scenery=request.GET.get("scenery", ""), mode=request.GET.get("mode", "survive")
    )
    return _seated(request, render(request, "interview/resume.html", context))


@require_GET
@ensure_csrf_cookie
def room(request: HttpRequest, room_id: UUID) -> HttpResponse:
    """Draw the interview room; the log plays into it."""
    row = _readable(request, room_id)
    is_watching = _visitor(request).player != row.owner
    context = {"room": pages.room(row, is_watching=is_watching), "is_watching": is_watching}
    return render(request, "interview/room.html", context)


@require_GET
@ensure_csrf_cookie
def settlement(request: HttpRequest, room_id: UUID) -> HttpResponse:
    """Draw the verdict; a room still being played is sent back to."""
    row = _readable(request, room_id)
    if row.status != Status.SETTLED:
        return redirect("room-page", room_id=room_id)
    return render(request, "interview/settle.html", {"settlement": pages.settlement(row)})


def _readable(request: HttpRequest, room_id: UUID) -> Room:
    try:
        return selectors.readable_room(room_id, _visitor(request))
    except RoomNotFoundError as error:
        raise Http404(str(error)) from error


def streams_elsewhere(_request: HttpRequest, room_id: UUID) -> HttpResponse:
    """Answer where Django is reached without the ASGI routes, as in the admin's test client."""
    return HttpResponse(f"The events of room {room_id} are served over ASGI.", status=501)
