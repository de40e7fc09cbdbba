"""Who speaks next and what they ask: the turn that is planned, and the one asked again."""

from collections.abc import Sequence

from interview.domain import events as ev
from interview.domain import modes
from interview.domain.errors import NothingToRetryError
from interview.domain.orchestration import Choice, Reason, choose_speaker
from interview.domain.planning import Planner
from interview.domain.position import Position
from interview.domain.room import Record, Room
from interview.domain.scenery import Mode


def repeat_turn(record: Record) -> None:
    """Plan the same question again, after a turn that was cut short, failed or was refused."""
    room = record.room
    if not room.may_retry or room.turn is None:
        raise NothingToRetryError("The last question was asked to the end.")
    thread, last = room.thread, room.turn
    turn_id = new_turn(record, Choice(last.speaker, Reason.REPEATS))
    record.add(
        ev.TurnPlanned(
            speaker=last.speaker,
            intent="repeat",
            question_id=thread.question_id,
            text=room.planned_text,
            fact_id=thread.fact_id,
            claim=thread.claim,
            depth=thread.depth,
        ),
        turn_id,
    )


def next_round(
    record: Record, position: Position, *, answer: str, suggestion: str | None = None
) -> None:
    """Start a round: say who speaks and what is planned, by rules and perhaps a suggestion."""
    room = record.room
    number = room.round + 1
    par = modes.survive_par(number) if room.mode is Mode.SURVIVE else modes.convince_par(number)
    record.add(ev.RoundStarted(round=number, par=par))
    choice, plan = next_plan(room, position, answer=answer, suggestion=suggestion)
    turn_id = new_turn(record, choice)
    if plan.trigger is not None and plan.followup_id is not None:
        record.add(ev.FollowupFired(id=plan.followup_id, trigger=plan.trigger), turn_id)
    record.add(plan, turn_id)


def next_plan(
    room: Room, position: Position, *, answer: str, suggestion: str | None = None
) -> tuple[Choice, ev.TurnPlanned]:
    """Return who speaks next and what they ask: a follow-up, a side line, or a root question."""
    planner = Planner(room, position)
    speaker = room.thread.speaker
    if room.n_roots and speaker not in room.convinced:
        follow_up = planner.follow_up(room.last_triggers)
        if follow_up is not None:
            return Choice(speaker, Reason.FOLLOWS_UP), follow_up
    choice = choose_speaker(
        room, position, answer=answer, sharpness=planner.best_worth, suggestion=suggestion
    )
    for trigger in _plot_triggers(room):
        branch = planner.branch(choice.speaker, trigger)
        if branch is not None:
            return choice, branch
    return choice, planner.root(choice.speaker)


def _plot_triggers(room: Room) -> Sequence[str]:
    streak = [f"streak.{room.streak}"] if room.streak else []
    return [*room.last_triggers, *streak]


def coming_turn(room: Room) -> tuple[str, int]:
    """Return the id and the epoch of the turn that will be planned next."""
    number = room.n_turns + 1
    return f"t{number}", number


def new_turn(record: Record, choice: Choice) -> str:
    """Return the id of the turn given to whoever was chosen."""
    turn_id, _ = coming_turn(record.room)
    record.add(
        ev.TurnSpeakerSelected(
            speaker=choice.speaker,
            strategy=record.room.strategy,
            reason=choice.reason,
            fallback=choice.fallback,
        ),
        turn_id,
    )
    return turn_id
