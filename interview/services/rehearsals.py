"""Authors try what they wrote: a room with a sample résumé, for them alone."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from uuid import UUID

from interview.domain.errors import InvalidInputError
from interview.domain.game import Opening
from interview.domain.ports import Ports
from interview.domain.position import Edition
from interview.domain.questions import Question
from interview.domain.reading.resume import Resume, claim, read_resume
from interview.domain.scenery import Mode
from interview.models import Persona as PersonaRow
from interview.models import Question as QuestionRow
from interview.models import Scenery as SceneryRow
from interview.services import editions, resumes, rooms
from interview.services.rooms import OpenedRoom


class NoSeatError(InvalidInputError):
    """The persona sits on no panel yet."""

    code, title = "no_seat", "No scenery has a seat for this persona"


class NoClaimError(InvalidInputError):
    """No sample résumé claims what the question attacks."""

    code, title = "no_claim", "No sample résumé claims what this question attacks"


def try_scenery(row: SceneryRow, *, owner: UUID, language: str, ports: Ports) -> OpenedRoom:
    """Open a room in the scenery as it is written now, closed or not."""
    return _open(editions.rehearsal(row.slug), owner=owner, language=language, ports=ports)


def try_persona(row: PersonaRow, *, owner: UUID, language: str, ports: Ports) -> OpenedRoom:
    """Open a room in a scenery where the persona sits, one it chairs first; raise NoSeatError."""
    seats = row.seats.select_related("scenery").order_by("scenery__order", "scenery__slug")
    sceneries = [seat.scenery for seat in seats]
    if not sceneries:
        raise NoSeatError("Give the persona a seat in a scenery first; then it can be tried.")
    scenery = min(sceneries, key=lambda scenery: scenery.chair_id != row.pk)
    return try_scenery(scenery, owner=owner, language=language, ports=ports)


def try_question(row: QuestionRow, *, owner: UUID, language: str, ports: Ports) -> OpenedRoom:
    """Open a room whose panel asks this question and what it leads to; raise NoClaimError."""
    liked_by = set(row.personas.values_list("pk", flat=True))
    sceneries = list(SceneryRow.objects.prefetch_related("seats"))
    if not sceneries:
        raise NoSeatError("There is no scenery yet to ask it in.")
    scenery = max(sceneries, key=lambda s: len({t.persona_id for t in s.seats.all()} & liked_by))
    edition = editions.rehearsal(scenery.slug, question_slug=row.slug)
    return _open(edition, owner=owner, language=language, ports=ports)


def spoken_claim(question: Question, language: str) -> str:
    """Return the words of a sample résumé that the question would quote; empty for none."""
    if not question.when.any_fact:
        return ""
    for entry in resumes.samples():
        if entry["language"] == language:
            for fact in read_resume(entry["text"]).facts:
                if _matches((fact.key, *fact.keys), question):
                    return claim(fact)
    return ""


def _open(edition: Edition, *, owner: UUID, language: str, ports: Ports) -> OpenedRoom:
    offered = edition.scenery.languages
    spoken = language if language in offered else offered[0]
    tags = set(edition.scenery.question_tags)
    asked = [question for question in edition.questions.values() if tags & set(question.tags)]
    sample = _best_sample(asked, spoken)
    resume = resumes.add_sample(owner=owner, sample=sample, language=spoken)
    mode = Mode.CONVINCE if edition.scenery.modes == (Mode.CONVINCE,) else Mode.SURVIVE
    opening = Opening(
        mode=mode,
        language="zh" if spoken == "zh" else "en",
        seed=rooms.new_seed(),
        resume_id=str(resume.pk),
    )
    return rooms.open_room(edition, opening, owner=owner, resume=resume, ports=ports)


def _best_sample(questions: Sequence[Question], language: str) -> str:
    """Return the sample résumé that most of the questions can be asked of."""
    askable = {
        entry["id"]: sum(_fits(question, read_resume(entry["text"])) for question in questions)
        for entry in resumes.samples()
        if entry["language"] == language
    }
    best = max(askable, key=lambda sample: askable[sample])
    if not askable[best]:
        raise NoClaimError(
            "None of the sample résumés claims what when.any_fact asks for; try it with your own."
        )
    return best


def _fits(question: Question, resume: Resume) -> bool:
    return not question.when.any_fact or any(
        _matches((fact.key, *fact.keys), question) for fact in resume.facts
    )


def _matches(keys: Iterable[str], question: Question) -> bool:
    return any(fnmatchcase(key, pattern) for key in keys for pattern in question.when.any_fact)
