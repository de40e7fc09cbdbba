"""Faults on purpose: which requests they hit, and what then goes wrong.

A rule hits a target when each of its patterns that is not empty matches (globs), its time has
not run out and chance says so. ``n_times`` is how often it strikes over all processes.

A rule comes from the configuration, or with a request that may bring its own: a profile, and
after semicolons what else there is to say, as in ``cut; after=40; model=big; times=1``. One that
a tenant or a request has for itself is private: nobody else may notice anything of it.
"""

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from gateway.domain.errors import RequestError

LONGEST_SECONDS = 600.0
MOST_OF_A_REQUEST = 8  # rules one request may bring


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
    NO_DONE = "no_done"  # neither the reason nor the mark of the end comes


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
#: Those after which there is no answer at all, not even the beginning of one.
REFUSES = frozenset({FaultProfile.REFUSE_CONNECT, FaultProfile.STATUS, FaultProfile.RATE_LIMITED})


@dataclass(frozen=True, slots=True)
class FaultRule:
    """One fault and whom it hits; ``until`` is Unix seconds, None for no end.

    ``tenant`` is a name and no pattern; with one, not even the house's own calls are hit.
    """

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
    tenant: str = ""
    is_brought: bool = False

    @property
    def name(self) -> str:
        """Return what it is called; its id tells it from others that were called so."""
        return self.id.rpartition(".")[0] or self.id

    @property
    def is_private(self) -> bool:
        """Return whether somebody has it for themselves: then it says nothing of the target."""
        return self.is_brought or bool(self.tenant)

    def matches(
        self, *, provider: str, model: str, route: str, room: str, tenant: str, at: float
    ) -> bool:
        """Return whether the rule is meant for such a call now; chance is the caller's."""
        if self.until is not None and at >= self.until:
            return False
        if self.tenant and self.tenant != tenant:
            return False
        wanted = (
            (self.provider, provider),
            (self.model, model),
            (self.route, route),
            (self.room, room),
        )
        return all(not pattern or fnmatchcase(word, pattern) for pattern, word in wanted)


def brought(words: str) -> tuple[FaultRule, ...]:
    """Return the rules a request brings, several after commas; raise RequestError for others."""
    said = [one.strip() for one in words.split(",") if one.strip()]
    if len(said) > MOST_OF_A_REQUEST:
        raise RequestError(f"A request brings {MOST_OF_A_REQUEST} faults at most.")
    return tuple(_brought(one, number) for number, one in enumerate(said, start=1))


def _brought(words: str, number: int) -> FaultRule:
    name, *given = (part.strip() for part in words.split(";"))
    if name not in set(FaultProfile):
        raise RequestError(f"A fault is one of: {', '.join(FaultProfile)}.")
    said = dict(_pair(part) for part in given if part)
    return FaultRule(
        id=f"request#{number}",
        profile=FaultProfile(name),
        provider=said.get("provider", ""),
        model=said.get("model", ""),
        probability=_figure(said, "probability", most=1.0, otherwise=1.0),
        n_times=int(_figure(said, "times", most=1_000_000)) if "times" in said else None,
        seconds=_figure(said, "seconds", most=LONGEST_SECONDS),
        status=_status(said),
        after_tokens=int(_figure(said, "after", most=1_000_000)),
        is_brought=True,
    )


_WORDS = frozenset({"provider", "model", "probability", "times", "seconds", "status", "after"})


def _pair(part: str) -> tuple[str, str]:
    name, is_given, value = (word.strip() for word in part.partition("="))
    if name not in _WORDS or not is_given or not value:
        raise RequestError(f"Of a fault is said: {', '.join(sorted(_WORDS))}; each with a value.")
    return name, value


def _figure(
    said: dict[str, str], name: str, *, most: float, least: float = 0.0, otherwise: float = 0.0
) -> float:
    if name not in said:
        return otherwise
    try:
        figure = float(said[name])
    except ValueError:
        figure = -1.0
    if not least <= figure <= most:
        raise RequestError(f"{name} of a fault is a number from {least:g} to {most:g}.")
    return figure


def _status(said: dict[str, str]) -> int:
    return int(_figure(said, "status", most=599, least=400, otherwise=500))
