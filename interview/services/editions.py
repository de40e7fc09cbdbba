"""Publish what authors wrote as an immutable edition, and read editions back.

The tables are for authors, the edition is for play: content-addressed JSON of the domain's own
classes, so a room that pins one is untouched by any later edit.
"""

import hashlib
from functools import lru_cache
from typing import Any

import msgspec
from django.db import connection

from interview.domain.errors import SceneryNotFoundError
from interview.domain.position import Edition, Position
from interview.models import Edition as EditionRow
from interview.models import FollowUp, KeyPoint, PanelSeat, PersonaLine
from interview.models import Persona as PersonaRow
from interview.models import Question as QuestionRow
from interview.models import Room as RoomRow
from interview.models import Scenery as SceneryRow
from interview.services import content_rows, resumes

_WRITTEN_BY_AUTHORS = (
    SceneryRow,
    PanelSeat,
    PersonaRow,
    PersonaLine,
    QuestionRow,
    QuestionRow.personas.through,
    KeyPoint,
    FollowUp,
)
_TABLES = [model._meta.db_table for model in _WRITTEN_BY_AUTHORS]
_STAMP = "SELECT " + ", ".join(  # noqa: S608  names of our own tables
    f"(SELECT (count(*), sum(xmin::text::bigint))::text FROM {table})"  # noqa: S608
    for table in _TABLES
)


def publish(scenery_slug: str) -> Edition:
    """Return the edition of the scenery as it is written now, stored when it is new.

    Raises SceneryNotFoundError for a scenery that does not exist or is closed.
    """
    return _kept(*_open_body(scenery_slug, _stamp()))


@lru_cache(maxsize=64)
def _open_body(scenery_slug: str, _written: str) -> tuple[str, dict[str, Any]]:
    """Return id and body of the scenery as it was written then."""
    row = SceneryRow.objects.filter(slug=scenery_slug, is_open=True).first()
    if row is None:
        raise SceneryNotFoundError(f"There is no scenery called {scenery_slug!r}.")
    body = _body(row)
    return _id_of(body), body


def _stamp() -> str:
    """Return a word that changes with every change of what authors write.

    Postgres keeps with each row the transaction that wrote it, so one small query notices every
    edit, whoever made it. Reading all of it for every new room costs a hundred times as much.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STAMP)
        return str(cursor.fetchone())


def rehearsal(scenery_slug: str, *, question_slug: str | None = None) -> Edition:
    """Return an edition for its author to try: of a scenery that may still be closed.

    question_slug: the panel asks this question, what it leads to, and nothing else; those who
    like to ask it sit first. Its version is 0, so it is never taken for the scenery itself.
    Raises SceneryNotFoundError.
    """
    row = SceneryRow.objects.filter(slug=scenery_slug).first()
    if row is None:
        raise SceneryNotFoundError(f"There is no scenery called {scenery_slug!r}.")
    body = _body(row)
    if question_slug is not None:
        _narrow(body, question_slug)
    return _kept(_id_of(body), body)


def _narrow(body: dict[str, Any], question_slug: str) -> None:
    questions, scenery = body["questions"], body["scenery"]
    kept, ahead = {}, [question_slug]
    while ahead:
        slug = ahead.pop()
        if slug not in kept:
            kept[slug] = questions[slug]
            ahead += [f["goto"] for f in questions[slug]["followups"] if f["goto"]]
    asked = questions[question_slug]
    scenery["panel"] = sorted(scenery["panel"], key=lambda slug: slug not in asked["personas"])
    scenery["question_tags"] = asked["tags"]
    scenery["branches"] = []
    scenery["version"] = 0
    body["questions"] = kept


def _id_of(body: dict[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(body, order="deterministic")).hexdigest()


def _kept(edition_id: str, body: dict[str, Any]) -> Edition:
    """Return the edition of the body, stored when it is new."""
    scenery = body["scenery"]
    # Asked first: to get the row would bring its whole body along, for every new room.
    if not EditionRow.objects.filter(pk=edition_id).exists():
        EditionRow.objects.get_or_create(
            pk=edition_id,
            defaults={
                "scenery_slug": scenery["id"],
                "scenery_version": scenery["version"],
                "body": body,
            },
        )
    return read(edition_id)


def _body(row: SceneryRow) -> dict[str, Any]:
    scenery = content_rows.scenery(row)
    personas = content_rows.personas().filter(seats__scenery=row)
    questions = content_rows.questions()
    body: dict[str, Any] = msgspec.to_builtins(
        {
            "scenery": scenery,
            "personas": {persona.slug: content_rows.persona(persona) for persona in personas},
            "questions": {question.slug: content_rows.question(question) for question in questions},
        }
    )
    return body


@lru_cache(maxsize=64)
def read(edition_id: str) -> Edition:
    """Return the edition as the game plays it; raise Edition.DoesNotExist."""
    body = EditionRow.objects.values_list("body", flat=True).get(pk=edition_id)
    return msgspec.convert({"id": edition_id, **body}, Edition)


def position_of(row: RoomRow) -> Position:
    """Return the position the room is played from."""
    return Position(edition=read(row.edition_id), resume=resumes.pinned(row.resume_id))
