"""How the interpreter shares itself in the processes that stream."""

import gc
import sys

# A thread that computes hands over this soon. With Python's 5 ms, the event loop waits that long
# after every look at its sockets while some thread folds a room or reads an answer.
_SWITCH_SECONDS = 0.001
# What start-up made lives as long as the process; looking through it again and again for
# garbage stops every stream for as long as the look takes.
_YOUNG_OBJECTS = 10_000


def settle() -> None:
    """Favour whoever waits for words over whoever computes; called once, after start-up."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 20)
