"""The lobby: sceneries, rooms to go on with, and the roast of the day."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET

from interview import runtime, selectors
from interview.domain.bilingual import Language, Text
from interview.domain.lots import lot
from interview.domain.persona import Band
from interview.models import Persona as PersonaRow
from interview.models import Room as RoomRow
from interview.services import editions
from interview.services import rooms as room_services
from interview.views import cards, visitors


@require_GET
@ensure_csrf_cookie
def page(request: HttpRequest) -> HttpResponse:
    """Draw the lobby."""
    rooms = selectors.live_rooms(visitors.visitor(request).player)
    context = shown(rooms, day=timezone.now().date().isoformat())
    return visitors.seated(request, render(request, "interview/lobby.html", context))


def shown(rooms: list[RoomRow], *, day: str) -> dict[str, Any]:
    """Return the lobby: sceneries, the player's live rooms, one line of roast for the day."""
    language = cards.page_language()
    rows = selectors.open_sceneries()
    sceneries = [cards.scenery(row, language) for row in rows]
    default_panel = [seat.persona for row in rows[:1] for seat in row.seats.all()]
    return {
        "sceneries": sceneries,
        "rooms": [_continue(row, language) for row in rooms],
        "roast": _roast(default_panel, day, language),
        "default_scenery": sceneries[0]["id"] if sceneries else "",
        "engine": room_services.engine_for("auto", ports=runtime.ports()).value,
        "samples": [_sample_card(sample) for sample in cards.samples(language)],
    }


def _continue(row: RoomRow, language: Language) -> dict[str, Any]:
    snapshot = row.snapshot
    scenery = editions.read(row.edition_id).scenery
    approval = snapshot["approval"].values()
    return {
        "id": str(row.pk),
        "title": scenery.title.pick(language),
        "mode": row.mode,
        "round": snapshot["round"],
        "hp": snapshot["hp"],
        "approval": round(sum(approval) / len(approval)),
        "status": row.status,
        "updated_at": row.changed_at,
        "url": reverse("room-page", args=[row.pk]),
    }


def _roast(panel: list[PersonaRow], day: str, language: Language) -> dict[str, str]:
    """Return the day's line: one panelist's low opinion, quoted of nobody."""
    lines = [
        (persona, line)
        for persona in panel
        for line in persona.lines.filter(band=Band.LOW)
        if "{" not in line.en + line.zh
    ]
    if not lines:
        return {}
    persona, line = lines[lot("roast", day) % len(lines)]
    return {
        "line": Text(line.zh, line.en).pick(language),
        "name": Text(persona.name_zh, persona.name_en).pick(language),
        "title": Text(persona.title_zh, persona.title_en).pick(language),
    }


def _sample_card(sample: dict[str, str]) -> dict[str, str]:
    return {key: sample[key] for key in ("id", "name", "role", "language")}
