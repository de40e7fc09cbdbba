"""What every gate promises of what flows: requests, tokens, money per time (the port is `Gate`)."""

import asyncio
from dataclasses import replace

import pytest

from gateway.domain.gate import (
    Barred,
    Entered,
)
from gateway.domain.rate_limit import Algorithm, Dimension, Level, Limit, Unit
from tests.contracts.gate.entrances import (
    REQUESTS,
    SEATS,
    TOKENS,
    claim,
    entered,
    entrance,
    gone,
    left,
)
from tests.contracts.gates import GateTwin

# --- What flows -----------------------------------------------------------------------------


async def test_who_does_not_stay_is_counted_and_holds_nothing(gate: GateTwin) -> None:
    passing = entrance("a", claim(REQUESTS), stays=False)

    assert [await entered(gate, passing) for _ in range(4)] == [True, True, True, False]

    await gate.age(3600.0)
    assert await gate.port.orphans() == []
    assert await entered(gate, entrance("a", claim(REQUESTS)))


@pytest.mark.parametrize(
    ("limit", "wait_seconds"),
    [
        (Limit(Dimension.KEY, Unit.REQUESTS, 3, 60.0, Algorithm.TOKEN_BUCKET), 20.0),
        (Limit(Dimension.KEY, Unit.REQUESTS, 3, 60.0, Algorithm.LEAKY_BUCKET, burst=2), 20.0),
        (Limit(Dimension.KEY, Unit.REQUESTS, 3, 60.0, Algorithm.FIXED_WINDOW), 60.0),
        (Limit(Dimension.KEY, Unit.REQUESTS, 3, 60.0, Algorithm.SLIDING_WINDOW), 61.0),
    ],
)
async def test_three_pass_and_the_fourth_passes_exactly_when_it_was_told(
    gate: GateTwin, limit: Limit, wait_seconds: float
) -> None:
    answers = [await gate.port.enter(entrance(name, claim(limit))) for name in "abcd"]

    assert [isinstance(answer, Entered) for answer in answers] == [True, True, True, False]
    refusal = answers[3]
    assert isinstance(refusal, Barred)
    assert (refusal.retry_after_seconds, refusal.limit) == (wait_seconds, "requests:key")
    await gate.age(wait_seconds - 0.000_001)
    assert not await entered(gate, entrance("e", claim(limit)))
    await gate.age(0.000_001)
    assert await entered(gate, entrance("e", claim(limit)))


async def test_all_limits_are_taken_or_none(gate: GateTwin) -> None:
    both = (claim(REQUESTS), claim(TOKENS, 600))
    first = await gate.port.enter(entrance("a", *both))
    second = await gate.port.enter(entrance("b", *both))
    third = await gate.port.enter(entrance("c", claim(REQUESTS), claim(TOKENS, 400)))

    assert isinstance(first, Entered)
    assert isinstance(second, Barred)
    assert second.limit == "tokens:tenant"
    assert third == Entered(
        None, (Level("requests:key", 3, 1, 60.0), Level("tokens:tenant", 1000, 0, 60.0))
    )


async def test_a_refusal_names_the_limit_that_takes_longest(gate: GateTwin) -> None:
    short = Limit(Dimension.IP, Unit.REQUESTS, 1, 10.0, Algorithm.FIXED_WINDOW)
    long = Limit(Dimension.KEY, Unit.REQUESTS, 1, 600.0, Algorithm.FIXED_WINDOW)
    await gate.port.enter(entrance("a", claim(short), claim(long)))

    answer = await gate.port.enter(entrance("b", claim(short), claim(long)))
    assert answer == Barred(
        600.0,
        limit="requests:key",
        levels=(Level("requests:ip", 1, 0, 10.0), Level("requests:key", 1, 0, 600.0)),
    )


async def test_more_than_a_limit_ever_holds_never_passes(gate: GateTwin) -> None:
    answer = await gate.port.enter(entrance("a", claim(TOKENS, 1001)))

    assert answer == Barred(
        None, limit="tokens:tenant", levels=(Level("tokens:tenant", 1000, 1000, 0.0),)
    )


async def test_values_do_not_share_a_limit(gate: GateTwin) -> None:
    one = Limit(Dimension.KEY, Unit.REQUESTS, 1)

    assert await entered(gate, entrance("a", claim(one, value="k1")))
    assert await entered(gate, entrance("b", claim(one, value="k2")))
    assert not await entered(gate, entrance("c", claim(one, value="k1")))


@pytest.mark.parametrize("algorithm", [*Algorithm])
async def test_what_was_estimated_is_corrected_by_what_was_used(
    gate: GateTwin, algorithm: Algorithm
) -> None:
    limit = Limit(Dimension.KEY, Unit.TOKENS, 1000, 60.0, algorithm)
    if algorithm is Algorithm.LEAKY_BUCKET:
        limit = replace(limit, burst=1000)
    await gate.port.enter(entrance("a", claim(limit, 900)))
    await left(gate, gone("a", tokens=100))

    answer = await gate.port.enter(entrance("b", claim(limit, 850)))
    assert isinstance(answer, Entered)
    assert answer.levels[0].remaining == (51 if algorithm is Algorithm.LEAKY_BUCKET else 50)


async def test_more_than_was_estimated_becomes_a_debt(gate: GateTwin) -> None:
    limit = Limit(Dimension.KEY, Unit.TOKENS, 60, 60.0)
    await gate.port.enter(entrance("a", claim(limit, 10)))
    await left(gate, gone("a", tokens=90))

    answer = await gate.port.enter(entrance("b", claim(limit, 1)))
    assert isinstance(answer, Barred)
    assert answer.retry_after_seconds == 31.0


async def test_a_window_that_is_over_is_not_corrected(gate: GateTwin) -> None:
    await gate.port.enter(entrance("a", claim(TOKENS, 900)))
    await gate.age(60.0)
    await gate.port.enter(entrance("b", claim(TOKENS, 900)))
    await left(gate, gone("a", tokens=0))

    assert not await entered(gate, entrance("c", claim(TOKENS, 101)))


async def test_a_request_that_was_never_sent_gives_its_claims_back(gate: GateTwin) -> None:
    await gate.port.enter(entrance("a", claim(REQUESTS, 3), claim(TOKENS, 900)))
    await left(gate, gone("a", is_void=True))

    assert await entered(gate, entrance("b", claim(REQUESTS, 3), claim(TOKENS, 1000)))


async def test_a_request_that_was_sent_stays_counted(gate: GateTwin) -> None:
    await gate.port.enter(entrance("a", claim(REQUESTS, 3)))
    await left(gate, gone("a"))

    assert not await entered(gate, entrance("b", claim(REQUESTS)))


async def test_money_can_flow_under_a_limit_too(gate: GateTwin) -> None:
    limit = Limit(Dimension.USER, Unit.MICROUSD, 500, 60.0, Algorithm.FIXED_WINDOW)
    await gate.port.enter(entrance("a", claim(limit, 400)))
    await left(gate, gone("a", cost=150))

    assert await entered(gate, entrance("b", claim(limit, 350)))


# --- Taken for dead -------------------------------------------------------------------------


async def test_many_at_once_share_a_limit_exactly(gate: GateTwin) -> None:
    limit = Limit(Dimension.GLOBAL, Unit.REQUESTS, 70, 60.0, Algorithm.SLIDING_WINDOW)
    answers = await asyncio.gather(
        *(gate.port.enter(entrance(f"h{n}", claim(limit), claim(SEATS))) for n in range(100)),
        *(gate.port.enter(entrance(f"g{n}", claim(limit))) for n in range(100)),
    )

    assert sum(isinstance(answer, Entered) for answer in answers) == 70
    assert await entered(gate, entrance("last", claim(REQUESTS)))
