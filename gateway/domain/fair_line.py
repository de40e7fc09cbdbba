"""A line in which whoever has waited longest is not simply next: tenants take turns by weight.

Within a tenant its flows take turns, a flow being a room or a key, and within a flow who came
first is first. Both kinds of turns are the same rule, worst-case fair queueing (WF2Q+): each name
may begin its next turn when it has had its share, and of those who may the one whose turn would
end first goes. While the same names wait, none is a whole turn ahead of its share or behind.

Turns are charged when they are taken and not when somebody joins, so whoever leaves the line
leaves it as if it had never come.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

_ROUNDING = 1e-9

One = TypeVar("One", bound=Hashable)


@dataclass(slots=True)
class _Turns:
    """Whose turn it is among names: in a time that passes by one turn shared by all who wait.

    ``starts`` are when the next turn of each may begin. Of names that do not wait those are kept
    that have been served ahead of their share, until the time has caught up with them.
    """

    now: float = 0.0
    starts: dict[str, float] = field(default_factory=dict)
    weights: dict[str, int] = field(default_factory=dict)

    def join(self, name: str, weight: int) -> None:
        """Let the name take turns, or take them by another weight from now on."""
        if name not in self.weights:
            self.starts[name] = max(self.now, self.starts.get(name, self.now))
        self.weights[name] = weight
        self._catch_up()

    def leave(self, name: str) -> None:
        """Let the name take no more turns."""
        del self.weights[name]
        self._catch_up()

    def take(self, name: str) -> None:
        """Charge the name with a turn."""
        self.starts[name] += 1 / self.weights[name]
        self.now += 1 / sum(self.weights.values())
        self._catch_up()

    def next(self) -> str:
        """Return whose turn it is."""
        may_begin = self.now + _ROUNDING
        return min(
            (name for name in self.weights if self.starts[name] <= may_begin), key=self._ends_at
        )

    def n_before(self, name: str, n_turns: int, lengths: Mapping[str, int]) -> int:
        """Return about how many turns others take before the name has had so many.

        ``lengths`` is how many turns each of them wants.
        """
        ends_at = self.starts[name] + n_turns / self.weights[name]
        n_before, is_older = 0, True
        for other, weight in self.weights.items():
            if other == name:
                is_older = False
                continue
            n_ended = (ends_at - self.starts[other]) * weight
            n = math.floor(n_ended + _ROUNDING) if is_older else math.ceil(n_ended - _ROUNDING) - 1
            n_before += min(lengths[other], max(0, n))
        return n_before

    def _ends_at(self, name: str) -> float:
        # Rounded: of two that end together the one that waits longer goes first.
        return round(self.starts[name] + 1 / self.weights[name], 9)

    def _catch_up(self) -> None:
        """Pass the time nobody could take a turn in, and forget whom it has caught up with."""
        if self.weights:
            self.now = max(self.now, min(self.starts[name] for name in self.weights))
        ahead = self.now + _ROUNDING
        self.starts = {
            name: start
            for name, start in self.starts.items()
            if name in self.weights or start > ahead
        }


@dataclass(slots=True)
class _Tenant(Generic[One]):
    """The flows of one tenant, each in the order in which they came."""

    turns: _Turns = field(default_factory=_Turns)
    flows: dict[str, OrderedDict[One, None]] = field(default_factory=dict)
    n_waiting: int = 0


@dataclass(frozen=True, slots=True)
class Belonging:
    """Whose somebody is: the tenant, its weight, and which of its flows."""

    tenant: str
    weight: int
    flow: str


class FairLine(Generic[One]):
    """Who waits for the same thing; ``belonging`` says whose somebody is."""

    def __init__(self, belonging: Callable[[One], Belonging]) -> None:
        self._belonging = belonging
        self._turns = _Turns()
        self._tenants: dict[str, _Tenant[One]] = {}
        self._n_waiting = 0

    def __len__(self) -> int:
        """Return how many wait."""
        return self._n_waiting

    def join(self, one: One) -> None:
        """Let somebody wait."""
        of = self._belonging(one)
        tenant = self._tenants.setdefault(of.tenant, _Tenant())
        self._turns.join(of.tenant, of.weight)
        tenant.turns.join(of.flow, 1)
        tenant.flows.setdefault(of.flow, OrderedDict())[one] = None
        tenant.n_waiting += 1
        self._n_waiting += 1

    def first(self) -> One:
        """Return who is next."""
        tenant = self._tenants[self._turns.next()]
        return next(iter(tenant.flows[tenant.turns.next()]))

    def serve(self, one: One) -> None:
        """Let somebody go who got what it waited for: its tenant and flow have had a turn."""
        of = self._belonging(one)
        self._turns.take(of.tenant)
        self._tenants[of.tenant].turns.take(of.flow)
        self.leave(one)

    def leave(self, one: One) -> None:
        """Let somebody go who waits no more."""
        of = self._belonging(one)
        tenant = self._tenants[of.tenant]
        del tenant.flows[of.flow][one]
        tenant.n_waiting -= 1
        self._n_waiting -= 1
        if not tenant.flows[of.flow]:
            del tenant.flows[of.flow]
            tenant.turns.leave(of.flow)
        if not tenant.n_waiting:
            self._turns.leave(of.tenant)
            del self._tenants[of.tenant]

    def position(self, one: One) -> int:
        """Return about when it is somebody's turn, if nobody else comes: 1 is next.

        Exact while all weigh the same, else an estimate.
        """
        if one == self.first():
            return 1
        of = self._belonging(one)
        tenant = self._tenants[of.tenant]
        in_flow = list(tenant.flows[of.flow]).index(one) + 1
        lengths = {flow: len(waiting) for flow, waiting in tenant.flows.items()}
        in_tenant = in_flow + tenant.turns.n_before(of.flow, in_flow, lengths)
        lengths = {name: found.n_waiting for name, found in self._tenants.items()}
        return in_tenant + self._turns.n_before(of.tenant, in_tenant, lengths)

    def last_of_the_most(self, newest: One) -> One:
        """Return who has to go when the line is too long: the last of whoever waits most.

        That is the flow with the most waiting, of the tenant with the most for its weight. Where
        the newest is one of the most, it is the newest.
        """
        of = self._belonging(newest)
        name = max(self._turns.weights, key=lambda name: (self._load(name), name == of.tenant))
        flows = self._tenants[name].flows
        flow = max(flows, key=lambda flow: (len(flows[flow]), flow == of.flow))
        return next(reversed(flows[flow]))

    def _load(self, tenant: str) -> float:
        return self._tenants[tenant].n_waiting / self._turns.weights[tenant]
