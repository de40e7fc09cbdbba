"""A line in which whoever has waited longest is not simply next: tenants take turns by weight.

Within a tenant its flows take turns, a flow being a room or a key, and within a flow who came
first is first. Both kinds of turns are the same rule, worst-case fair queueing (WF2Q+): each name
may begin its next turn when it has had its share, and of those who may the one whose turn would
end first goes. While the same names wait, none is a whole turn ahead of its share or behind.

Turns are charged when they are taken and not when somebody joins, so whoever leaves the line
leaves it as if it had never come.
"""

import heapq
import math
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

_ROUNDING = 1e-9
_FEW = 16

One = TypeVar("One", bound=Hashable)


@dataclass(frozen=True, slots=True, eq=False)
class _Name:
    """A name that takes turns, and when its next one may begin; ``number`` is when it joined."""

    name: str
    weight: int
    number: int
    starts_at: float

    @property
    def ends_at(self) -> float:
        """When its next turn ends that begins as soon as it may."""
        return self.starts_at + 1 / self.weight


class _Turns:
    """Whose turn it is among names: in a time that passes by one turn shared by all who wait.

    Heaps say who may begin and who may later. An entry that is out of date is found to be so when
    it comes up, and all such are thrown out when there are more of them than of the others.
    """

    def __init__(self) -> None:
        self._now = 0.0
        self._total_weight = 0
        self._n_joined = 0
        self._waiting: dict[str, _Name] = {}
        #: When those may begin that do not wait and have been served ahead of their share.
        self._ahead: dict[str, float] = {}
        self._may_begin: list[tuple[float, int, _Name]] = []
        self._begin_later: list[tuple[float, int, _Name]] = []

    def join(self, name: str, weight: int) -> None:
        """Let the name take turns, or take them by another weight from now on."""
        if self._waiting:
            self.next()  # the time may have passed to somebody's beginning
        before = self._waiting.get(name)
        if before is None:
            starts_at = max(self._now, self._ahead.pop(name, self._now))
        elif before.weight == weight:
            return
        else:
            starts_at = before.starts_at
            self._total_weight -= before.weight
        self._total_weight += weight
        self._n_joined += 1
        self._enqueue(_Name(name, weight, self._n_joined, starts_at))

    def leave(self, name: str) -> None:
        """Let the name take no more turns."""
        gone = self._waiting.pop(name)
        self._total_weight -= gone.weight
        if gone.starts_at > self._now + _ROUNDING:
            self._ahead[name] = gone.starts_at
        self._forget_outdated()

    def take(self, name: str) -> None:
        """Charge the name with a turn."""
        self._now += 1 / self._total_weight
        one = self._waiting[name]
        self._enqueue(_Name(name, one.weight, one.number, one.ends_at))
        if self._ahead:
            ahead = self._now + _ROUNDING
            self._ahead = {name: at for name, at in self._ahead.items() if at > ahead}

    def next(self) -> str:
        """Return whose turn it is."""
        while True:
            self._let_begin()
            _, _, one = self._may_begin[0]
            if self._is_waiting(one):
                return one.name
            heapq.heappop(self._may_begin)

    def n_before(self, name: str, n_turns: int, lengths: Mapping[str, int]) -> int:
        """Return about how many turns others take before the name has had so many.

        ``lengths`` is how many turns each of them wants.
        """
        me = self._waiting[name]
        ends_at = me.starts_at + n_turns / me.weight
        n_before = 0
        for other in self._waiting.values():
            if other is me:
                continue
            n_ended = (ends_at - other.starts_at) * other.weight
            is_older = other.number < me.number
            n = math.floor(n_ended + _ROUNDING) if is_older else math.ceil(n_ended - _ROUNDING) - 1
            n_before += min(lengths[other.name], max(0, n))
        return n_before

    def weight_of(self, name: str) -> int:
        """Return the weight by which the name takes turns."""
        return self._waiting[name].weight

    def _enqueue(self, one: "_Name") -> None:
        self._waiting[one.name] = one
        heapq.heappush(self._begin_later, (one.starts_at, one.number, one))
        self._forget_outdated()

    def _let_begin(self) -> None:
        """Let all begin who may by now; where nobody may, time passes until somebody does."""
        while self._begin_later:
            starts_at, number, one = self._begin_later[0]
            if starts_at > self._now + _ROUNDING:
                if self._may_begin:
                    return
                if self._is_waiting(one):
                    self._now = starts_at
            heapq.heappop(self._begin_later)
            if self._is_waiting(one):
                # Rounded: of two that end together the one that waits longer goes first.
                heapq.heappush(self._may_begin, (round(one.ends_at, 9), number, one))

    def _is_waiting(self, one: "_Name") -> bool:
        return self._waiting.get(one.name) is one

    def _forget_outdated(self) -> None:
        n_most = 2 * len(self._waiting) + _FEW
        for heap in (self._may_begin, self._begin_later):
            if len(heap) > n_most:
                heap[:] = [entry for entry in heap if self._is_waiting(entry[2])]
                heapq.heapify(heap)


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
        name = max(self._tenants, key=lambda name: (self._load(name), name == of.tenant))
        flows = self._tenants[name].flows
        flow = max(flows, key=lambda flow: (len(flows[flow]), flow == of.flow))
        return next(reversed(flows[flow]))

    def _load(self, tenant: str) -> float:
        return self._tenants[tenant].n_waiting / self._turns.weight_of(tenant)
