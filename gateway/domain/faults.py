"""Faults on purpose: which requests they hit, and what then goes wrong.

A rule hits a target when each of its patterns that is not empty matches (globs), its time has
not run out and chance says so. ``n_times`` is how often it strikes over all processes.
"""

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase


class FaultProfile(StrEnum):
    """What goes wrong."""

    LATENCY = "latency"  # every step waits ``seconds``
    SLOW_FIRST = "slow_first"  # the first content waits ``seconds``
    STATUS = "status"  # the answer is the HTTP ``status``
    RATE_LIMITED = "rate_limited"  # 429 with ``seconds`` as Retry-After
    REFUSE_CONNECT = "refuse_connect"
    STALL = "stall"  # silence of ``seconds`` after ``after_tokens``
    CUT = "cut"  # the connection ends after ``after_tokens``
    MALFORMED = "malformed"  # one piece that cannot be read after ``after_tokens``
    NO_DONE = "no_done"  # the terminal mark is missing


#: Which of a rule's figures its profile reads.
READS_SECONDS = frozenset(
    {
        FaultProfile.LATENCY,
        FaultProfile.SLOW_FIRST,
        FaultProfile.RATE_LIMITED,
        FaultProfile.STALL,
    }
)
READS_AFTER = frozenset({FaultProfile.STALL, FaultProfile.CUT, FaultProfile.MALFORMED})


@dataclass(frozen=True, slots=True)
class FaultRule:
    """One fault and whom it hits; ``until`` is Unix seconds, None for no end."""

    id: str
    profile: FaultProfile
    provider: str = ""
    model: str = ""
    route: str = ""
    room: str = ""
    probability: float = 1.0
    n_times: int | None = None
    until: float | None = None
    seconds: float = 0.0
    status: int = 500
    after_tokens: int = 0

    def matches(self, *, provider: str, model: str, route: str, room: str, at: float) -> bool:
        """Return whether the rule is meant for such a call now; chance is the caller's."""
        if self.until is not None and at >= self.until:
            return False
        wanted = (
            (self.provider, provider),
            (self.model, model),
            (self.route, route),
            (self.room, room),
        )
        return all(not pattern or fnmatchcase(word, pattern) for pattern, word in wanted)
