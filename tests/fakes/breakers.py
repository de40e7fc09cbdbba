"""Breakers in memory: the rules themselves, under a clock that moves when told to."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from gateway.domain.breaker import (
    Breaker,
    BreakerPolicy,
    Report,
    Standing,
    Verdict,
    probed,
    reported,
    standing,
)
from tests.fakes.clock import Clock


class MemoryBreakers:
    """What one process knows of its targets; jitter is always none."""

    def __init__(self, clock: Clock, policy: BreakerPolicy | None = None) -> None:
        self._clock = clock
        self._policy = policy or BreakerPolicy()
        self._breakers: dict[str, Breaker] = defaultdict(Breaker)
        self.reports: list[tuple[str, Report]] = []

    async def standings(self, targets: Iterable[str]) -> Mapping[str, Standing]:
        """Return the standing of each target."""
        return {name: standing(self._breakers[name], at=self._clock.now) for name in targets}

    async def probe(self, target: str) -> bool:
        """Take the one probe of a half-open breaker."""
        taken = probed(self._breakers[target], self._policy, at=self._clock.now)
        if taken is not None:
            self._breakers[target] = taken
        return taken is not None

    async def report(
        self,
        target: str,
        report: Report,
        *,
        retry_after_seconds: float | None = None,
        is_long: bool = False,
    ) -> Standing:
        """Tell how an attempt went; return where that leaves the target."""
        self.reports.append((target, report))
        verdict = Verdict(report, retry_after_seconds, is_long)
        self._breakers[target] = reported(
            self._breakers[target], verdict, self._policy, at=self._clock.now, roll=0.0
        )
        return standing(self._breakers[target], at=self._clock.now)
