"""What a model is told before a turn: read from the room's log, or nothing in a scripted room."""

import secrets
from collections.abc import Sequence

from interview.domain import events as ev
from interview.domain.events import Event, EventType
from interview.domain.ports import Cue, Ports
from interview.domain.room import Engine, Room
from interview.domain.speaking.line import Exchange, Occasion, house_of, prompt_of
from interview.domain.speaking.manners import Manners
from interview.models import Room as RoomRow
from interview.services import editions, event_log

REMEMBERED_FACTS = 60
_TOLD = (
    EventType.TURN_PLANNED,
    EventType.TURN_DONE,
    EventType.TURN_CANCELLED,
    EventType.TURN_FAILED,
    EventType.ANSWER_SUBMITTED,
    EventType.ANSWER_SCORED,
)


def cue_for(row: RoomRow, room: Room, *, ports: Ports) -> Cue | None:
    """Return how a model is asked for the current turn; None where the script is spoken.

    A line past the queue's limit is said whole and by the script: a busy house asks nobody.
    """
    turn = room.turn
    if room.engine != Engine.MODEL or not ports.models.speaker or turn is None:
        return None
    if turn.is_degraded:
        return None
    occasion = occasion_of(event_log.latest(row.pk, _TOLD, limit=REMEMBERED_FACTS), turn.id)
    if occasion is None:
        return None
    position = editions.position_of(row)
    policy = ports.models
    return Cue(
        route=policy.speaker,
        prompt=prompt_of(room, position, occasion, mark=secrets.token_hex(6)),
        manners=Manners(house_of(room, position, occasion.plan)),
        first_seconds=policy.first_words_seconds,
        total_seconds=policy.line_seconds,
    )


def occasion_of(told: Sequence[Event], turn_id: str) -> Occasion | None:
    """Return what the turn is about, from the facts in order; None when its plan is not there."""
    plan: ev.TurnPlanned | None = None
    reaction: ev.Reaction | None = None
    exchanges: list[Exchange] = []
    for event in told:
        fact = event.payload
        if isinstance(fact, ev.TurnPlanned):
            plan = fact
        elif isinstance(fact, ev.TurnDone | ev.TurnCancelled | ev.TurnFailed):
            words = fact.text if isinstance(fact, ev.TurnDone) else fact.kept_text
            if plan is not None and words:
                exchanges.append(Exchange(plan.speaker, words))
        elif isinstance(fact, ev.AnswerSubmitted) and exchanges:
            last = exchanges[-1]
            exchanges[-1] = Exchange(last.speaker, last.question, fact.text)
        elif isinstance(fact, ev.AnswerScored):
            reaction = fact.reaction
    if plan is None or not told or _turn_planned_last(told) != turn_id:
        return None
    return Occasion(plan, exchanges, reaction)


def _turn_planned_last(told: Sequence[Event]) -> str | None:
    return next((e.turn_id for e in reversed(told) if e.type is EventType.TURN_PLANNED), None)
