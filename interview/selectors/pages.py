"""What each page is drawn from, in the language of the page."""

from typing import Any

import msgspec
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from interview.domain import events as ev
from interview.domain import modes
from interview.domain.answers import read_answer
from interview.domain.better import Better, better_answer
from interview.domain.bilingual import Language, Text
from interview.domain.lots import lot
from interview.domain.modes import FailureReason
from interview.domain.persona import Band, Persona
from interview.domain.position import Edition, Position
from interview.domain.room import Room, WinReason
from interview.domain.rubric import Mark, marks
from interview.domain.scenery import Mode, Scenery
from interview.domain.scoring import rule_labels
from interview.domain.settlement import Moment, Played, Settlement, settle
from interview.models import Persona as PersonaRow
from interview.models import Room as RoomRow
from interview.models import Scenery as SceneryRow
from interview.selectors.content import claim_json, open_sceneries
from interview.selectors.rooms import room_json
from interview.services import editions, event_log, resumes, rubrics


def page_language() -> Language:
    """Return the language the page is drawn in."""
    return "zh" if (get_language() or "en").startswith("zh") else "en"


def lobby(rooms: list[RoomRow], *, day: str) -> dict[str, Any]:
    """Return the lobby: sceneries, the player's live rooms, one line of roast for the day."""
    language = page_language()
    rows = open_sceneries()
    sceneries = [_scenery(row, language) for row in rows]
    default_panel = [seat.persona for row in rows[:1] for seat in row.seats.all()]
    return {
        "sceneries": sceneries,
        "rooms": [_continue(row, language) for row in rooms],
        "roast": _roast(default_panel, day, language),
        "default_scenery": sceneries[0]["id"] if sceneries else "",
        "samples": [_sample_card(sample) for sample in _samples(language)],
    }


def intake(*, scenery: str, mode: str) -> dict[str, Any]:
    """Return the résumé desk."""
    language = page_language()
    return {
        "sceneries": [_scenery(row, language) for row in open_sceneries()],
        "samples": _samples(language),
        "scenery": scenery,
        "mode": mode,
    }


def room(row: RoomRow, *, is_watching: bool = False) -> dict[str, Any]:
    """Return the interview room; the log fills in the rest. Who only watches sees no résumé."""
    edition = editions.read(row.edition_id)
    resume = resumes.pinned(row.resume_id)
    language = page_language()
    return {
        **room_json(row),
        "title": edition.scenery.title.pick(language),
        "panel": [
            _seat(edition.personas[persona], language, row) for persona in edition.scenery.panel
        ],
        "goal_rounds": edition.scenery.goal_rounds,
        "max_rounds": edition.scenery.approval.max_rounds,
        "convinced_at": edition.scenery.approval.convinced_at,
        "hint_cost": _hint_cost(row.mode, edition.scenery),
        "backdrop": edition.scenery.backdrop,
        "resume": {
            "text": "" if is_watching else resume.text,
            "language": resume.language,
            "facts": [] if is_watching else [claim_json(fact) for fact in resume.facts],
        },
        "events_url": reverse("room-events", args=[row.pk]),
        "ws_url": f"/ws/rooms/{row.pk}",
        "labels": {rule: label.pick(language) for rule, label in rule_labels.items()},
    }


def _hint_cost(mode: str, scenery: Scenery) -> int:
    if mode == Mode.SURVIVE:
        return modes.HINT_COST
    return modes.convince_hint_cost(scenery.approval.convinced_at)


def settlement(row: RoomRow) -> dict[str, Any]:
    """Return the verdict page of a settled room."""
    edition = editions.read(row.edition_id)
    folded = event_log.state_of(row)
    story = settle(folded, event_log.read(row.pk))
    position = editions.position_of(row)
    language = page_language()
    return {
        "id": str(row.pk),
        "scenery": folded.scenery,
        "result": folded.result.value if folded.result else "",
        "reason": folded.reason,
        "sentence": _sentence(folded, edition, story, language),
        "mode": folded.mode.value,
        "title": edition.scenery.title.pick(language),
        "language": folded.language,
        "score": folded.score,
        "ranked": folded.is_ranked,
        "lines": _score_lines(story),
        "rounds": folded.rounds_answered,
        "goal_rounds": edition.scenery.goal_rounds,
        "graph": [
            {
                "round": played.round,
                "verdict": played.scored.verdict_after,
                "glyph": played.scored.glyph,
            }
            for played in story.rounds
        ],
        "moments": [_moment(moment, position, folded, language) for moment in story.moments],
        "overtime": folded.goal_reached,
        "panel": [_seat(edition.personas[p], language, row) for p in edition.scenery.panel],
    }


def _scenery(row: SceneryRow, language: Language) -> dict[str, Any]:
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


def _seat(persona: Persona, language: Language, row: RoomRow) -> dict[str, Any]:
    return {
        "id": persona.id,
        "name": persona.name.pick(language),
        "title": persona.title.pick(language),
        "tagline": persona.tagline.pick(language),
        "greeting": persona.first_mes.pick("zh" if row.language == "zh" else "en"),
        "portrait": msgspec.to_builtins(persona.portrait),
        "motif": list(persona.motif),
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


def _samples(language: Language) -> list[dict[str, str]]:
    return [sample for sample in resumes.samples() if sample["language"] == language]


def _sample_card(sample: dict[str, str]) -> dict[str, str]:
    return {key: sample[key] for key in ("id", "name", "role", "language")}


def _moment(moment: Moment, position: Position, room: Room, language: Language) -> dict[str, Any]:
    played, scored = moment.played, moment.played.scored
    better = _better(played, position, room)
    return {
        "kind": moment.kind.value,
        "round": played.round,
        "speaker": position.persona(played.speaker).name.pick(language),
        "persona": played.speaker,
        "question": played.question,
        "answer": played.answer,
        "q": scored.q,
        "par": scored.par,
        "glyph": scored.glyph,
        "verdict_before": scored.verdict_before,
        "verdict_after": scored.verdict_after,
        "evidence": [_evidence(item, language) for item in scored.evidence],
        "better": better.text,
        "missing": [label.pick(language) for label in better.missing],
        "explain": scored.explain,
        "rulers": [
            _ruler(mark, language) for mark in marks(rubrics.six_dimensions(), scored.dimensions)
        ],
    }


def _ruler(mark: Mark, language: Language) -> dict[str, Any]:
    return {
        "label": mark.ruler.label.pick(language),
        "level": mark.level,
        "next": mark.next_anchor.text.pick(language) if mark.next_anchor else "",
    }


def _better(played: Played, position: Position, room: Room) -> Better:
    """Return what would have held: the question's frame around the candidate's own numbers."""
    question = position.edition.questions[played.question_id]
    answer = read_answer(
        played.answer,
        question=question,
        resume=position.resume,
        language=room.language,
        earlier=(),
        claims={},
    )
    return better_answer(question, answer, language=room.language)


def _evidence(item: ev.Evidence, language: Language) -> dict[str, str]:
    label = rule_labels.get(item.rule)
    return {
        "dimension": item.dimension,
        "quote": item.quote,
        "rule": item.rule,
        "label": label.pick(language) if label else item.rule,
    }


def _score_lines(story: Settlement) -> list[dict[str, Any]]:
    words = {
        "rounds": _("Rounds answered, 100 each"),
        "composure": _("Nerve left at the last full round"),
        "brilliant": _("Good and brilliant answers, 10 each"),
        "hints": _("Hints taken, 15 each"),
        "panel": _("What the panel gives"),
        "floor": _("Nobody goes below zero"),
    }
    return [
        {"label": words[line.label], "points": line.points, "detail": line.count}
        for line in story.lines
    ]


def _sentence(room: Room, edition: Edition, story: Settlement, language: Language) -> str:
    """Return the verdict in one sentence, from the reason in the log."""
    worst = story.moments[0].played if story.moments else None
    gone = [edition.personas[persona].name.pick(language) for persona in room.walked_out]
    slots = {
        "round": room.rounds_answered,
        "name": gone[0] if gone else "",
        "worst": worst.round if worst else room.rounds_answered,
    }
    return _sentences()[room.reason] % slots


def _sentences() -> dict[str, str]:
    return {
        WinReason.GOAL_REACHED: _("Still in the chair after round %(round)s. The panel rests."),
        WinReason.PANEL_CONVINCED: _("The panel was won in %(round)s rounds."),
        FailureReason.HP_ZERO: _("Fell at round %(round)s; the wound was round %(worst)s."),
        FailureReason.WALKED_OUT: _("%(name)s left the room at round %(round)s."),
        FailureReason.PANEL_COLD: _("By round %(round)s nobody on the panel was listening."),
        FailureReason.OUT_OF_ROUNDS: _("Out of rounds: the panel was still of two minds."),
        FailureReason.CONTRADICTION_FATAL: _("Too many versions of the same story."),
        FailureReason.INTEGRITY: _("The panel was asked for points once too often."),
        FailureReason.ABANDONED: _("You left the seat at round %(round)s."),
        FailureReason.TIMEOUT: _("The room waited for a day and closed."),
    }
