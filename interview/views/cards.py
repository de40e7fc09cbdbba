"""What several pages show: sceneries, panelists, sample résumés, in the language of the page."""

from typing import Any

import msgspec
from django.utils.translation import get_language

from interview.domain.bilingual import Language, Text
from interview.domain.persona import Persona
from interview.models import Persona as PersonaRow
from interview.models import Room as RoomRow
from interview.models import Scenery as SceneryRow
from interview.services import resumes


def page_language() -> Language:
    """Return the language the page is drawn in."""
    return "zh" if (get_language() or "en").startswith("zh") else "en"


def scenery(row: SceneryRow, language: Language) -> dict[str, Any]:
    """Return what a page shows of a scenery to choose."""
    return {
        "id": row.slug,
        "version": row.version,
        "title": Text(row.title_zh, row.title_en).pick(language),
        "blurb": Text(row.blurb_zh, row.blurb_en).pick(language),
        "difficulty": row.difficulty_start,
        "goal_rounds": row.goal_rounds,
        "max_rounds": row.approval_max_rounds,
        "modes": row.modes,
        "languages": row.languages,
        "backdrop": row.backdrop,
        "panel": [_panelist(seat.persona, language) for seat in row.seats.all()],
    }


def _panelist(row: PersonaRow, language: Language) -> dict[str, Any]:
    return {
        "id": row.slug,
        "name": Text(row.name_zh, row.name_en).pick(language),
        "title": Text(row.title_zh, row.title_en).pick(language),
        "tagline": Text(row.tagline_zh, row.tagline_en).pick(language),
        "portrait": row.portrait,
    }


def seat(persona: Persona, language: Language, row: RoomRow) -> dict[str, Any]:
    """Return what a page shows of a persona on the panel of a room."""
    return {
        "id": persona.id,
        "name": persona.name.pick(language),
        "title": persona.title.pick(language),
        "tagline": persona.tagline.pick(language),
        "greeting": persona.first_mes.pick("zh" if row.language == "zh" else "en"),
        "portrait": msgspec.to_builtins(persona.portrait),
        "motif": list(persona.motif),
        "weights": {dimension.value: weight for dimension, weight in persona.weights.items()},
    }


def samples(language: Language) -> list[dict[str, str]]:
    """Return the sample résumés in the language of the page."""
    return [sample for sample in resumes.samples() if sample["language"] == language]
