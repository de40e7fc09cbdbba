"""How a room ends: by a verdict, by leaving, by nobody coming back."""

from interview.domain import events as ev
from interview.domain import modes
from interview.domain.errors import RoomSettledError
from interview.domain.events import Result
from interview.domain.room import Record, Status, WinReason
from interview.domain.scenery import Mode


def leave(record: Record) -> None:
    """Leave the seat: with the win when the goal is reached, else the room counts as abandoned."""
    if record.room.status is Status.SETTLED:
        raise RoomSettledError("The verdict has fallen already.")
    if record.room.goal_reached:
        settle(record, Result.WON, WinReason.GOAL_REACHED)
    else:
        settle(record, Result.ABANDONED, modes.FailureReason.ABANDONED)


def time_out(record: Record) -> None:
    """Close a room nobody came back to."""
    if record.room.goal_reached:
        settle(record, Result.WON, WinReason.GOAL_REACHED)
    else:
        settle(record, Result.ABANDONED, modes.FailureReason.TIMEOUT)


def settle(record: Record, result: Result, reason: str) -> None:
    """Record the verdict with the score of everything answered so far."""
    room = record.room
    if room.mode is Mode.SURVIVE:
        score = modes.survive_score(
            rounds=room.rounds_answered,
            hp=room.hp_at_last_round,
            n_good=room.n_good,
            n_hints=room.n_hints,
        )
    else:
        score = modes.convince_score(
            is_won=result is Result.WON,
            rounds=room.rounds_answered,
            approval=room.approval,
            n_hints=room.n_hints,
            max_rounds=room.max_rounds,
            convinced_at=room.convinced_at,
        )
    record.add(
        ev.RoomSettled(
            result=result,
            reason=str(reason),
            score=score,
            rounds=room.rounds_answered,
            ranked=room.is_ranked,
        )
    )
