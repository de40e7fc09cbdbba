"""The interview room; the log plays into it."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET

from interview import selectors
from interview.domain import modes
from interview.domain.scenery import Mode, Scenery
from interview.domain.scoring import HARMFUL, rule_labels
from interview.models import Room as RoomRow
from interview.services import editions, resumes
from interview.views import cards, visitors


@require_GET
@ensure_csrf_cookie
def page(request: HttpRequest, room_id: UUID) -> HttpResponse:
    """Draw the interview room."""
    row = visitors.readable_room(request, room_id)
    is_watching = visitors.visitor(request).player != row.owner
    context = {"room": shown(row, is_watching=is_watching), "is_watching": is_watching}
    return render(request, "interview/room.html", context)


def shown(row: RoomRow, *, is_watching: bool = False) -> dict[str, Any]:
    """Return the interview room; the log fills in the rest. Who only watches sees no résumé."""
    edition = editions.read(row.edition_id)
    resume = resumes.pinned(row.resume_id)
    language = cards.page_language()
    return {
        **selectors.room_json(row),
        "title": edition.scenery.title.pick(language),
        "panel": [
            cards.seat(edition.personas[persona], language, row)
            for persona in edition.scenery.panel
        ],
        "goal_rounds": edition.scenery.goal_rounds,
        "max_rounds": edition.scenery.approval.max_rounds,
        "convinced_at": edition.scenery.approval.convinced_at,
        "hint_cost": _hint_cost(row.mode, edition.scenery),
        "backdrop": edition.scenery.backdrop,
        "resume": {
            "text": "" if is_watching else resume.text,
            "language": resume.language,
            "facts": [] if is_watching else [selectors.claim_json(fact) for fact in resume.facts],
        },
        "events_url": reverse("room-events", args=[row.pk]),
        "ws_url": f"/ws/rooms/{row.pk}",
        "labels": {rule: label.pick(language) for rule, label in rule_labels.items()},
        "rules_against": sorted(HARMFUL),
    }


def _hint_cost(mode: str, scenery: Scenery) -> int:
    if mode == Mode.SURVIVE:
        return modes.HINT_COST
    return modes.convince_hint_cost(scenery.approval.convinced_at)


def streams_elsewhere(_request: HttpRequest, room_id: UUID) -> HttpResponse:
    """Answer where Django is reached without the ASGI routes, as in the admin's test client."""
    return HttpResponse(f"The events of room {room_id} are served over ASGI.", status=501)
