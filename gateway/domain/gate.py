"""The gate: limits, budgets and places, taken together or not at all, in one atomic step.

A request enters once and leaves once. What it holds in between are leases in its name, renewed
by its process and given back by whoever notices that the process is gone. A failed attempt
moves on to the next target's place without entering again.
"""

from dataclasses import dataclass

from gateway.domain.money import Budget
from gateway.domain.rate_limit import Claim, Level


@dataclass(frozen=True, slots=True)
class Place:
    """A seat at a provider that has so many."""

    provider: str
    n_places: int


@dataclass(frozen=True, slots=True)
class Reservation:
    """Money set aside under a budget until the request has been paid for."""

    budget: Budget
    amount_microusd: int


@dataclass(frozen=True, slots=True)
class Entrance:
    """What a request wants before anything is sent; a holder enters once.

    ``places`` are the candidates in order; the first with a free seat is taken. ``record`` is
    what a reaper needs to write the ledger entry if this process dies: opaque to the gate.
    Who does not stay is counted and has left again: it wants nothing but requests of limits.
    """

    holder: str
    claims: tuple[Claim, ...] = ()
    reservations: tuple[Reservation, ...] = ()
    places: tuple[Place, ...] = ()
    record: bytes = b""
    stays: bool = True


@dataclass(frozen=True, slots=True)
class Entered:
    """Let in. ``place`` is an index into the places asked for; None when all were taken.

    ``is_degraded`` says that the store was away and the local share was taken instead.
    """

    place: int | None
    levels: tuple[Level, ...] = ()
    is_degraded: bool = False


@dataclass(frozen=True, slots=True)
class Barred:
    """Not let in; nothing was taken. Exactly one of ``limit`` and ``budget`` is set.

    ``budget`` is the subject whose money is spent. ``retry_after_seconds`` is when the same
    request would pass if nobody else came; None when it never would (it asks for more than the
    limit holds); a second where only others in flight are in the way.
    """

    retry_after_seconds: float | None
    limit: str = ""
    budget: str = ""
    levels: tuple[Level, ...] = ()


Entry = Entered | Barred


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a request in flight has come: for the reaper, should its process die."""

    holder: str
    output_tokens: int
    record: bytes = b""


@dataclass(frozen=True, slots=True)
class Departure:
    """What a request really used: estimates are corrected, seats and leases given back.

    ``tokens`` replaces what was claimed in tokens, ``cost_microusd`` what was reserved or
    claimed in money. Windows are corrected while the one it was claimed in lasts. A request that
    was never sent leaves with ``is_void``: requests are given back as well.

    ``is_reaped`` is somebody else's word, because its process seemed dead. It does not hold of who
    has been renewed meanwhile; and should the process live after all, the request pays, when it
    leaves itself, only what is missing.
    """

    holder: str
    tokens: int
    cost_microusd: int
    is_void: bool = False
    is_reaped: bool = False


@dataclass(frozen=True, slots=True)
class Orphan:
    """A request whose process stopped renewing it, with what was last known of it."""

    holder: str
    output_tokens: int
    record: bytes
