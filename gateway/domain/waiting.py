"""Who waits for a place at which provider, in this process: one fair line for each.

Pure: the time is an argument, in seconds of any clock that only goes forward. Whoever waits may
stand in several lines at once and takes the place that comes free first. Only the first of a line
asks for a place; it is called when it becomes the first and whenever a place is given back here.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from gateway.domain.fair_line import Belonging, FairLine

MOST_WAITING = 1_000
MOST_PACES = 1_000  # providers whose pace is remembered while nobody waits there
N_CERTAIN = 8  # places that have come free before anybody is told that it is hopeless
NEWEST_WEIGHS = 0.2


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody stands: how many are served up to itself, and in about how many seconds.

    ``eta_seconds`` is None while no place has come free to tell by.
    """

    position: int
    eta_seconds: float | None = None


@dataclass(slots=True, eq=False)
class Waiter:
    """Somebody who waits; ``call`` tells it to ask now, or that it has been sent away.

    ``providers`` are the lines it stands in: none when it has been sent away.
    """

    belonging: Belonging
    call: Callable[[], None]
    providers: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Pace:
    """How fast places come free for those who wait here: the moving average of the time between.

    ``since`` is when the last one came, or when somebody began to wait after nobody did.
    """

    since: float
    gap_seconds: float = 0.0
    n_came: int = 0

    def came(self, at: float) -> None:
        """Note that a place came free."""
        gap = at - self.since
        self.gap_seconds += (gap - self.gap_seconds) * (NEWEST_WEIGHS if self.n_came else 1.0)
        self.n_came += 1
        self.since = at

    def gap_at(self, at: float) -> float | None:
        """Return the time between two places, no shorter than if one came now; None if unknown."""
        if not self.n_came:
            return None
        late = max(0.0, at - self.since - self.gap_seconds)
        return self.gap_seconds + late * NEWEST_WEIGHS

    def n_at_most(self, seconds: float) -> float:
        """Return how many places may come free in that time, with all luck there is.

        If they come independently of each other, more do about once in ten thousand times.
        """
        if self.n_came < N_CERTAIN or self.gap_seconds <= 0:
            return math.inf
        n_expected = max(0.0, seconds) / self.gap_seconds
        return n_expected + 4 * math.sqrt(n_expected) + 4


class Lines:
    """The lines of one process's loop; nobody waits at a provider that is not in ``by_provider``.

    A line takes ``n_waiting``. Past that, the last of whoever has most in it has to go, which is
    the newcomer unless somebody else takes up more room.
    """

    def __init__(self, *, n_waiting: int = MOST_WAITING) -> None:
        self.n_waiting = n_waiting
        self.by_provider: dict[str, FairLine[Waiter]] = {}
        self._firsts: dict[str, Waiter] = {}
        self._paces: dict[str, Pace] = {}

    def join(self, waiter: Waiter, providers: Iterable[str], *, at: float) -> None:
        """Let somebody wait at any of the providers, or send it away where all lines are full."""
        for provider in providers:
            line = self.by_provider.get(provider)
            if line is None:
                line = self.by_provider[provider] = FairLine(_belonging)
                self._begin(provider, at)
            line.join(waiter)
            waiter.providers.add(provider)
            if len(line) > self.n_waiting:
                self._send_away(line.last_of_the_most(waiter), provider)
            self._changed(provider)

    def leave(self, waiter: Waiter) -> None:
        """Let somebody go, if it still waits."""
        for provider in list(waiter.providers):
            self.by_provider[provider].leave(waiter)
            waiter.providers.discard(provider)
            self._changed(provider)

    def serve(self, waiter: Waiter, provider: str, *, at: float) -> None:
        """Let somebody go who has got a place at the provider."""
        if provider in waiter.providers:
            self._paces[provider].came(at)
            self.by_provider[provider].serve(waiter)
            waiter.providers.discard(provider)
            self._changed(provider)
        self.leave(waiter)

    def is_first(self, waiter: Waiter, provider: str) -> bool:
        """Return whether it is for this one to ask for a place at the provider."""
        return self._firsts.get(provider) is waiter

    def freed(self, provider: str) -> None:
        """Call whoever is to have the place that was given back."""
        first = self._firsts.get(provider)
        if first is not None:
            first.call()

    def standing(self, waiter: Waiter, *, at: float) -> Standing:
        """Return where somebody stands: in the line in which it is served first."""
        standings = [self._standing(waiter, provider, at) for provider in waiter.providers]
        return min(standings, key=_by_eta, default=Standing(1))

    def is_hopeless(self, waiter: Waiter, seconds: float) -> bool:
        """Return whether nobody could get it a place in that time, as fast as they came lately."""
        for provider in waiter.providers:
            line, n_at_most = self.by_provider[provider], self._paces[provider].n_at_most(seconds)
            if len(line) <= n_at_most or line.position(waiter) <= n_at_most:
                return False
        return True

    def soonest_seconds(self, providers: Iterable[str], *, at: float) -> float | None:
        """Return when a place comes free at any of the providers; None where nobody knows."""
        gaps = [pace.gap_at(at) for name in providers if (pace := self._paces.get(name))]
        return min((gap for gap in gaps if gap is not None), default=None)

    def _standing(self, waiter: Waiter, provider: str, at: float) -> Standing:
        position = self.by_provider[provider].position(waiter)
        gap = self._paces[provider].gap_at(at)
        return Standing(position, None if gap is None else position * gap)

    def _begin(self, provider: str, at: float) -> None:
        """Begin to measure again: while nobody waited, nobody saw places come free."""
        self._paces.setdefault(provider, Pace(at)).since = at

    def _send_away(self, waiter: Waiter, provider: str) -> None:
        self.by_provider[provider].leave(waiter)
        waiter.providers.discard(provider)
        if not waiter.providers:
            waiter.call()

    def _changed(self, provider: str) -> None:
        """See to it that the first of the line knows that it is."""
        line = self.by_provider[provider]
        if not line:
            del self.by_provider[provider]
            del self._firsts[provider]
            if len(self._paces) > MOST_PACES:
                del self._paces[provider]
            return
        first = line.first()
        if self._firsts.get(provider) is not first:
            self._firsts[provider] = first
            first.call()


def _belonging(waiter: Waiter) -> Belonging:
    return waiter.belonging


def _by_eta(standing: Standing) -> tuple[float, int]:
    eta = standing.eta_seconds
    return math.inf if eta is None else eta, standing.position
