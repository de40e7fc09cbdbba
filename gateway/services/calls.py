"""One request on its way through the pipeline, and everything known about it so far."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.domain.caller import HOUSE, Caller
from gateway.domain.catalog import Catalog, Route, Target
from gateway.domain.errors import GatewayError, UnknownModelError
from gateway.domain.messages import (
    ChatRequest,
    Deadlines,
    Operation,
    Terminal,
    Usage,
    UsageSource,
)
from gateway.domain.ports import Ports
from gateway.domain.rate_limit import Level
from gateway.domain.routing import Candidate, Decision, Exclusion
from gateway.domain.speech import Ticket
from gateway.domain.tokens import estimated_tokens, estimated_tokens_of_json
from gateway.domain.waiting import Standing
from gateway.services import observation
from gateway.services.observation import Observation
from gateway.services.saying import Said
from gateway.services.watchdog import Watchdog

if TYPE_CHECKING:
    from gateway.services.attempts import Attempt


@dataclass(slots=True)
class Spared:
    """What a call did not have to ask for: from the cache, or from somebody else's call.

    ``cache`` and ``shared`` say which side of either it was on, ``given_by`` who once answered.
    ``is_counted`` is set once the gate has counted it as a request and as nothing else.
    """

    cache: str = ""
    shared: str = ""
    given_by: tuple[str, str] = ("", "")
    is_counted: bool = False


@dataclass(slots=True)
class Stay:
    """What a call holds at the gate: by name, since when (Unix seconds), at whose provider.

    ``other_holders`` are those of its rivals in a race, ``levels`` how its limits stood.
    ``standing`` says where it stands in the line, while it waits for a place.
    """

    holder: str = field(default_factory=lambda: secrets.token_hex(16))
    other_holders: list[str] = field(default_factory=list)
    levels: tuple[Level, ...] = ()
    seat: str = ""
    standing: Callable[[], Standing] | None = None
    entered_at: float = 0.0
    is_inside: bool = False
    is_degraded: bool = False


@dataclass(slots=True)
class Call:
    """A request, who asks, and what became of it.

    ``budget_seconds`` is all the time there is, waiting included; None leaves it to the
    deadlines. ``catalog`` is the snapshot the request began with, set by the pipeline unless
    the caller had to look something up in it before.
    """

    request: ChatRequest
    watchdog: Watchdog
    ticket: Ticket | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    caller: Caller = HOUSE
    catalog: Catalog | None = None
    budget_seconds: float | None = None
    observed: Observation = field(init=False)
    spared: Spared = field(default_factory=Spared)
    stay: Stay = field(default_factory=Stay)
    said: Said = field(default_factory=Said)
    ends_at: float | None = None
    # The way: set by routing and by the attempts.
    route: Route | None = None
    decision: Decision | None = None
    excluded: dict[str, Exclusion] = field(default_factory=dict)
    again: Candidate | None = None
    attempts: "list[Attempt]" = field(default_factory=list)
    struck: list[str] = field(default_factory=list)
    # What came of it.
    is_answering: bool = False
    broken_by: GatewayError | None = None
    closed_at: float | None = None
    _input_tokens: int = -1

    def __post_init__(self) -> None:
        """Begin to observe."""
        self.observed = observation.begin(self.request, self.attributes)
        # Thousands of programs' calls a second are counted, traced and in the ledger; a line
        # is written of those that failed.
        self.observed.is_quiet = self.caller.key is not None

    @property
    def is_closed(self) -> bool:
        """Whether nothing of this call is open at a provider (any more)."""
        return not self.attempts or self.closed_at is not None

    @property
    def input_tokens(self) -> int:
        """About how many tokens the prompt is; counted when first asked for."""
        if self._input_tokens < 0:
            self._input_tokens = self.request.input_estimate or _counted(self.request)
        return self._input_tokens

    @property
    def current(self) -> "Attempt":
        """Return the attempt that is or was made last."""
        return self.attempts[-1]

    @property
    def target(self) -> Target | None:
        """Return who answers or was asked last; None before anybody was."""
        return self.attempts[-1].target if self.attempts else None

    @property
    def overhead_seconds(self) -> float:
        """Return how long the gateway itself took before the first provider was asked."""
        return self.observed.overhead_seconds

    def the_catalog(self) -> Catalog:
        """Return the snapshot the request keeps."""
        assert self.catalog is not None  # the pipeline's first step
        return self.catalog

    def deadlines_at(self, target: Target, usual: Deadlines) -> Deadlines:
        """Return the request's deadlines, else the route's, the provider's or the house's."""
        request, route = self.request.deadlines, self.the_route().deadlines
        return request or route or target.provider.deadlines or usual

    def start_clock(self, usual: Deadlines) -> None:
        """Start the clock of all the time there is, once: a second start changes nothing.

        It is as long as the most patient of those who may be asked allows, and no longer than the
        caller's budget. A watchdog the call has got since then goes by the same clock.
        """
        if self.ends_at is None:
            self.ends_at = self.watchdog.now + self._total_seconds(usual)
        self.watchdog.end_at(self.ends_at)

    def _total_seconds(self, usual: Deadlines) -> float:
        agreed = self.request.deadlines or self.the_route().deadlines
        seconds = agreed.total_seconds if agreed else self._most_patient_seconds(usual)
        return seconds if self.budget_seconds is None else min(seconds, self.budget_seconds)

    def _most_patient_seconds(self, usual: Deadlines) -> float:
        pinned = self.request.provider
        return max(
            [
                (target.provider.deadlines or usual).total_seconds
                for target in self.the_route().targets
                if not pinned or target.provider.name == pinned
            ],
            default=usual.total_seconds,
        )

    def the_route(self) -> Route:
        """Return the route the model's name leads to; raise UnknownModelError without one."""
        if self.route is None:
            self.route = self.the_catalog().routes.get(self.request.model)
            if self.route is None:
                raise UnknownModelError("There is no model of this name.", param="model")
        return self.route

    def candidates(self) -> tuple[Candidate, ...]:
        """Return those that may still be asked, best first."""
        if self.again is not None:
            return (self.again,)
        if self.decision is None:
            return ()
        if not self.excluded:
            return self.decision.candidates
        return tuple(one for one in self.decision.candidates if one.target.id not in self.excluded)

    def trace(self) -> str:
        """Return who was considered and why others were passed over; empty without a choice."""
        decision = self.decision
        if decision is None or len(decision.candidates) + len(decision.dropped) < 2:
            return ""
        return " ".join((decision.policy, *decision.as_words(self.excluded)))

    @property
    def can_go_on(self) -> bool:
        """Whether another provider could go on where the answer broke off."""
        request = self.request
        return (
            self.said.is_only_text
            and request.operation is Operation.CHAT
            and self.the_route().retry.continues_answers
            and bool(request.messages or request.original)
            and bool(self.said.so_far())
        )

    def remember(self, ports: Ports) -> None:
        """Note who answered, for the session's next request."""
        if self.request.session:
            ports.memory.answered(self.request.session, self.current.target.id)

    def note_closed(self) -> None:
        """Note that what was open at a provider no longer is."""
        self.closed_at = time.time()

    def finish(self) -> Terminal:
        """Return how the answer ended, once somebody has given one."""
        finish = self.current.finish
        assert finish is not None  # an attempt that has no end raised
        return finish

    def usage(self) -> Usage:
        """Return what the answer used: the provider's final word, else our count of it.

        An answer that several providers spoke in turn is one answer: its output is theirs.
        """
        spoke = [attempt.usage() for attempt in self.attempts if attempt.has_content]
        if len(spoke) > 1:
            return Usage(
                input_total=spoke[0].input_total,
                output_total=sum(usage.output_total for usage in spoke),
                source=UsageSource.ESTIMATED,
            )
        if self.attempts:
            return spoke[0] if spoke else self.current.usage()
        return Usage(input_total=self.input_tokens)


def _counted(request: ChatRequest) -> int:
    if request.original is not None and not request.messages:
        return estimated_tokens_of_json(request.original.body)
    return sum(estimated_tokens(message.text) for message in request.messages)
