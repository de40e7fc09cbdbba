"""A long log: what folding, keeping, reading and continuing it costs, and how that grows.

python -m tests.bench.fold --events 10000
"""

import argparse
import time
from collections.abc import Callable
from importlib import import_module

from tests.bench import court, readings
from tests.bench.readings import say

N_REPEATS = 9


def main() -> None:
    """Measure on a database of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=10_000)
    asked = parser.parse_args()
    readings.say_where(
        f"one room of {asked.events:,} events, a question in ten segments each round"
    )
    with court.running():
        # The models can be imported only once Django is set up.
        import_module("tests.bench.fold_measures").measure(n_events=asked.events)


def timed(step: Callable[[], object], *, repeats: int = N_REPEATS) -> list[float]:
    """Return how long each of some runs took, in seconds."""
    took = []
    for _ in range(repeats):
        began_at = time.perf_counter()
        step()
        took.append(time.perf_counter() - began_at)
    return took


def line(name: str, took: list[float]) -> None:
    """Write one measure."""
    say(f"{name:<22}{readings.spread(took)}")


if __name__ == "__main__":
    main()
