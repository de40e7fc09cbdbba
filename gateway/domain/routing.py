"""Which targets a request may go to, in which order, and why: the decision trace.

First what a target cannot do drops it, then what is known of its health; what is left is put in
order by the route's policy. A session prefers the target it had last, where the policy would
otherwise move it about; that is a wish and never a wall.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from zlib import crc32

from gateway.domain.breaker import CLOSED, BreakerState, Standing
from gateway.domain.catalog import Ability, Route, RoutingPolicy, Target
from gateway.domain.messages import ChatRequest, Image, Operation
from gateway.domain.money import expected_microusd

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


_NOTHING: frozenset[Ability] = frozenset()
_STREAM = frozenset({Ability.STREAM})
_EMBEDDINGS = frozenset({Ability.EMBEDDINGS})
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

    ``expected_microusd`` is what it is likely to cost, 0 where nobody knows. ``needs_probe`` says
    that its breaker lets one attempt through, and nobody has taken it yet.
    """

    target: Target
    score: float
    cost_score: float
    reason: str
    expected_microusd: int = 0
    needs_probe: bool = False


@dataclass(frozen=True, slots=True)
class Dropped:
    """A target that is not asked, why, and in how many seconds that may be over."""

    target: Target
    reason: Exclusion
    retry_after_seconds: float | None = None


_NOBODY_SINCE: Mapping[str, Exclusion] = {}


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

    def as_words(self, excluded: Mapping[str, Exclusion] = _NOBODY_SINCE) -> tuple[str, ...]:
        """Return one word per target: ``provider/model:score``, or the reason after ``!``.

        ``excluded`` are those that fell out since, by target id.
        """
        taken = [
            f"{one.target.id}!{excluded[one.target.id]}"
            if one.target.id in excluded
            else f"{one.target.id}:{one.score:.2f}"
            for one in self.candidates
        ]
        return (*taken, *(f"{one.target.id}!{one.reason}" for one in self.dropped))


def needs_of(request: ChatRequest, *, input_tokens: int) -> Needs:
    """Return what the request needs; ``input_tokens`` is its prompt, counted by eye."""
    needed = _STREAM if request.is_streamed else _NOTHING
    if request.operation is Operation.EMBEDDINGS:
        needed = _EMBEDDINGS
    if request.tools:
        needed |= {Ability.TOOLS}
    if request.response_format:
        needed |= {Ability.JSON}
    if request.has_pictures or any(
        isinstance(part, Image) for message in request.messages for part in message.parts
    ):
        needed |= {Ability.VISION}
    return Needs(needed, input_tokens, output_tokens_of(request))


def output_tokens_of(request: ChatRequest) -> int:
    """Return how many tokens the answer may have, all of them if several are asked for."""
    wanted = request.max_output_tokens
    return (UNKNOWN_OUTPUT_TOKENS if wanted is None else wanted) * request.n_answers


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
    policy = route.policy
    costs = [_expected_microusd(target, needs) for target in targets]
    dearest = max(costs, default=0)
    ranked: list[Candidate] = []
    for target, cost in zip(targets, costs, strict=True):
        # A remote target without a price is taken to be as dear as any: unknown is not free.
        is_known = target.price is not None or target.provider.is_local
        share = _share(cost, dearest) if is_known else 1.0
        score, reason = _score(policy, target, share, vitals)
        ranked.append(Candidate(target, score, share, reason, cost))
    if policy is RoutingPolicy.PRIORITY:
        return ranked
    if policy is RoutingPolicy.ROUND_ROBIN:
        return _turned(ranked, chance.turn)
    if policy is RoutingPolicy.WEIGHTED:
        return _drawn(ranked, chance.roll or random.Random(chance.turn))
    # Equal scores stay in the operator's order, which is part of every policy.
    return sorted(ranked, key=lambda one: -one.score)


def _expected_microusd(target: Target, needs: Needs) -> int:
    if target.price is None:
        return 0
    return expected_microusd(target.price, needs.input_tokens, needs.output_tokens)


def _score(
    policy: RoutingPolicy, target: Target, cost: float, vitals: Mapping[str, Vitals]
) -> tuple[float, str]:
    """Return how well the target does by the policy, from 0 to 1, and in words."""
    match policy:
        case RoutingPolicy.PRIORITY | RoutingPolicy.ROUND_ROBIN:
            return 1.0, "in order"
        case RoutingPolicy.LOCAL_PREFER:
            return (1.0, "local") if target.provider.is_local else (0.0, "remote")
        case RoutingPolicy.COST_AWARE:
            return 1.0 - cost, f"cost {cost:.2f} of the dearest"
        case RoutingPolicy.QUALITY_AWARE:
            return target.quality, f"quality {target.quality:.2f}"
        case RoutingPolicy.LATENCY_AWARE:
            seconds = vitals.get(target.id, UNMEASURED).ttft_seconds
            if seconds is None:
                return 1.0, "first token not measured yet"
            return 1.0 / (1.0 + seconds), f"first token after {seconds:.2f} s"
        case RoutingPolicy.LEAST_BUSY:
            n_in_flight = vitals.get(target.id, UNMEASURED).n_in_flight
            busy = min(1.0, n_in_flight / max(1, target.provider.n_places))
            return 1.0 - busy, f"{n_in_flight} of {target.provider.n_places} places in use"
        case _:  # weighted
            return float(target.weight), f"weight {target.weight}"


def _turned(ranked: list[Candidate], turn: int) -> list[Candidate]:
    first = turn % len(ranked) if ranked else 0
    return ranked[first:] + ranked[:first]


def _drawn(ranked: list[Candidate], roll: random.Random) -> list[Candidate]:
    """Return the candidates in an order drawn by weight; those without weight come last."""
    total = sum(one.score for one in ranked)
    drawn = [
        (-(roll.random() ** (1 / one.score)) if one.score > 0 else 1.0, place)
        for place, one in enumerate(ranked)
    ]
    return [
        replace(ranked[place], score=_share(ranked[place].score, total))
        for _, place in sorted(drawn)
    ]


def _with_preference(
    ranked: list[Candidate], policy: RoutingPolicy, last_target: str
) -> list[Candidate]:
    """Move the session's last target to the front where the policy has no firm order."""
    if not last_target or policy not in _RESTLESS:
        return ranked
    same = [
        replace(one, reason="same as last time") for one in ranked if one.target.id == last_target
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
            kept.append(replace(one, needs_probe=True))
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
