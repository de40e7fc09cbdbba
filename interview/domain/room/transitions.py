"""Which fact may follow which state, and where it leads."""

from interview.domain import events as ev
from interview.domain.errors import IllegalTransitionError
from interview.domain.events import Event, EventType
from interview.domain.room.state import Room, Status
from interview.domain.turn import TURN_TRANSITIONS, Turn

_ENDS_A_TURN = (
    EventType.TURN_DONE,
    EventType.TURN_CANCELLED,
    EventType.TURN_FAILED,
)

TRANSITIONS: dict[tuple[Status, EventType], Status] = {
    (Status.NEW, EventType.ROOM_CREATED): Status.INTERVIEWING,
    (Status.NEW, EventType.ROOM_FORKED): Status.INTERVIEWING,
    **{(Status.INTERVIEWING, ended): Status.AWAITING_ANSWER for ended in _ENDS_A_TURN},
    (Status.INTERVIEWING, EventType.TURN_REJECTED): Status.AWAITING_ANSWER,
    (Status.AWAITING_ANSWER, EventType.TURN_REJECTED): Status.AWAITING_ANSWER,
    (Status.AWAITING_ANSWER, EventType.TURN_SPEAKER_SELECTED): Status.INTERVIEWING,
    (Status.AWAITING_ANSWER, EventType.ANSWER_SUBMITTED): Status.SCORING,
    (Status.SCORING, EventType.ANSWER_SCORED): Status.INTERVIEWING,
    (Status.INTERVIEWING, EventType.ROOM_SETTLED): Status.SETTLED,
    (Status.AWAITING_ANSWER, EventType.ROOM_SETTLED): Status.SETTLED,
    (Status.SCORING, EventType.ROOM_SETTLED): Status.SETTLED,
}

# Facts that leave the status alone; legal in any room that has begun and is not settled.
IGNORED = frozenset(
    {
        EventType.RESUME_PARSED,
        EventType.SETTINGS_CHANGED,
        EventType.ROUND_STARTED,
        EventType.GOAL_REACHED,
        EventType.TURN_SPEAKER_SELECTED,
        EventType.TURN_PLANNED,
        EventType.TURN_QUEUED,
        EventType.TURN_STARTED,
        EventType.TURN_FIRST_TOKEN,
        EventType.TURN_SEGMENT,
        EventType.TURN_DEGRADED,
        EventType.FOLLOWUP_FIRED,
        EventType.HINT_TAKEN,
        EventType.HP_CHANGED,
        EventType.APPROVAL_CHANGED,
        EventType.PERSONA_CONVINCED,
        EventType.PERSONA_UNCONVINCED,
        EventType.PERSONA_WALKED_OUT,
        EventType.INTEGRITY_INJECTION,
        EventType.CHECKPOINT_SAVED,
    }
)

# An answer that admission refused belongs to no turn.
_MAY_LACK_A_TURN = frozenset({EventType.TURN_REJECTED})
_MOVES_A_TURN = frozenset(kind for _, kind in TURN_TRANSITIONS)


def next_status(room: Room, event: Event) -> Status:
    """Return the status after the event; raise IllegalTransitionError when it may not follow."""
    status = TRANSITIONS.get((room.status, event.type))
    if status is not None:
        return status
    if event.type in IGNORED and room.status not in {Status.NEW, Status.SETTLED}:
        return room.status
    raise IllegalTransitionError(f"{event.type} cannot follow {room.status}")


def next_turn(room: Room, event: Event) -> Turn | None:
    """Return the turn after the event; raise IllegalTransitionError when it is another's."""
    kind = event.type
    if kind is EventType.TURN_SPEAKER_SELECTED:
        return _selected(room, event)
    if kind not in _MOVES_A_TURN or (kind in _MAY_LACK_A_TURN and event.turn_id is None):
        return room.turn
    if room.turn is None or room.turn.id != event.turn_id:
        raise IllegalTransitionError(f"{kind} for {event.turn_id}, which is not the current turn")
    return room.turn.moved(kind)


def _selected(room: Room, event: Event) -> Turn:
    if event.turn_id is None or not isinstance(event.payload, ev.TurnSpeakerSelected):
        raise IllegalTransitionError("a speaker is selected for a turn")
    number = room.n_turns + 1
    return Turn(event.turn_id, number=number, speaker=event.payload.speaker, epoch=number)
