"""Rooms that can be played without end, written straight into the stack's database.

They begin as rooms do after the first question was spoken, so that a bench decides when the
panel speaks. Their panel asks long questions at about fifty bits of text a second and can be
neither won over nor angered within a bench's time.
"""

import secrets
from collections.abc import Iterable, Sequence
from uuid import UUID, uuid4

import msgspec
from django.db import transaction
from django.utils import timezone

from interview.domain import events as ev
from interview.domain import game
from interview.domain.bilingual import Text
from interview.domain.game import Opening
from interview.domain.jobs import Job
from interview.domain.ports import Fact
from interview.domain.position import Edition, Position
from interview.domain.room import Record, Room
from interview.domain.scenery import Approval, Mode
from interview.models import Edition as EditionRow
from interview.models import Resume as ResumeRow
from interview.models import Room as RoomRow
from interview.services import event_log, resumes
from interview.services.rooms import token_hash
from tests.bench.court import PACE_CPS, Seat
from tests.factories.games import PANEL, make_persona, make_question, make_scenery

QUESTION_CHARACTERS = 1200
N_QUESTIONS = 60
EDITION = "b" * 64
OWNER = UUID(int=1)

_WORDS = (
    "You say the number fell, and I believe that it fell; what I do not see is who measured it, "
    "against which week, and what else was shipped in that week. Walk me through it slowly. "
)
RESUME = (
    "Ada Example\n"
    "Led a team of 6 and cut p99 latency of the payment service from 900 ms to 310 ms.\n"
    "Built a Redis cache with a hit rate of 92 %.\n"
    "Improved test coverage from 48 % to 81 % in 5 months.\n"
)


class SilentOutbox:
    """Nobody listens yet, and nothing is to be done."""

    def publish(self, room_id: UUID, facts: Sequence[Fact]) -> None:
        """Tell nobody."""

    def enqueue(self, job: Job, arguments: Iterable[str], *, delay_seconds: float = 0.0) -> None:
        """Hand nothing on."""


def edition() -> Edition:
    """Return the edition of the bench, stored when it is not yet."""
    questions = [
        make_question(f"q.{n}", tags=(f"t{n}", "topic"), ask=_long(n), followups=())
        for n in range(N_QUESTIONS)
    ]
    made = Edition(
        id=EDITION,
        scenery=make_scenery(
            approval=Approval(start=100, convinced_at=101, walkout_at=-1, max_rounds=100_000)
        ),
        personas={name: make_persona(name, pace_cps=PACE_CPS) for name in PANEL},
        questions={question.id: question for question in questions},
    )
    body = {name: value for name, value in msgspec.to_builtins(made).items() if name != "id"}
    EditionRow.objects.get_or_create(
        pk=EDITION,
        defaults={"scenery_slug": made.scenery.id, "scenery_version": 1, "body": body},
    )
    return made


def seats(n_rooms: int, *, first_seed: int) -> list[Seat]:
    """Return new rooms in which an answer is expected."""
    resume = resumes.add_text(owner=OWNER, text=RESUME)
    position = Position(edition=edition(), resume=resumes.parsed(resume))
    with transaction.atomic():
        return [seated(position, resume, seed=first_seed + n) for n in range(n_rooms)]


def seated(position: Position, resume: ResumeRow, *, seed: int) -> Seat:
    """Return one new room in which an answer is expected."""
    record = Record(Room(), timezone.now())
    opening = Opening(mode=Mode.CONVINCE, language="en", seed=seed, resume_id=str(resume.pk))
    game.open_room(record, position, opening)
    speak_turn(record)
    token = secrets.token_urlsafe(16)
    row = RoomRow(
        id=uuid4(),
        epoch=secrets.token_hex(4),
        owner=OWNER,
        token_hash=token_hash(token),
        edition_id=EDITION,
        resume=resume,
    )
    row.save(force_insert=True)
    event_log.append(row, record, outbox=SilentOutbox())
    return Seat(str(row.pk), token, seed, record.room.offset)


def speak_turn(record: Record, *, n_segments: int = 0) -> None:
    """Add a turn spoken to its end, in so many segments."""
    turn = record.room.turn
    assert turn is not None
    text = record.room.planned_text
    record.add(ev.TurnQueued(position=0, epoch=turn.epoch), turn.id)
    started = ev.TurnStarted(turn.speaker, "scripted", "scripted", "primary", 0.0, turn.epoch)
    record.add(started, turn.id)
    if n_segments:
        record.add(ev.TurnFirstToken(20), turn.id)
    size = -(-len(text) // n_segments) if n_segments else 0
    for number in range(n_segments):
        piece = text[number * size : (number + 1) * size]
        record.add(ev.TurnSegment(piece, number + 1, [(len(piece), 900)]), turn.id)
    record.add(ev.TurnDone(text, ev.Usage(), 10_000, 50.0), turn.id)


def _long(number: int) -> Text:
    words = (f"Question {number}. " + _WORDS * 10)[:QUESTION_CHARACTERS]
    return Text(zh=words, en=words)
