"""What authors and candidates brought: sceneries of the lobby, claims of a résumé."""

from typing import Any

from interview.domain.reading.resume import Fact
from interview.models import Resume as ResumeRow
from interview.models import Scenery as SceneryRow
from interview.services import resumes


def open_sceneries() -> list[SceneryRow]:
    """Return the sceneries of the lobby, in order, with their panels."""
    rows = SceneryRow.objects.filter(is_open=True).prefetch_related("seats__persona")
    return list(rows)


def scenery_json(row: SceneryRow) -> dict[str, Any]:
    """Return the scenery as the API lists it."""
    return {
        "id": row.slug,
        "version": row.version,
        "title": {"zh": row.title_zh, "en": row.title_en},
        "blurb": {"zh": row.blurb_zh, "en": row.blurb_en},
        "modes": row.modes,
        "panel": [
            {
                "id": seat.persona.slug,
                "name": {"zh": seat.persona.name_zh, "en": seat.persona.name_en},
                "archetype": seat.persona.archetype,
            }
            for seat in row.seats.all()
        ],
        "difficulty": row.difficulty_start,
        "languages": row.languages,
        "goal_rounds": row.goal_rounds,
        "max_rounds": row.approval_max_rounds,
        "strategies": row.strategies_allowed,
    }


def resume_json(row: ResumeRow) -> dict[str, Any]:
    """Return the résumé with its claims, and which of them the panel goes for first."""
    facts = resumes.parsed(row).facts
    return {
        "id": str(row.pk),
        "language": row.language,
        "text": row.text,
        "claims": [claim_json(fact) for fact in facts],
        "attacks": [fact.id for fact in _first_in_line(facts)],
    }


def _first_in_line(facts: tuple[Fact, ...], count: int = 3) -> list[Fact]:
    """Return the weakest claims, each with words of its own: a line is not attacked twice."""
    chosen: list[Fact] = []
    for fact in sorted(facts, key=lambda fact: -len(fact.weaknesses)):
        is_apart = all(fact.end <= other.start or other.end <= fact.start for other in chosen)
        if fact.weaknesses and is_apart and len(chosen) < count:
            chosen.append(fact)
    return chosen


def claim_json(fact: Fact) -> dict[str, Any]:
    """Return one claim of a résumé."""
    return {
        "id": fact.id,
        "key": fact.key,
        "quote": fact.quote,
        "start": fact.start,
        "end": fact.end,
        "weaknesses": list(fact.weaknesses),
        "tags": [fact.key.partition(".")[0]],
    }
