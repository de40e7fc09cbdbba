"""Who is asked, in which order, and why the others are not."""

import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.breaker import BreakerState, Standing
from gateway.domain.catalog import Ability, Route, RoutingPolicy, Target
from gateway.domain.messages import ChatRequest, Image, Message, Operation, Role, Text, Tool
from gateway.domain.money import Price
from gateway.domain.routing import (
    Chance,
    Choice,
    Decision,
    Dropped,
    Exclusion,
    Needs,
    Vitals,
    decide,
    has_more_room,
    needs_of,
)
from tests.fakes.gateway import make_target

CHEAP = Price("cheap", input=100_000, output=400_000)
DEAR = Price("dear", input=1_000_000, output=4_000_000)
NEEDS = Needs(frozenset({Ability.STREAM}), input_tokens=1000, output_tokens=1000)
ALL = frozenset(Ability)


def target(name: str, *, is_local: bool = False, **changes: object) -> Target:
    """Return a target ``name/m``."""
    made = make_target(name, **{"abilities": ALL, **changes})  # type: ignore[arg-type]
    return replace(made, provider=replace(made.provider, is_local=is_local))


A = target("a", price=DEAR, quality=0.5, context_tokens=8000)
B = target("b", price=CHEAP, quality=0.9, context_tokens=32_000)
C = target("c", is_local=True, quality=0.2)


def route(*targets: Target, policy: RoutingPolicy = RoutingPolicy.PRIORITY) -> Route:
    """Return a route to the targets."""
    return Route("m", targets or (A, B, C), policy=policy)


def names(decision: Decision) -> list[str]:
    """Return the candidates' providers in order."""
    return [one.target.provider.name for one in decision.candidates]


@pytest.mark.parametrize(
    ("policy", "order"),
    [
        (RoutingPolicy.PRIORITY, "abc"),
        (RoutingPolicy.LOCAL_PREFER, "cab"),
        (RoutingPolicy.COST_AWARE, "cba"),
        (RoutingPolicy.QUALITY_AWARE, "bac"),
        (RoutingPolicy.ROUND_ROBIN, "bca"),
        (RoutingPolicy.LATENCY_AWARE, "cba"),
        (RoutingPolicy.LEAST_BUSY, "bca"),
    ],
)
def test_every_policy_has_its_order(policy: RoutingPolicy, order: str) -> None:
    vitals = {"a/m": Vitals(3.0, 2), "b/m": Vitals(0.5, 0), "c/m": Vitals(None, 1)}

    decision = decide(route(policy=policy), NEEDS, vitals=vitals, chance=Chance(turn=1))

    assert names(decision) == list(order)
    assert decision.choice is Choice.PRIMARY
    assert all(one.reason for one in decision.candidates)


def test_a_cost_score_is_the_share_of_the_dearest() -> None:
    unknown = target("u")

    dear, free = decide(route(A, B, C, unknown), NEEDS), decide(route(C), NEEDS)

    scores = {one.target.id: one.cost_score for one in dear.candidates}
    assert scores == {"a/m": 1.0, "b/m": 0.1, "c/m": 0.0, "u/m": 1.0}
    assert [one.cost_score for one in free.candidates] == [0.0]


def test_weights_are_shares_and_nothing_is_drawn_last() -> None:
    heavy, light = target("heavy", weight=3), target("light", weight=1)
    never = target("never", weight=0)
    roll = random.Random(1)
    drawn = [
        decide(
            route(heavy, light, never, policy=RoutingPolicy.WEIGHTED),
            NEEDS,
            chance=Chance(roll=roll),
        )
        for _ in range(2000)
    ]

    firsts = Counter(names(decision)[0] for decision in drawn)
    assert 0.70 < firsts["heavy"] / 2000 < 0.80
    assert {names(decision)[-1] for decision in drawn} == {"never"}
    assert drawn[0].candidates[-1].score == 0.0


def test_without_weights_nobody_has_a_share() -> None:
    none = target("none", weight=0)

    (only,) = decide(route(none, policy=RoutingPolicy.WEIGHTED), NEEDS).candidates

    assert only.score == 0.0


def test_a_session_draws_the_same_in_every_process() -> None:
    weighted = route(policy=RoutingPolicy.WEIGHTED)
    turning = route(policy=RoutingPolicy.ROUND_ROBIN)

    for asked in (weighted, turning):
        orders = {
            tuple(names(decide(asked, NEEDS, session="room-7", chance=Chance(turn=n))))
            for n in range(5)
        }
        assert len(orders) == 1


def test_a_session_prefers_its_last_target_where_the_policy_wanders() -> None:
    least_busy = decide(route(policy=RoutingPolicy.LEAST_BUSY), NEEDS, last_target="c/m")
    priority = decide(route(policy=RoutingPolicy.PRIORITY), NEEDS, last_target="c/m")
    gone = decide(route(policy=RoutingPolicy.LEAST_BUSY), NEEDS, last_target="gone/m")

    assert (names(least_busy), least_busy.choice) == (["c", "a", "b"], Choice.STICKY)
    assert (names(priority), priority.choice) == (["a", "b", "c"], Choice.PRIMARY)
    assert gone.choice is Choice.PRIMARY


def test_affinity_is_no_wall() -> None:
    resting = {"c/m": Standing(BreakerState.OPEN, 5.0)}

    decision = decide(
        route(policy=RoutingPolicy.LEAST_BUSY), NEEDS, last_target="c/m", standings=resting
    )

    assert names(decision) == ["a", "b"]
    assert decision.dropped == (Dropped(C, Exclusion.BREAKER_OPEN, 5.0),)


def test_who_rests_is_dropped_with_the_time_of_its_return() -> None:
    standings = {
        "a/m": Standing(BreakerState.OPEN, 7.0),
        "b/m": Standing(BreakerState.HALF_OPEN, 3.0),
        "c/m": Standing(BreakerState.HALF_OPEN),
    }

    decision = decide(route(), NEEDS, standings=standings)

    assert decision.dropped == (
        Dropped(A, Exclusion.BREAKER_OPEN, 7.0),
        Dropped(B, Exclusion.PROBE_IN_FLIGHT, 3.0),
    )
    (probe,) = decision.candidates
    assert (probe.target, probe.needs_probe, decision.choice) == (C, True, Choice.FALLBACK)
    assert decision.retry_after_seconds == 3.0


@pytest.mark.parametrize(
    ("ability", "reason"),
    [
        (Ability.STREAM, Exclusion.NO_STREAM),
        (Ability.TOOLS, Exclusion.NO_TOOLS),
        (Ability.JSON, Exclusion.NO_JSON),
        (Ability.VISION, Exclusion.NO_VISION),
        (Ability.EMBEDDINGS, Exclusion.NO_EMBEDDINGS),
    ],
)
def test_who_cannot_is_not_asked(ability: Ability, reason: Exclusion) -> None:
    without = target("w", abilities=ALL - {ability})

    decision = decide(route(without, B), Needs(frozenset({ability})))

    assert names(decision) == ["b"]
    assert decision.dropped == (Dropped(without, reason),)


def test_a_prompt_that_does_not_fit_is_not_sent() -> None:
    decision = decide(route(), replace(NEEDS, input_tokens=9000))

    assert names(decision) == ["b", "c"]
    assert decision.dropped == (Dropped(A, Exclusion.CONTEXT_TOO_SMALL),)
    assert [has_more_room(one, A) for one in (A, B, C)] == [False, True, True]


def test_a_pinned_provider_is_the_only_one() -> None:
    decision = decide(route(), NEEDS, pinned="b")

    assert (names(decision), decision.choice) == (["b"], Choice.FORCED)
    assert {one.reason for one in decision.dropped} == {Exclusion.OTHER_PROVIDER}
    assert decide(route(A), NEEDS, pinned="a").choice is Choice.PRIMARY
    assert decide(route(A), NEEDS, pinned="z").candidates == ()


def test_nobody_is_left_when_nobody_fits() -> None:
    decision = decide(Route("m", ()), NEEDS)

    assert (decision.candidates, decision.retry_after_seconds) == ((), None)


def test_the_trace_is_plain_data_and_short_words() -> None:
    decision = decide(route(A, B), NEEDS, standings={"b/m": Standing(BreakerState.OPEN, 2.0)})

    assert decision.as_data() == {
        "model": "m",
        "policy": "priority",
        "choice": "primary",
        "candidates": [
            {
                "target": "a/m",
                "score": 1.0,
                "cost_score": 1.0,
                "reason": "in order",
                "needs_probe": False,
            }
        ],
        "dropped": [{"target": "b/m", "reason": "breaker_open", "retry_after_seconds": 2.0}],
    }
    assert decision.as_words() == ("a/m:1.00", "b/m!breaker_open")
    assert decision.as_words({"a/m": Exclusion.FAILED})[0] == "a/m!failed"


def test_what_a_request_needs_is_read_off_it() -> None:
    plain = ChatRequest("q", "", "m", messages=(Message.plain(Role.USER, "Why?"),))
    picture = Message(Role.USER, (Text("This?"), Image("https://example.org/a.png")))
    rich = replace(
        plain,
        messages=(picture,),
        tools=(Tool("t", "", "{}"),),
        response_format="{}",
        max_output_tokens=7,
        is_streamed=False,
    )

    assert needs_of(plain, input_tokens=3) == Needs(frozenset({Ability.STREAM}), 3, 512)
    assert needs_of(rich, input_tokens=3) == Needs(
        frozenset({Ability.TOOLS, Ability.JSON, Ability.VISION}), 3, 7
    )
    vectors = needs_of(replace(plain, operation=Operation.EMBEDDINGS), input_tokens=3)
    assert vectors.abilities == {Ability.EMBEDDINGS}


@given(
    policy=st.sampled_from(RoutingPolicy),
    abilities=st.lists(st.sets(st.sampled_from(Ability)), min_size=1, max_size=5),
    states=st.lists(st.sampled_from(BreakerState), min_size=5, max_size=5),
    needed=st.sets(st.sampled_from([one for one in Ability if one is not Ability.PREFILL])),
    turn=st.integers(0, 100),
)
def test_every_target_is_either_a_candidate_or_dropped_and_candidates_can(
    policy: RoutingPolicy,
    abilities: list[set[Ability]],
    states: list[BreakerState],
    needed: set[Ability],
    turn: int,
) -> None:
    needed.discard(Ability.REASONING)
    targets = tuple(
        target(str(number), abilities=frozenset(each)) for number, each in enumerate(abilities)
    )
    standings = {one.id: Standing(state) for one, state in zip(targets, states, strict=False)}

    decision = decide(
        route(*targets, policy=policy),
        Needs(frozenset(needed)),
        standings=standings,
        chance=Chance(turn),
    )

    taken = [one.target.id for one in decision.candidates]
    dropped = [one.target.id for one in decision.dropped]
    assert sorted(taken + dropped) == sorted(one.id for one in targets)
    for one in decision.candidates:
        assert needed <= one.target.abilities
        assert standings[one.target.id].state is not BreakerState.OPEN
        assert 0.0 <= one.cost_score <= 1.0
