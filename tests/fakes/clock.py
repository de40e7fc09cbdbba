"""Time in tests: it passes by hand."""

from dataclasses import dataclass


@dataclass(slots=True)
class Clock:
    """Seconds that pass by hand."""

    now: float = 1_000_000.0

    @property
    def now_us(self) -> int:
        """The time in whole microseconds."""
        return round(self.now * 1_000_000)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
