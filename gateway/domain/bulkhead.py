"""How patiently a caller waits for a place at a provider whose places are all taken."""

FIRST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.25


def pause_seconds(attempt: int, *, roll: float) -> float:
    """Return how long to wait after the ``attempt``-th refusal (0, 1 ...).

    Doubles up to a quarter of a second. ``roll`` in [0, 1) takes away up to half of it, so
    that those who were refused together do not come back together.
    """
    full = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * (1 << min(attempt, 10)))
    return full * (1 - roll / 2)
