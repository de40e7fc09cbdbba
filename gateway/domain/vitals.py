"""What one process remembers of its targets and sessions: pace, load, whose turn it is.

A memory, not a truth: other processes have their own, and a restart begins anew. Policies only
prefer by it.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping

from gateway.domain.routing import Vitals

NEWEST_WEIGHS = 0.2
MOST_SESSIONS = 10_000


class TargetMemory:
    """First-token times as a moving average, calls in flight, and where sessions were last."""

    def __init__(self) -> None:
        self._ttft_seconds: dict[str, float] = {}
        self._n_in_flight: dict[str, int] = defaultdict(int)
        self._turns: dict[str, int] = defaultdict(int)
        self._sessions: OrderedDict[str, str] = OrderedDict()

    def began(self, target: str) -> None:
        """Note that a call is in flight."""
        self._n_in_flight[target] += 1

    def ended(self, target: str) -> None:
        """Note that it no longer is."""
        self._n_in_flight[target] -= 1

    def first_content(self, target: str, seconds: float) -> None:
        """Note how long the first content took."""
        before = self._ttft_seconds.get(target, seconds)
        self._ttft_seconds[target] = before + NEWEST_WEIGHS * (seconds - before)

    def of(self, targets: Iterable[str]) -> Mapping[str, Vitals]:
        """Return what is known of each target."""
        return {
            target: Vitals(self._ttft_seconds.get(target), self._n_in_flight[target])
            for target in targets
        }

    def next_turn(self, route: str) -> int:
        """Return 0, 1, 2 ... for one route after another request of it."""
        turn = self._turns[route]
        self._turns[route] = turn + 1
        return turn

    def last_target(self, session: str) -> str:
        """Return the target that answered the session last, empty for none."""
        return self._sessions.get(session, "")

    def answered(self, session: str, target: str) -> None:
        """Note who answered the session; the longest silent ones are forgotten."""
        self._sessions[session] = target
        self._sessions.move_to_end(session)
        if len(self._sessions) > MOST_SESSIONS:
            self._sessions.popitem(last=False)
