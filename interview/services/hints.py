"""Hints: what a good answer would touch, for points."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from interview.domain.errors import NotYourTurnError
from interview.domain.events import HintTaken
from interview.domain.ports import Ports
from interview.domain.room import Record
from interview.services import editions, event_log


def take_hint(*, room_id: UUID, ports: Ports) -> str:
    """Return the frame of a better answer to the question on the table; paid for once each."""
    with transaction.atomic():
        row = event_log.lock(room_id)
        record = Record(event_log.state_of(row), timezone.now())
        room = record.room
        if not room.may_answer or room.turn is None:
            raise NotYourTurnError("There is no question on the table.")
        question = editions.position_of(row).edition.questions[room.thread.question_id]
        if question.id not in room.hinted:
            record.add(HintTaken(question_id=question.id), room.turn.id)
            event_log.append(row, record, outbox=ports.outbox)
    return question.better.pick(room.language)
