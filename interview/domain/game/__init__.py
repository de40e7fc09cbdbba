"""The game's decisions: a command and a room in, the facts that follow out.

Nothing here writes, waits or looks at a clock; ``at`` is an argument. Each decision returns the
events in order, already placed in the log, and the room they lead to.
"""

from interview.domain.game.endings import leave, time_out
from interview.domain.game.hearing import Hearing, hear, with_opinion, without_opinion
from interview.domain.game.moves import (
    RULESET,
    Opening,
    check_may_answer,
    director_choices,
    open_room,
    score_hearing,
    submit,
    take_answer,
    take_hearing,
)
from interview.domain.game.rounds import coming_turn, next_plan, repeat_turn

__all__ = [
    "RULESET",
    "Hearing",
    "Opening",
    "check_may_answer",
    "coming_turn",
    "director_choices",
    "hear",
    "leave",
    "next_plan",
    "open_room",
    "repeat_turn",
    "score_hearing",
    "submit",
    "take_answer",
    "take_hearing",
    "time_out",
    "with_opinion",
    "without_opinion",
]
