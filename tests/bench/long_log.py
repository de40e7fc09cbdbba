"""A long log: the rooms of `seating`, played without a panel that could tire of it."""

from collections.abc import Iterator
from dataclasses import replace

from django.utils import timezone

from interview.domain import game
from interview.domain.game import Opening
from interview.domain.position import Position
from interview.domain.room import Record, Room
from interview.domain.scenery import Mode
from tests.bench import seating

N_SEGMENTS = 10  # a question of ten seconds, cut once a second


def begin(position: Position, *, resume_id: str) -> Record:
    """Return a room whose first question was asked."""
    record = Record(Room(), timezone.now())
    opening = Opening(mode=Mode.CONVINCE, language="en", seed=7, resume_id=resume_id)
    game.open_room(record, position, opening)
    seating.speak_turn(record, n_segments=N_SEGMENTS)
    return record


def play_round(record: Record, position: Position, *, number: int) -> None:
    """Add an answer that moves nobody, and the next question spoken to its end."""
    text = f"Answer {number}: I measured it for {number} days because a mean hides the tail."
    hearing = game.hear(record.room, position, text)
    at_par = dict.fromkeys(record.room.panel, record.room.par)
    calm = replace(
        hearing,
        marks=replace(hearing.marks, by_persona=at_par, is_contradiction=False, is_injection=False),
        answer=replace(hearing.answer, contradictions=(), injections=()),
    )
    game.take_hearing(record, position, calm, text=text, client_id=f"{number:036d}")
    seating.speak_turn(record, n_segments=N_SEGMENTS)


def rounds(position: Position, *, resume_id: str, n_events: int) -> Iterator[Record]:
    """Yield the growing record after each round, until it has so many events."""
    record = begin(position, resume_id=resume_id)
    number = 0
    while len(record.events) < n_events:
        yield record
        number += 1
        play_round(record, position, number=number)
    yield record
