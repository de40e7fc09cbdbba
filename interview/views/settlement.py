"""The verdict page of a settled room: how it went, and what would have held."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET

from interview.domain import events as ev
from interview.domain.better import Better, better_answer
from interview.domain.bilingual import Language
from interview.domain.events import Result
from interview.domain.modes import FailureReason
from interview.domain.position import Edition, Position
from interview.domain.reading.answers import read_answer
from interview.domain.room import Room, Status, WinReason
from interview.domain.rubric import Mark, marks
from interview.domain.scenery import Mode
from interview.domain.scoring import HARMFUL, rule_labels
from interview.domain.settlement import Moment, Played, Settlement, settle
from interview.models import Room as RoomRow
from interview.services import editions, event_log, rubrics
from interview.views import cards, visitors


@require_GET
@ensure_csrf_cookie
def page(request: HttpRequest, room_id: UUID) -> HttpResponse:
    """Draw the verdict; a room still being played is sent back to."""
    row = visitors.readable_room(request, room_id)
    if row.status != Status.SETTLED:
        return redirect("room-page", room_id=room_id)
    is_watching = visitors.visitor(request).player != row.owner
    context = {"settlement": shown(row), "is_watching": is_watching}
    return render(request, "interview/settle.html", context)


def shown(row: RoomRow) -> dict[str, Any]:
    """Return the verdict page of a settled room."""
    edition = editions.read(row.edition_id)
    folded = event_log.state_of(row)
    story = settle(folded, event_log.read(row.pk))
    position = editions.position_of(row)
    language = cards.page_language()
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
        "panel": [
            {**cards.seat(edition.personas[p], language, row), **_leaving(p, folded)}
            for p in edition.scenery.panel
        ],
    }


def _leaving(persona: str, room: Room) -> dict[str, Any]:
    """Return how somebody on the panel looks at the end, and what they thought by then."""
    if persona in room.walked_out:
        face = "gone"
    elif room.result is Result.WON or persona in room.convinced:
        face = "pleased"
    else:
        face = "cold" if room.result is Result.LOST else "thinking"
    return {
        "face": face,
        "approval": room.approval.get(persona) if room.mode is Mode.CONVINCE else None,
    }


def _moment(moment: Moment, position: Position, room: Room, language: Language) -> dict[str, Any]:
    played, scored = moment.played, moment.played.scored
    better = _better(played, position, room)
    return {
        "kind": moment.kind.value,
        "round": played.round,
        "speaker": position.persona(played.speaker).name.pick(language),
        "portrait": msgspec.to_builtins(position.persona(played.speaker).portrait),
        "face": "pleased" if scored.q >= scored.par else "cold",
        "question": played.question,
        "answer": played.answer,
        "q": scored.q,
        "par": scored.par,
        "glyph": scored.glyph,
        "verdict_before": scored.verdict_before,
        "verdict_after": scored.verdict_after,
        "evidence": _evidence(scored.evidence, language),
        "better": better.text,
        "missing": [label.pick(language) for label in better.missing],
        "explain": scored.explain,
        "pressed": scored.pressed,
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


def _evidence(items: Sequence[ev.Evidence], language: Language) -> list[dict[str, Any]]:
    """Return the rules an answer met, what speaks against it first; each with all its quotes."""
    quotes: dict[str, dict[str, None]] = {}
    for item in items:
        found = quotes.setdefault(item.rule, {})
        if item.quote:
            found[item.quote] = None
    return [
        {
            "rule": rule,
            "label": rule_labels[rule].pick(language) if rule in rule_labels else rule,
            "quotes": list(found),
            "is_against": rule in HARMFUL,
        }
        for rule, found in sorted(quotes.items(), key=lambda each: each[0] not in HARMFUL)
    ]


def _score_lines(story: Settlement) -> list[dict[str, Any]]:
    words = {
        "rounds": _("Rounds answered, 100 each"),
        "composure": _("Nerve left at the last full round"),
        "brilliant": _("Good and brilliant answers, 10 each"),
        "hints": _("Hints taken"),
        "saved": _("Rounds to spare, 1,000 each"),
        "surplus": _("Approval to spare"),
        "panel": _("Approval on the bench, on average"),
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
    if room.reason == FailureReason.HP_ZERO and slots["worst"] == slots["round"]:
        return _("Fell at round %(round)s, by the deepest cut of the day.") % slots
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
