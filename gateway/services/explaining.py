"""How a request would be treated now, without sending it: the same rules, nobody asked.

The key is checked, the route decided, every limit, budget and place looked at as it stands. What
flows is asked for nothing, so looking takes nothing; what is held (requests at once) is not
looked at, because looking would hold it.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from gateway.domain import keys
from gateway.domain.breaker import Standing
from gateway.domain.budget import Spending
from gateway.domain.caller import Caller
from gateway.domain.catalog import Ability, Catalog, Key, Scope
from gateway.domain.errors import GatewayError, UnauthenticatedError
from gateway.domain.gate import Departure, Entrance, Reservation
from gateway.domain.messages import ChatRequest, Operation
from gateway.domain.ports import Ports
from gateway.domain.rate_limit import Claim, Unit
from gateway.domain.routing import (
    UNKNOWN_OUTPUT_TOKENS,
    Decision,
    Needs,
    Vitals,
    decide,
)
from gateway.services import admitting, spending
from gateway.services.calls import Call
from gateway.services.watchdog import Watchdog

#: What an account has to be allowed before it asks as a key: the answer tells of all three.
PERMISSIONS_OF_A_KEY = ("view_apikey", "view_limit", "view_budget")


@dataclass(frozen=True, slots=True)
class Question:
    """A request by its outline: who asks for what, and how much of it."""

    model: str
    key_id: str = ""
    provider: str = ""
    input_tokens: int = 1000
    max_output_tokens: int | None = None
    needs: frozenset[Ability] = frozenset()
    session: str = ""


@dataclass(frozen=True, slots=True)
class LimitNow:
    """One limit that binds the request; ``remaining`` None where looking would take."""

    name: str
    value: str
    limit: int
    wanted: int
    remaining: int | None
    reset_seconds: float

    @property
    def is_enough(self) -> bool:
        """Return whether it would let the request pass, as far as is known."""
        return self.remaining is None or self.remaining >= self.wanted


@dataclass(frozen=True, slots=True)
class BudgetNow:
    """One budget that pays for the request."""

    subject: str
    period: str
    limit_microusd: int
    wanted_microusd: int
    spent_microusd: int
    reserved_microusd: int

    @property
    def is_enough(self) -> bool:
        """Return whether it would let the request pass, as far as is known."""
        taken = self.spent_microusd + self.reserved_microusd
        return taken + self.wanted_microusd <= self.limit_microusd


@dataclass(frozen=True, slots=True)
class PlaceNow:
    """How full a provider is."""

    provider: str
    n_taken: int
    n_places: int


@dataclass(frozen=True, slots=True)
class FaultNow:
    """A fault on purpose that such a request would meet, at which of the targets, how surely."""

    name: str
    profile: str
    targets: tuple[str, ...]
    probability: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """What would become of the request, and everything that was looked at.

    ``code`` is ``ok`` or that of the error the caller would get. ``pattern`` % ``values`` says it
    in a sentence; kept apart to be translated.
    """

    code: str
    pattern: str
    version: int
    values: Mapping[str, str] = field(default_factory=dict)
    decision: Decision | None = None
    limits: tuple[LimitNow, ...] = ()
    budgets: tuple[BudgetNow, ...] = ()
    places: tuple[PlaceNow, ...] = ()
    standings: tuple[tuple[str, Standing], ...] = ()
    faults: tuple[FaultNow, ...] = ()
    is_degraded: bool = False

    @property
    def words(self) -> str:
        """Return the sentence in English."""
        return self.pattern % self.values

    def as_data(self) -> dict[str, object]:
        """Return it in plain words and numbers."""
        return {
            "code": self.code,
            "message": self.words,
            "version": self.version,
            "is_degraded": self.is_degraded,
            "decision": None if self.decision is None else self.decision.as_data(),
            "limits": [
                {
                    "limit": one.name,
                    "value": one.value,
                    "amount": one.limit,
                    "wanted": one.wanted,
                    "remaining": one.remaining,
                    "reset_seconds": round(one.reset_seconds, 3),
                    "is_enough": one.is_enough,
                }
                for one in self.limits
            ],
            "budgets": [
                {
                    "subject": one.subject,
                    "period": one.period,
                    "limit_microusd": one.limit_microusd,
                    "wanted_microusd": one.wanted_microusd,
                    "spent_microusd": one.spent_microusd,
                    "reserved_microusd": one.reserved_microusd,
                    "is_enough": one.is_enough,
                }
                for one in self.budgets
            ],
            "places": [
                {"provider": one.provider, "taken": one.n_taken, "places": one.n_places}
                for one in self.places
            ],
            "breakers": [
                {
                    "target": target,
                    "state": standing.state.value,
                    "retry_after_seconds": round(standing.retry_after_seconds, 3),
                }
                for target, standing in self.standings
            ],
            "faults": [
                {
                    "fault": one.name,
                    "profile": one.profile,
                    "targets": list(one.targets),
                    "probability": one.probability,
                }
                for one in self.faults
            ],
        }


async def explain(question: Question, *, catalog: Catalog, ports: Ports, at: float) -> Explanation:
    """Return what would become of such a request now (``at``, Unix seconds)."""
    try:
        call = _call(question, catalog, at=at)
    except GatewayError as error:
        return Explanation(error.code, str(error).replace("%", "%%"), catalog.version)
    ids = [target.id for target in call.the_route().targets]
    standings = await ports.breakers.standings(ids)
    places = await _places(call, ports)
    call.decision = _decision(question, call, standings, places)
    limits, is_degraded = await _limits(call, ports)
    budgets = await _budgets(call, ports)
    code, pattern, values = _verdict(call.decision, limits, budgets)
    return Explanation(
        code=code,
        pattern=pattern,
        values=values,
        version=catalog.version,
        decision=call.decision,
        limits=limits,
        budgets=budgets,
        places=places,
        standings=tuple((target, standings[target]) for target in ids if target in standings),
        faults=tuple(_faults(call, at=at)),
        is_degraded=is_degraded,
    )


def _call(question: Question, catalog: Catalog, *, at: float) -> Call:
    """Return the call as the pipeline would make it; raise what its first steps would."""
    is_embedding = Ability.EMBEDDINGS in question.needs
    request = ChatRequest(
        request_id=f"explain-{uuid4().hex}",
        provider=question.provider,
        model=question.model,
        max_output_tokens=question.max_output_tokens,
        session=question.session,
        operation=Operation.EMBEDDINGS if is_embedding else Operation.CHAT,
        input_estimate=question.input_tokens,
    )
    key = _key(question, catalog, at=at) if question.key_id else None
    if key is not None:
        keys.check_scope(key, Scope.EMBEDDINGS if is_embedding else Scope.CHAT)
        keys.check_model(key, question.model)
    call = Call(request, Watchdog(), caller=Caller(key=key), catalog=catalog)
    call.the_route()
    return call


def _key(question: Question, catalog: Catalog, *, at: float) -> Key:
    for key in catalog.keys.values():
        if key.id == question.key_id:
            if key.expires_at is not None and at >= key.expires_at:
                raise UnauthenticatedError("The API key has expired.")
            if not key.tenant.is_active:
                raise UnauthenticatedError("The account of this API key is closed.")
            return key
    raise UnauthenticatedError("There is no such key, or it has been revoked.")


def _decision(
    question: Question,
    call: Call,
    standings: Mapping[str, Standing],
    places: Iterable[PlaceNow],
) -> Decision:
    route = call.the_route()
    taken = {place.provider: place.n_taken for place in places}
    abilities = question.needs
    if Ability.EMBEDDINGS not in abilities:
        abilities |= {Ability.STREAM}
    output_tokens = question.max_output_tokens
    return decide(
        route,
        Needs(
            abilities,
            question.input_tokens,
            UNKNOWN_OUTPUT_TOKENS if output_tokens is None else output_tokens,
        ),
        pinned=question.provider,
        session=question.session,
        standings=standings,
        vitals={
            target.id: Vitals(n_in_flight=taken.get(target.provider.name, 0))
            for target in route.targets
        },
    )


def _faults(call: Call, *, at: float) -> Iterator[FaultNow]:
    """Yield what goes wrong on purpose with such a call."""
    for rule in call.the_catalog().faults:
        hit = tuple(
            target.id
            for target in call.the_route().targets
            if rule.matches(
                provider=target.provider.name,
                model=target.model,
                route=call.request.model,
                room=call.caller.room_id,
                tenant=call.caller.tenant,
                at=at,
            )
        )
        if hit:
            # Its number follows its name: one that is made anew counts anew.
            name = rule.id.rpartition(".")[0]
            yield FaultNow(name, rule.profile.value, hit, rule.probability)


async def _places(call: Call, ports: Ports) -> tuple[PlaceNow, ...]:
    providers = {target.provider.name: target.provider for target in call.the_route().targets}
    return tuple(
        [
            PlaceNow(name, await ports.gate.in_flight(name), provider.n_places)
            for name, provider in providers.items()
        ]
    )


async def _limits(call: Call, ports: Ports) -> tuple[tuple[LimitNow, ...], bool]:
    """Return how full each limit is, and whether only this process's share could be looked at."""
    claims = admitting.claims_of(call)
    flowing = [claim for claim in claims if claim.limit.unit is not Unit.CONCURRENT]
    levels: list[tuple[int, float]] = []
    is_degraded = False
    if flowing:
        looked = await ports.gate.enter(
            Entrance(call.stay.holder, claims=tuple(Claim(c.limit, c.value, 0) for c in flowing))
        )
        is_degraded = bool(getattr(looked, "is_degraded", False))
        levels = [(level.remaining, level.reset_seconds) for level in looked.levels]
        await ports.gate.leave(Departure(call.stay.holder, 0, 0, is_void=True))
    found = dict(zip(map(id, flowing), levels, strict=False))
    return tuple(
        LimitNow(
            claim.limit.name,
            claim.value,
            claim.limit.amount,
            claim.cost,
            *found.get(id(claim), (None, 0.0)),
        )
        for claim in claims
    ), is_degraded


async def _budgets(call: Call, ports: Ports) -> tuple[BudgetNow, ...]:
    reservations: tuple[Reservation, ...] = admitting.reservations_of(call, call.candidates())
    spendings = await ports.gate.spendings([one.budget for one in reservations])
    found = []
    for one, known in zip(reservations, spendings, strict=True):
        # What the gate was never asked for it does not know: then the ledger does.
        spent = known or Spending(await asyncio.to_thread(spending.paid, one.budget))
        found.append(
            BudgetNow(
                subject=one.budget.subject,
                period=one.budget.period.value,
                limit_microusd=one.budget.limit_microusd,
                wanted_microusd=one.amount_microusd,
                spent_microusd=spent.spent_microusd,
                reserved_microusd=spent.reserved_microusd,
            )
        )
    return tuple(found)


def _verdict(
    decision: Decision, limits: Iterable[LimitNow], budgets: Iterable[BudgetNow]
) -> tuple[str, str, dict[str, str]]:
    for limit in limits:
        if not limit.is_enough:
            return (
                "rate_limit_exceeded",
                "The limit %(limit)s has not enough left.",
                {"limit": limit.name},
            )
    for budget in budgets:
        if not budget.is_enough:
            return (
                "budget_exceeded",
                "The budget of %(subject)s has not enough left.",
                {"subject": budget.subject},
            )
    if not decision.candidates:
        return "no_target", "No target of the route can take this request now.", {}
    first = decision.candidates[0]
    return "ok", "It would go to %(target)s.", {"target": first.target.id}
