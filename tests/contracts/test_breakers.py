"""What the breakers promise, in memory and in the store."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
from redis.asyncio import Redis

from gateway.adapters.redis import breaker as redis_breaker
from gateway.adapters.redis.breaker import RedisBreakers
from gateway.domain.breaker import BreakerPolicy, BreakerState, Report
from gateway.domain.ports import Breakers
from tests.fakes.breakers import MemoryBreakers
from tests.fakes.clock import Clock

A = "one/m"
POLICY = BreakerPolicy(min_reports=4, window_seconds=30.0, cooldown_seconds=5.0)
STATES = {BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN}


@dataclass(frozen=True, slots=True)
class Twin:
    """Breakers, what another process sees of them, and the passing of time."""

    port: Breakers
    other: Breakers
    age: Callable[[float], Awaitable[None]]

    async def state(self, target: str = A) -> BreakerState:
        """Return the state as the other process sees it."""
        return (await self.other.standings([target]))[target].state


@pytest.fixture
async def breakers(
    twin: str, redis_url: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Twin]:
    """The breakers under test; what is known is never old enough to be trusted."""
    if twin == "memory":
        clock = Clock()
        memory = MemoryBreakers(clock, POLICY)

        async def age(seconds: float) -> None:
            clock.advance(seconds)

        yield Twin(memory, memory, age)
        return
    monkeypatch.setattr(redis_breaker, "JITTER", 0.0)
    monkeypatch.setattr(redis_breaker, "STALE_SECONDS", -1.0)
    monkeypatch.setattr(redis_breaker, "ANSWER_SECONDS", 5.0)
    async with Redis.from_url(redis_url) as client:
        await client.flushdb()
        ports = [RedisBreakers(client, prefix=prefix, policy=POLICY) for _ in range(2)]

        async def age_stored(seconds: float) -> None:
            await _make_older(client, seconds)

        yield Twin(ports[0], ports[1], age_stored)
        for port in ports:
            await port.aclose()


async def _make_older(client: Redis, seconds: float) -> None:
    """Move what is stored into the past: the store's own clock cannot be moved."""
    n_buckets = round(seconds / (POLICY.window_seconds / 10))
    async for key in client.scan_iter():
        held = await client.hgetall(key)
        await client.delete(key)
        for field, value in held.items():
            if field in {b"until", b"probe"}:
                await client.hset(key, field, int(value) - round(seconds * 1000))
            elif b":" in field:
                index, kind = field.decode().split(":")
                await client.hset(key, f"{int(index) - n_buckets}:{kind}", value)
            else:
                await client.hset(key, field, value)


async def report(twin: Twin, *reports: Report, target: str = A) -> None:
    """Send the reports one after another."""
    for each in reports:
        await twin.port.report(target, each)


async def test_nothing_is_held_against_a_stranger(breakers: Twin) -> None:
    assert await breakers.state() is BreakerState.CLOSED


async def test_too_large_a_share_of_failures_opens_for_everybody(breakers: Twin) -> None:
    await report(breakers, Report.OK, Report.OK, Report.FAILED)
    assert await breakers.state() is BreakerState.CLOSED

    left = await breakers.port.report(A, Report.FAILED)

    assert left.state is BreakerState.OPEN
    assert left.retry_after_seconds == pytest.approx(5.0, abs=0.1)
    assert await breakers.state() is BreakerState.OPEN


async def test_few_reports_open_nothing(breakers: Twin) -> None:
    await report(breakers, Report.FAILED, Report.FAILED, Report.FAILED)

    assert await breakers.state() is BreakerState.CLOSED


async def test_slow_first_tokens_open_at_their_own_share(breakers: Twin) -> None:
    await report(breakers, Report.SLOW, Report.SLOW, Report.SLOW)
    await report(breakers, Report.SLOW)

    assert await breakers.state() is BreakerState.OPEN


async def test_what_has_left_the_window_no_longer_counts(breakers: Twin) -> None:
    await report(breakers, Report.FAILED, Report.FAILED, Report.FAILED)
    await breakers.age(33.0)
    await report(breakers, Report.FAILED)

    assert await breakers.state() is BreakerState.CLOSED


async def test_targets_are_judged_apart(breakers: Twin) -> None:
    await breakers.port.report(A, Report.FAILED, is_long=True)

    assert await breakers.state("two/m") is BreakerState.CLOSED


async def test_a_vendors_retry_after_opens_at_once_for_as_long(breakers: Twin) -> None:
    left = await breakers.port.report(A, Report.FAILED, retry_after_seconds=42.0)

    assert left.state is BreakerState.OPEN
    assert left.retry_after_seconds == pytest.approx(42.0, abs=0.1)


async def test_a_long_blame_opens_at_once_for_long(breakers: Twin) -> None:
    left = await breakers.port.report(A, Report.FAILED, is_long=True)

    assert left.retry_after_seconds == pytest.approx(300.0, abs=0.1)


async def test_a_late_failure_may_prolong_and_never_shorten(breakers: Twin) -> None:
    await breakers.port.report(A, Report.FAILED, retry_after_seconds=30.0)
    shorter = await breakers.port.report(A, Report.FAILED, retry_after_seconds=3.0)
    longer = await breakers.port.report(A, Report.FAILED, retry_after_seconds=60.0)
    after = await breakers.port.report(A, Report.OK)

    assert shorter.retry_after_seconds == pytest.approx(30.0, abs=0.1)
    assert longer.retry_after_seconds == pytest.approx(60.0, abs=0.1)
    assert after.state is BreakerState.OPEN


async def test_one_probe_is_granted_after_the_cooldown(breakers: Twin) -> None:
    assert not await breakers.port.probe(A)
    await breakers.port.report(A, Report.FAILED, retry_after_seconds=5.0)
    assert not await breakers.port.probe(A)

    await breakers.age(6.0)

    assert await breakers.state() is BreakerState.HALF_OPEN
    assert [await breakers.port.probe(A), await breakers.other.probe(A)] == [True, False]
    assert (await breakers.other.standings([A]))[A].retry_after_seconds > 0


async def test_a_good_probe_closes(breakers: Twin) -> None:
    await breakers.port.report(A, Report.FAILED, retry_after_seconds=5.0)
    await breakers.age(6.0)
    await breakers.port.probe(A)

    await breakers.port.report(A, Report.OK)

    assert await breakers.state() is BreakerState.CLOSED


async def test_a_bad_probe_doubles_the_cooldown(breakers: Twin) -> None:
    await report(breakers, *[Report.FAILED] * 4)
    cooldowns = []
    for _ in range(3):
        await breakers.age(400.0)
        await breakers.port.probe(A)
        cooldowns.append((await breakers.port.report(A, Report.FAILED)).retry_after_seconds)

    assert cooldowns == [pytest.approx(seconds, abs=0.1) for seconds in (10.0, 20.0, 40.0)]


async def test_a_probe_that_has_nothing_to_say_is_given_back(breakers: Twin) -> None:
    await breakers.port.report(A, Report.FAILED, retry_after_seconds=5.0)
    await breakers.age(6.0)
    await breakers.port.probe(A)

    await breakers.port.report(A, Report.VOID)

    assert await breakers.other.probe(A)


async def test_a_probe_whose_process_died_is_forgotten(breakers: Twin) -> None:
    await breakers.port.report(A, Report.FAILED, retry_after_seconds=5.0)
    await breakers.age(6.0)
    await breakers.port.probe(A)

    await breakers.age(31.0)

    assert await breakers.other.probe(A)
