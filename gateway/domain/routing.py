"""Which targets a request may go to, in which order, and why: the decision trace.

First what a target cannot do drops it, then what is known of its health; what is left is put in
order by the route's policy. A session prefers the target it had last, where the policy would
otherwise move it about; that is a wish and never a wall.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from zlib import crc32

from gateway.domain.breaker import CLOSED, BreakerState, Standing
from gateway.domain.catalog import Ability, Route, RoutingPolicy, Target
from gateway.domain.messages import ChatRequest, Image, Operation, Usage
from gateway.domain.money import cost_microusd

UNKNOWN_OUTPUT_TOKENS = 512  # what an answer is taken to be where nobody set a limit

_RESTLESS = frozenset(
    {
        RoutingPolicy.WEIGHTED,
        RoutingPolicy.ROUND_ROBIN,
        RoutingPolicy.LEAST_BUSY,
        RoutingPolicy.LATENCY_AWARE,
    }
)


class Choice(StrEnum):
    """How the target that is asked was come by, in one word."""

    PRIMARY = "primary"
    STICKY = "sticky"
    FORCED = "forced"
    FALLBACK = "fallback"
    HEDGE = "hedge"


class Exclusion(StrEnum):
    """Why a target of the route is not asked."""

    OTHER_PROVIDER = "other_provider"
    NO_STREAM = "no_stream"
    NO_TOOLS = "no_tools"
    NO_JSON = "no_json"
    NO_VISION = "no_vision"
    NO_EMBEDDINGS = "no_embeddings"
    CONTEXT_TOO_SMALL = "context_too_small"
    BREAKER_OPEN = "breaker_open"
    PROBE_IN_FLIGHT = "probe_in_flight"
    NO_PLACE = "no_place"
    UNFIT_TO_GO_ON = "unfit_to_go_on"
    FAILED = "failed"


_LACKS = {
    Ability.STREAM: Exclusion.NO_STREAM,
    Ability.TOOLS: Exclusion.NO_TOOLS,
    Ability.JSON: Exclusion.NO_JSON,
    Ability.VISION: Exclusion.NO_VISION,
    Ability.EMBEDDINGS: Exclusion.NO_EMBEDDINGS,
}


@dataclass(frozen=True, slots=True)
class Needs:
    """What a request needs of whoever answers it; tokens are counted by eye."""

    abilities: frozenset[Ability] = frozenset()
    input_tokens: int = 0
    output_tokens: int = UNKNOWN_OUTPUT_TOKENS


@dataclass(frozen=True, slots=True)
class Vitals:
    """What is known of a target's pace and load; a pace nobody measured yet is None."""

    ttft_seconds: float | None = None
    n_in_flight: int = 0


UNMEASURED = Vitals()


@dataclass(frozen=True, slots=True)
class Chance:
    """What decides where the policy leaves it open: a running number, and something to draw."""

    turn: int = 0
    roll: random.Random | None = None


FIXED_CHANCE = Chance()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A target that may be asked. ``cost_score`` is 0 for free, 1 for the dearest of its route.

    ``needs_probe`` says that its breaker lets one attempt through, and nobody has taken it yet.
    """

    target: Target
    score: float
    cost_score: float
    reason: str
    needs_probe: bool = False


@dataclass(frozen=True, slots=True)
class Dropped:
    """A target that is not asked, why, and in how many seconds that may be over."""

    target: Target
    reason: Exclusion
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The candidates in order, and the others with the reason why not."""

    model: str
    policy: RoutingPolicy
    choice: Choice
    candidates: tuple[Candidate, ...]
    dropped: tuple[Dropped, ...] = ()

    @property
    def retry_after_seconds(self) -> float | None:
        """Return when the first of those that only rest is back; None when nobody rests."""
        waits = [
            dropped.retry_after_seconds
            for dropped in self.dropped
            if dropped.retry_after_seconds is not None
        ]
        return min(waits, default=None)

    def as_data(self) -> dict[str, object]:
        """Return it in plain words and numbers, for whoever asks for an explanation."""
        return {
            "model": self.model,
            "policy": self.policy.value,
            "choice": self.choice.value,
            "candidates": [
                {
                    "target": candidate.target.id,
                    "score": round(candidate.score, 4),
                    "cost_score": round(candidate.cost_score, 4),
                    "reason": candidate.reason,
                    "needs_probe": candidate.needs_probe,
                }
                for candidate in self.candidates
            ],
            "dropped": [
                {
                    "target": dropped.target.id,
                    "reason": dropped.reason.value,
                    "retry_after_seconds": dropped.retry_after_seconds,
                }
                for dropped in self.dropped
            ],
        }

    def as_words(self) -> tuple[str, ...]:
        """Return one word per target: ``provider/model:score``, or the reason after ``!``."""
        taken = [f"{one.target.id}:{one.score:.2f}" for one in self.candidates]
        return (*taken, *(f"{one.target.id}!{one.reason}" for one in self.dropped))


def needs_of(request: ChatRequest, *, input_tokens: int) -> Needs:
    """Return what the request needs; ``input_tokens`` is its prompt, counted by eye."""
    needed: set[Ability] = set()
    if request.operation is Operation.EMBEDDINGS:
        needed.add(Ability.EMBEDDINGS)
    elif request.is_streamed:
        needed.add(Ability.STREAM)
    if request.tools:
        needed.add(Ability.TOOLS)
    if request.response_format:
        needed.add(Ability.JSON)
    if any(isinstance(part, Image) for message in request.messages for part in message.parts):
        needed.add(Ability.VISION)
    output_tokens = request.max_output_tokens
    return Needs(
        frozenset(needed),
        input_tokens,
        UNKNOWN_OUTPUT_TOKENS if output_tokens is None else output_tokens,
    )


def decide(
    route: Route,
    needs: Needs,
    *,
    pinned: str = "",
    session: str = "",
    last_target: str = "",
    standings: Mapping[str, Standing] | None = None,
    vitals: Mapping[str, Vitals] | None = None,
    chance: Chance = FIXED_CHANCE,
) -> Decision:
    """Return who may be asked, best first.

    ``pinned`` is the one provider wanted, if any. ``last_target`` is where the session was
    last; ``standings`` and ``vitals`` are by target id.
    """
    fit: list[Target] = []
    dropped: list[Dropped] = []
    for target in route.targets:
        reason = unfitness(target, needs, pinned=pinned)
        if reason is None:
            fit.append(target)
        else:
            dropped.append(Dropped(target, reason))
    ranked = _ranked(route, fit, needs, vitals=vitals or {}, chance=_settled(chance, session))
    primary = ranked[0].target if ranked else None
    ranked = _with_preference(ranked, route.policy, last_target)
    candidates, resting = _healthy(ranked, standings or {})
    choice = _choice(candidates, primary=primary, pinned=pinned, route=route)
    return Decision(route.model, route.policy, choice, candidates, (*dropped, *resting))


def unfitness(target: Target, needs: Needs, *, pinned: str = "") -> Exclusion | None:
    """Return why the target could never serve the request; None when it could."""
    if pinned and target.provider.name != pinned:
        return Exclusion.OTHER_PROVIDER
    if not needs.abilities <= target.abilities:
        missing = needs.abilities - target.abilities
        return next(reason for ability, reason in _LACKS.items() if ability in missing)
    if 0 < target.context_tokens < needs.input_tokens:
        return Exclusion.CONTEXT_TOO_SMALL
    return None


def cost_scores(targets: Sequence[Target], needs: Needs) -> dict[str, float]:
    """Return each target's expected cost as a share of the dearest one's, by target id.

    A remote target without a price is taken to be as dear as any: unknown is not free.
    """
    usage = Usage(input_total=needs.input_tokens, output_total=needs.output_tokens)
    costs = {
        target.id: cost_microusd(usage, target.price)
        for target in targets
        if target.price is not None or target.provider.is_local
    }
    dearest = max(costs.values(), default=0)
    return {
        target.id: 1.0 if target.id not in costs else _share(costs[target.id], dearest)
        for target in targets
    }


def has_more_room(target: Target, than: Target) -> bool:
    """Return whether a prompt too long for one target may fit the other."""
    return target.context_tokens == 0 or target.context_tokens > than.context_tokens


def _settled(chance: Chance, session: str) -> Chance:
    """Return the chance of a session: the same in every process."""
    if not session:
        return chance
    seed = crc32(session.encode())
    return Chance(turn=seed, roll=random.Random(seed))


def _ranked(
    route: Route,
    targets: Sequence[Target],
    needs: Needs,
    *,
    vitals: Mapping[str, Vitals],
    chance: Chance,
) -> list[Candidate]:
    costs = cost_scores(targets, needs)
    scored = [
        (*_score(route.policy, target, costs[target.id], vitals.get(target.id, UNMEASURED)), target)
        for target in targets
    ]
    if route.policy is RoutingPolicy.ROUND_ROBIN and scored:
        first = chance.turn % len(scored)
        scored = scored[first:] + scored[:first]
    elif route.policy is RoutingPolicy.WEIGHTED:
        scored = _drawn(scored, chance.roll or random.Random(chance.turn))
    elif route.policy is not RoutingPolicy.PRIORITY:
        # Equal scores stay in the operator's order, which is part of every policy.
        scored.sort(key=lambda one: -one[0])
    return [Candidate(target, score, costs[target.id], reason) for score, reason, target in scored]


def _score(policy: RoutingPolicy, target: Target, cost: float, seen: Vitals) -> tuple[float, str]:
    """Return how well the target does by the policy, from 0 to 1, and in words."""
    match policy:
        case RoutingPolicy.LOCAL_PREFER:
            return (1.0, "local") if target.provider.is_local else (0.0, "remote")
        case RoutingPolicy.COST_AWARE:
            return 1.0 - cost, f"cost {cost:.2f} of the dearest"
        case RoutingPolicy.QUALITY_AWARE:
            return target.quality, f"quality {target.quality:.2f}"
        case RoutingPolicy.LATENCY_AWARE:
            if seen.ttft_seconds is None:
                return 1.0, "first token not measured yet"
            return 1.0 / (1.0 + seen.ttft_seconds), f"first token after {seen.ttft_seconds:.2f} s"
        case RoutingPolicy.LEAST_BUSY:
            busy = min(1.0, seen.n_in_flight / max(1, target.provider.n_places))
            return 1.0 - busy, f"{seen.n_in_flight} of {target.provider.n_places} places in use"
        case RoutingPolicy.WEIGHTED:
            return float(target.weight), f"weight {target.weight}"
        case _:
            return 1.0, "in order"


Scored = tuple[float, str, Target]


def _drawn(scored: list[Scored], roll: random.Random) -> list[Scored]:
    """Return the targets in an order drawn by weight; those without weight come last."""
    total = sum(weight for weight, _, _ in scored)
    drawn = [
        (-(roll.random() ** (1 / weight)) if weight > 0 else 1.0, place)
        for place, (weight, _, _) in enumerate(scored)
    ]
    return [
        (_share(scored[place][0], total), scored[place][1], scored[place][2])
        for _, place in sorted(drawn)
    ]


def _with_preference(
    ranked: list[Candidate], policy: RoutingPolicy, last_target: str
) -> list[Candidate]:
    """Move the session's last target to the front where the policy has no firm order."""
    if not last_target or policy not in _RESTLESS:
        return ranked
    same = [
        Candidate(one.target, one.score, one.cost_score, "same as last time")
        for one in ranked
        if one.target.id == last_target
    ]
    return same + [one for one in ranked if one.target.id != last_target]


def _healthy(
    ranked: Sequence[Candidate], standings: Mapping[str, Standing]
) -> tuple[tuple[Candidate, ...], list[Dropped]]:
    kept: list[Candidate] = []
    resting: list[Dropped] = []
    for one in ranked:
        found = standings.get(one.target.id, CLOSED)
        if found.state is BreakerState.OPEN:
            resting.append(Dropped(one.target, Exclusion.BREAKER_OPEN, found.retry_after_seconds))
        elif found.retry_after_seconds > 0:
            resting.append(
                Dropped(one.target, Exclusion.PROBE_IN_FLIGHT, found.retry_after_seconds)
            )
        elif found.state is BreakerState.HALF_OPEN:
            kept.append(
                Candidate(one.target, one.score, one.cost_score, one.reason, needs_probe=True)
            )
        else:
            kept.append(one)
    return tuple(kept), resting


def _choice(
    candidates: Sequence[Candidate], *, primary: Target | None, pinned: str, route: Route
) -> Choice:
    if pinned and len({target.provider.name for target in route.targets}) > 1:
        return Choice.FORCED
    if candidates and candidates[0].reason == "same as last time":
        return Choice.STICKY
    if candidates and candidates[0].target is not primary:
        return Choice.FALLBACK
    return Choice.PRIMARY


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
