"""Content between files, rows and authors: load, export, and who has the last word.

The rule of a load: a row keeps the fingerprint of what a load last wrote to it. While the row
still says just that, the file has the last word. Once an author edited it in the admin, the
author has: the row is kept and reported, until somebody says ``force`` or exports the edit.
"""

import dataclasses
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from pathlib import Path

import msgspec
from django.db import connection, transaction

from interview.domain.lint import Shelf
from interview.domain.persona import Persona
from interview.domain.questions import Question
from interview.domain.scenery import Scenery
from interview.models import Persona as PersonaRow
from interview.models import Question as QuestionRow
from interview.models import Scenery as SceneryRow
from interview.services import content_files, content_rows, content_store, content_yaml
from interview.services.content_files import CONTENT, Complaint, Place

Item = Persona | Scenery | Question
Row = PersonaRow | SceneryRow | QuestionRow

_LOAD_LOCK = 0x686F_7473  # any number nobody else locks


class Outcome(StrEnum):
    """What a load did with one piece of content."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    KEPT = "kept"  # edited in the admin; the file is as it was
    CONFLICT = "conflict"  # edited in the admin and in the file


@dataclass(frozen=True, slots=True)
class Change:
    """One piece of content and what became of it; kind is persona, scenery or question."""

    kind: str
    id: str
    outcome: Outcome


@dataclass(slots=True)
class LoadReport:
    """What a load did, piece by piece, and the advice on what it read."""

    changes: list[Change] = field(default_factory=list)
    advice: list[Complaint] = field(default_factory=list)

    def count(self, outcome: Outcome) -> int:
        """Return how many pieces came to this."""
        return sum(change.outcome is outcome for change in self.changes)

    def with_outcome(self, *outcomes: Outcome) -> list[Change]:
        """Return the changes that came to one of these."""
        return [change for change in self.changes if change.outcome in outcomes]


class ContentRejectedError(Exception):
    """The files have mistakes; nothing was written."""

    def __init__(self, complaints: list[Complaint]) -> None:
        super().__init__(f"{len(complaints)} mistakes in the content files")
        self.complaints = complaints


def check(folder: Path = CONTENT) -> list[Complaint]:
    """Return what is wrong with the files of the folder, advice included."""
    return content_files.read(folder).complaints


def load(folder: Path = CONTENT, *, force: bool = False) -> LoadReport:
    """Bring the rows up to the files, all or nothing; loading again changes nothing.

    force: the files have the last word over edits in the admin too. Raises
    ContentRejectedError. Rows that no file speaks of are authors' own and stay.
    """
    reading = content_files.read(folder)
    if not reading.is_playable:
        raise ContentRejectedError(reading.complaints)
    report = LoadReport(advice=reading.complaints)
    with transaction.atomic():
        with connection.cursor() as cursor:  # two servers that start together load in turn
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOAD_LOCK])
        _load_personas(reading.personas.values(), report, force=force)
        _load_questions(reading.questions.values(), report, force=force)
        _load_sceneries(reading.sceneries.values(), reading.places, report, force=force)
    return report


def fingerprint(item: Item) -> str:
    """Return the SHA-256 of what the item says; its version is not part of that."""
    if isinstance(item, Question):
        said: Item = dataclasses.replace(item, personas=tuple(sorted(item.personas)))
    elif isinstance(item, Persona):
        lines = {band: texts for band, texts in item.lines.items() if texts}
        said = dataclasses.replace(item, lines=lines, version=0)
    else:
        said = dataclasses.replace(item, version=0)
    return hashlib.sha256(msgspec.json.encode(said, order="deterministic")).hexdigest()


# --- rows -------------------------------------------------------------------------------------


def persona_rows() -> dict[str, PersonaRow]:
    """Return all personas by slug."""
    return {row.slug: row for row in content_rows.personas()}


def scenery_rows() -> dict[str, SceneryRow]:
    """Return all sceneries by slug."""
    return {row.slug: row for row in content_rows.sceneries()}


def question_rows() -> dict[str, QuestionRow]:
    """Return all questions by slug."""
    return {row.slug: row for row in content_rows.questions()}


def shelf() -> Shelf:
    """Return everything authors have in the database, as the domain's classes."""
    return Shelf(
        personas={slug: content_rows.persona(row) for slug, row in persona_rows().items()},
        sceneries={slug: content_rows.scenery(row) for slug, row in scenery_rows().items()},
        questions={slug: content_rows.question(row) for slug, row in question_rows().items()},
    )


def item_of(row: Row) -> Item:
    """Return the row's content as it stands in the database now."""
    if isinstance(row, PersonaRow):
        return content_rows.persona(content_rows.personas().get(pk=row.pk))
    if isinstance(row, SceneryRow):
        return content_rows.scenery(content_rows.sceneries().get(pk=row.pk))
    return content_rows.question(content_rows.questions().get(pk=row.pk))


def count_edit(row: PersonaRow | SceneryRow, *, before: str) -> bool:
    """Raise the row's version when it no longer says what it said; return whether it did.

    before: the `fingerprint` taken before the edit.
    """
    if fingerprint(item_of(row)) == before:
        return False
    row.version += 1
    row.save(update_fields=["version"])
    return True


def duplicate(row: Row) -> Row:
    """Return a copy of the row under a free id; a scenery's copy is closed until it is opened."""
    item = item_of(row)
    taken = set(type(row)._default_manager.values_list("slug", flat=True))
    slug = next(name for n in count(2) if (name := f"{item.id}_{n}") not in taken)
    with transaction.atomic():
        return _put_new(dataclasses.replace(item, id=slug))


def _put_new(item: Item) -> Row:
    if isinstance(item, Persona):
        persona = PersonaRow()
        content_store.put_persona(persona, item)
        return persona
    if isinstance(item, Scenery):
        scenery = SceneryRow(is_open=False)
        content_store.put_scenery(scenery, item)
        return scenery
    question = QuestionRow()
    content_store.put_question(question, item)
    content_store.put_followups([item])
    return question


# --- loading ----------------------------------------------------------------------------------


def _load_personas(items: Iterable[Persona], report: LoadReport, *, force: bool) -> None:
    rows = persona_rows()
    for item in items:
        row = rows.get(item.id)
        was = None if row is None else fingerprint(content_rows.persona(row))
        change = _decide("persona", item, row, was, force=force)
        if change.outcome in {Outcome.CREATED, Outcome.UPDATED}:
            row = row or PersonaRow(version=0)
            content_store.put_persona(row, item)
        _mark(row, item, change)
        report.changes.append(change)


def _load_questions(items: Iterable[Question], report: LoadReport, *, force: bool) -> None:
    rows = question_rows()
    written: list[Question] = []
    for item in items:
        row = rows.get(item.id)
        was = None if row is None else fingerprint(content_rows.question(row))
        change = _decide("question", item, row, was, force=force)
        if change.outcome in {Outcome.CREATED, Outcome.UPDATED}:
            row = row or QuestionRow()
            content_store.put_question(row, item)
            written.append(item)
        _mark(row, item, change)
        report.changes.append(change)
    content_store.put_followups(written)


def _load_sceneries(
    items: Iterable[Scenery], places: dict[str, Place], report: LoadReport, *, force: bool
) -> None:
    rows = scenery_rows()
    for item in items:
        row = rows.get(item.id)
        was = None if row is None else fingerprint(content_rows.scenery(row))
        change = _decide("scenery", item, row, was, force=force)
        if change.outcome in {Outcome.CREATED, Outcome.UPDATED}:
            # Its place in the lobby is the operator's: a file sets it once, or by force.
            place = places.get(item.id, Place())
            if row is None:
                row = SceneryRow(version=0, order=place.order, is_open=place.is_open)
            elif force:
                row.order, row.is_open = place.order, place.is_open
            content_store.put_scenery(row, item)
        _mark(row, item, change)
        report.changes.append(change)


def _decide(kind: str, item: Item, row: Row | None, was: str | None, *, force: bool) -> Change:
    """Return what to do with one item; was: the fingerprint of the row, None without a row."""
    new = fingerprint(item)
    if row is None:
        outcome = Outcome.CREATED
    elif was == new:
        outcome = Outcome.UNCHANGED
    elif force or row.loaded_hash == was:
        outcome = Outcome.UPDATED
    else:
        outcome = Outcome.KEPT if row.loaded_hash == new else Outcome.CONFLICT
    return Change(kind, item.id, outcome)


def _mark(row: Row | None, item: Item, change: Change) -> None:
    """Note on the row what the file says, and its version, unless an author's edit was kept."""
    if row is None or change.outcome in {Outcome.KEPT, Outcome.CONFLICT}:
        return
    loaded_hash = fingerprint(item)
    marks: list[tuple[str, str | int]] = []
    if row.loaded_hash != loaded_hash:
        marks.append(("loaded_hash", loaded_hash))
    if not isinstance(item, Question) and not isinstance(row, QuestionRow):
        is_new = change.outcome is Outcome.UPDATED
        version = max(item.version, row.version + is_new)
        if row.version != version:
            marks.append(("version", version))
    for name, value in marks:
        setattr(row, name, value)
    if marks:
        row.save(update_fields=[name for name, _ in marks])


# --- export -----------------------------------------------------------------------------------


def export(folder: Path = CONTENT) -> list[Path]:
    """Write the rows as files that load back to the same rows; return the files that changed.

    A question stays in the file it is in; a new one goes to the file of its first tag. A file
    that already says what the rows say is not touched, so comments and layout survive.
    """
    reading = content_files.read(folder)
    changed: list[Path] = []
    for file, text in _wanted_files(reading).items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        changed.append(path)
    return changed


def yaml_of(row: Row) -> str:
    """Return one row as the file of its own."""
    item = item_of(row)
    if isinstance(item, Persona):
        return content_yaml.persona_file(item)
    if isinstance(item, Question):
        return content_yaml.questions_file([item])
    assert isinstance(row, SceneryRow)
    return content_yaml.scenery_file(item, Place(row.order, row.is_open))


def _wanted_files(reading: content_files.Reading) -> dict[str, str]:
    """Return the text of every file that does not yet say what the rows say."""
    ours = shelf()
    files: dict[str, str] = {}
    for slug, persona in ours.personas.items():
        if not _says(reading.personas.get(slug), persona):
            files[f"personas/{slug}.yaml"] = content_yaml.persona_file(persona)
    for slug, row in scenery_rows().items():
        place = Place(row.order, row.is_open)
        scenery = ours.sceneries[slug]
        is_placed = reading.places.get(slug, Place()) == place
        if not is_placed or not _says(reading.sceneries.get(slug), scenery):
            files[f"sceneries/{slug}.yaml"] = content_yaml.scenery_file(scenery, place)
    by_file: dict[str, list[Question]] = {}
    for slug, question in ours.questions.items():
        home = reading.files.get(slug) or f"questions/{question.tags[0]}.yaml"
        by_file.setdefault(home, []).append(question)
    for file, questions in by_file.items():
        if not all(_says(reading.questions.get(q.id), q) for q in questions):
            position = {slug: number for number, slug in enumerate(reading.questions)}
            questions.sort(key=_by_position(position))
            files[file] = content_yaml.questions_file(questions)
    return files


def _by_position(position: dict[str, int]) -> Callable[[Question], tuple[int, str]]:
    """Return a sort key: as the file has them, new ones after those, by id."""
    return lambda question: (position.get(question.id, len(position)), question.id)


def _says(written: Item | None, item: Item) -> bool:
    return (
        written is not None
        and fingerprint(written) == fingerprint(item)
        and getattr(written, "version", 0) == getattr(item, "version", 0)
    )
