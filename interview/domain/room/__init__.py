"""The room: what the log adds up to, and which fact may follow which state.

`fold` is the only way a state comes about. ``TRANSITIONS`` moves the room's status, the table in
`interview.domain.turn` moves the current turn; a fact that neither allows raises.
"""

from interview.domain.room.folding import Record, advance, fold, state_hash
from interview.domain.room.state import Engine, Pace, Room, Status, Thread, WinReason
from interview.domain.room.transitions import IGNORED, TRANSITIONS

__all__ = [
    "IGNORED",
    "TRANSITIONS",
    "Engine",
    "Pace",
    "Record",
    "Room",
    "Status",
    "Thread",
    "WinReason",
    "advance",
    "fold",
    "state_hash",
]
