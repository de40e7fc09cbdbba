"""An answer weighed with the help of models: a judge's opinion, a director's suggestion.

The candidate's words are recorded, and answered with 202, before anybody is asked; then a worker
asks, without a lock and without a database connection, and writes down what was decided. Whoever
is late, away or wrong is left out, and the log says so. The rules can always decide alone.
"""

import secrets
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from interview import metrics
from interview.domain import directing, game
from interview.domain.errors import QueueFullError
from interview.domain.events import AnswerSubmitted, EventType
from interview.domain.game import Hearing
from interview.domain.jobs import Job
from interview.domain.judging import inquiry as judging
from interview.domain.judging.jury import FEWEST_VOTES, UNCONFIRMED, is_close_call, verdict_of
from interview.domain.judging.opinion import GarbledError, Opinion, read_opinion
from interview.domain.judging.weighing import GARBLED, WEIGHED, why_not_asked
from interview.domain.planning import language_of
from interview.domain.ports import Inquiry, NoCounselError, Ports, stream_id
from interview.domain.position import Position
from interview.domain.room import Engine, Record, Room, Status
from interview.domain.scenery import Strategy
from interview.models import Room as RoomRow
from interview.services import editions, event_log, rubrics, tracing
from interview.services.turns import queueing

LATE = "late"


@dataclass(frozen=True, slots=True)
class _Pending:
    """An answer that waits to be weighed, and the room it was given in."""

    room_id: UUID
    room: Room
    position: Position
    text: str
    offset: int


def is_needed(room: Room, ports: Ports) -> bool:
    """Return whether a model has a say in what the next answer does."""
    if room.engine != Engine.MODEL:
        return False
    is_directed = room.strategy is Strategy.DIRECTOR and bool(ports.models.director)
    return bool(ports.models.judge) or is_directed


def weigh_answer(*, room_id: UUID, ports: Ports) -> None:
    """Weigh the answer that waits in the room; a second run finds it weighed and stops."""
    pending = _pending(room_id)
    if pending is None:
        return
    connection.close()
    with tracing.weighing(room_id):
        hearing = _judged(pending, ports)
        suggestion = _directed(pending, hearing, ports)
    _take(pending, hearing, suggestion, ports)


def weigh_by_rules(*, room_id: UUID, ports: Ports) -> bool:
    """Weigh the answer that nobody came back with, by the rules; False when there is none."""
    pending = _pending(room_id)
    if pending is None:
        return False
    hearing = game.hear(pending.room, pending.position, pending.text)
    if ports.models.judge:
        hearing = game.without_opinion(hearing, LATE)
    _take(pending, hearing, None, ports)
    return True


def _pending(room_id: UUID) -> _Pending | None:
    row = RoomRow.objects.filter(pk=room_id).first()
    if row is None or row.status != Status.SCORING:
        return None
    (submitted,) = event_log.latest(room_id, (EventType.ANSWER_SUBMITTED,), limit=1)
    assert isinstance(submitted.payload, AnswerSubmitted)
    room, position = event_log.state_of(row), editions.position_of(row)
    return _Pending(room_id, room, position, submitted.payload.text, submitted.offset)


def _judged(pending: _Pending, ports: Ports) -> Hearing:
    """Return the answer as heard, with the judge's opinion if there is a judge who has one."""
    room, position = pending.room, pending.position
    hearing = game.hear(room, position, pending.text)
    if not ports.models.judge:
        return hearing
    outcome = why_not_asked(hearing.answer, hearing.score)
    if outcome:
        _note("judge", outcome)
        return game.without_opinion(hearing, outcome)
    (first,) = _votes(pending, hearing, range(1), ports)
    if not isinstance(first, Opinion):
        return game.without_opinion(hearing, first)
    weighed = game.with_opinion(room, position, hearing, first)
    n_chairs = ports.models.judge_votes
    if n_chairs == 1 or not is_close_call(room, position, weighed.marks):
        return weighed
    others = _votes(pending, hearing, range(1, n_chairs), ports)
    votes = [first, *(vote for vote in others if isinstance(vote, Opinion))]
    if len(votes) < FEWEST_VOTES:
        _note("judge", UNCONFIRMED)
        return game.without_opinion(hearing, UNCONFIRMED)
    verdict = verdict_of(votes, rules=hearing.score.levels, n_chairs=n_chairs)
    return game.with_opinion(room, position, hearing, verdict, n_votes=len(votes))


def _votes(pending: _Pending, hearing: Hearing, chairs: range, ports: Ports) -> list[Opinion | str]:
    """Return what the judges in these chairs say, or why they say nothing."""
    marks = [secrets.token_hex(6) for _ in chairs]
    questions = [
        _question(pending, hearing, chair, mark=mark, ports=ports)
        for chair, mark in zip(chairs, marks, strict=True)
    ]
    replies = ports.counsel.ask_together(questions)
    votes = [
        _vote(reply, answer=hearing.answer.text, mark=mark)
        for reply, mark in zip(replies, marks, strict=True)
    ]
    for vote in votes:
        _note("judge", WEIGHED if isinstance(vote, Opinion) else vote)
    return votes


def _question(
    pending: _Pending, hearing: Hearing, chair: int, *, mark: str, ports: Ports
) -> Inquiry:
    room, position = pending.room, pending.position
    return Inquiry(
        id=f"{pending.room_id}.a{pending.offset}.judge{chair or ''}",
        route=ports.models.judge,
        prompt=judging.prompt_of(
            hearing.answer,
            judging.Case(
                asked=room.planned_text,
                question=hearing.question,
                resume=position.resume,
                rubric=rubrics.six_dimensions(),
                language=language_of(room, position, hearing.marks.asker),
            ),
            mark=mark,
            chair=chair,
        ),
        seconds=ports.models.judge_seconds,
        room_id=pending.room_id,
    )


def _vote(reply: str | NoCounselError, *, answer: str, mark: str) -> Opinion | str:
    if isinstance(reply, NoCounselError):
        return reply.code
    try:
        return read_opinion(reply, answer=answer, mark=mark)
    except GarbledError:
        return GARBLED


def _directed(pending: _Pending, hearing: Hearing, ports: Ports) -> str | None:
    """Return whom the director suggests, empty when it failed to; None when not asked."""
    if not ports.models.director:
        return None
    choices = game.director_choices(
        pending.room, pending.position, hearing, text=pending.text, at=timezone.now()
    )
    if len(choices) < 2:
        return None
    question = Inquiry(
        id=f"{pending.room_id}.a{pending.offset}.director",
        route=ports.models.director,
        prompt=directing.prompt_of(
            pending.room,
            pending.position,
            choices,
            answer=hearing.answer.text,
            mark=secrets.token_hex(6),
        ),
        seconds=ports.models.director_seconds,
        room_id=pending.room_id,
    )
    try:
        choice = directing.read_choice(ports.counsel.ask(question), choices)
    except NoCounselError as failure:
        _note("director", failure.code)
        return ""
    _note("director", "chosen" if choice else GARBLED)
    return choice


def _note(role: str, outcome: str) -> None:
    metrics.COUNSEL.labels(role, outcome).inc()
    tracing.counselled(role, outcome)


def _take(pending: _Pending, hearing: Hearing, suggestion: str | None, ports: Ports) -> None:
    """Write down what the answer does, unless the room has moved on meanwhile."""
    try:
        with transaction.atomic():
            row = event_log.lock(pending.room_id)
            record = Record(event_log.state_of(row), timezone.now())
            if record.room.status is not Status.SCORING or _is_other(row, pending):
                return
            coming = stream_id(row.pk, *game.coming_turn(record.room))
            game.score_hearing(
                record, pending.position, hearing, text=pending.text, suggestion=suggestion
            )
            with queueing.place_for(row.pk, record, ports=ports):
                event_log.append(row, record, outbox=ports.outbox)
            if row.status == Status.SETTLED:
                transaction.on_commit(lambda: ports.stage.give_back(coming))
    except QueueFullError as refusal:
        # The words are recorded, so they are weighed; only later.
        delay = float(refusal.retry_after_seconds or 1)
        arguments = (str(pending.room_id),)
        ports.outbox.enqueue(Job.WEIGH_ANSWER, arguments, delay_seconds=delay)


def _is_other(row: RoomRow, pending: _Pending) -> bool:
    newest = event_log.latest(row.pk, (EventType.ANSWER_SUBMITTED,), limit=1)
    return newest[0].offset != pending.offset
