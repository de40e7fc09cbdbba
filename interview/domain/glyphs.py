"""Chess annotation for answers: what was lost against the best answer there was.

``loss`` is V with the best available answer minus V as played, in points of V (0 to 100):
from 5 a dodge, from 10 a mistake, from 15 a blunder. A gain of 10 is good, a trap answered well
brilliant.
"""

DODGE, MISTAKE, BLUNDER = "?!", "?", "??"
GOOD, BRILLIANT = "!", "!!"


def glyph(*, before: float, after: float, best: float, is_trap_beaten: bool) -> str:
    """Return the annotation, or an empty string for an answer that calls for none."""
    loss = best - after
    for least, mark in ((15.0, BLUNDER), (10.0, MISTAKE), (5.0, DODGE)):
        if loss >= least:
            return mark
    if is_trap_beaten:
        return BRILLIANT
    return GOOD if after - before >= 10.0 else ""
