"""What every SharedRuns promises: one leads, nobody is forgotten, and all hear the same."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from redis.asyncio import Redis

from gateway.adapters.redis.coalescing import RedisSharedRuns
from gateway.domain.errors import (
    AdmissionError,
    DeadlinePhase,
    GatewayError,
    LimitExceededError,
    ProviderTimeoutError,
    UpstreamError,
)
from gateway.domain.messages import Delta, Failed, Finish, FinishReason, Start, TextDelta, Usage
from gateway.domain.ports import SharedRuns
from tests.contracts.conftest import Age, RelayTwin
from tests.fakes.gateway import LEASE_SECONDS, Clock, MemorySharedRuns

DONE = Finish(FinishReason.STOP, Usage(3, 9))
SAID: list[Delta] = [Start("x", "acme", "m"), TextDelta("你\n"), TextDelta("\u2028b"), DONE]


@dataclass(slots=True)
class RunsTwin:
    """Shared runs and the passing of time."""

    port: SharedRuns
    age: Age


@pytest.fixture
async def runs(twin: str, relay: RelayTwin, redis_url: str, prefix: str) -> AsyncIterator[RunsTwin]:
    """The runs under test."""
    if twin == "memory":
        clock = Clock()

        async def age_memory(seconds: float) -> None:
            clock.advance(seconds)

        yield RunsTwin(MemorySharedRuns(clock), age_memory)
        return
    async with Redis.from_url(redis_url) as client:

        async def age(seconds: float) -> None:
            shift_ms = round(seconds * 1000)
            async for key in client.scan_iter():
                if key.endswith(b":members"):
                    for member, score in await client.zrange(key, 0, -1, withscores=True):
                        await client.zadd(key, {member: score - shift_ms})
                elif key.endswith(b":leads"):
                    left_ms = await client.pttl(key) - shift_ms
                    await (client.pexpire(key, left_ms) if left_ms > 0 else client.delete(key))

        port = RedisSharedRuns(
            client, relay.port, lambda: relay.hub, prefix=prefix, lease_seconds=LEASE_SECONDS
        )
        yield RunsTwin(port, age)


async def test_the_first_leads_and_the_next_are_sent_to_it(runs: RunsTwin) -> None:
    assert await runs.port.join("k", member="a") == "a"
    assert await runs.port.join("k", member="b") == "a"
    assert await runs.port.join("k", member="a") == "a"
    assert await runs.port.join("other", member="b") == "b"


async def test_a_run_that_others_listen_to_is_not_retired_before_it_is_over(
    runs: RunsTwin,
) -> None:
    await runs.port.join("k", member="a")
    await runs.port.join("k", member="b")
    assert not await runs.port.retire("k", run="a", is_over=False)
    assert await runs.port.retire("k", run="a", is_over=True)
    assert await runs.port.join("k", member="b") == "b"


async def test_a_run_is_retired_once_the_last_has_left(runs: RunsTwin) -> None:
    await runs.port.join("k", member="a")
    await runs.port.join("k", member="b")
    await runs.port.leave("k", member="b")
    assert await runs.port.retire("k", run="a", is_over=False)
    assert await runs.port.join("k", member="c") == "c"


async def test_a_listener_whose_process_died_does_not_keep_a_run_alive(runs: RunsTwin) -> None:
    await runs.port.join("k", member="a")
    await runs.port.join("k", member="b")
    await runs.age(LEASE_SECONDS - 0.5)
    assert await runs.port.renew("k", run="a", member="a")
    await runs.age(1.0)
    assert await runs.port.retire("k", run="a", is_over=False)


async def test_a_leader_whose_process_died_leads_no_longer(runs: RunsTwin) -> None:
    await runs.port.join("k", member="a")
    await runs.port.join("k", member="b")
    await runs.age(LEASE_SECONDS + 0.5)
    assert not await runs.port.renew("k", run="a", member="b")
    assert await runs.port.join("k", member="b") == "b"
    assert not await runs.port.renew("k", run="a", member="a")


async def test_who_shows_that_it_lives_goes_on(runs: RunsTwin) -> None:
    await runs.port.join("k", member="a")
    await runs.port.join("k", member="b")
    for _ in range(3):
        await runs.age(LEASE_SECONDS - 1)
        assert await runs.port.renew("k", run="a", member="a")
        assert await runs.port.renew("k", run="a", member="b")
    assert not await runs.port.retire("k", run="a", is_over=False)


async def heard(port: SharedRuns, run: str) -> list[Delta]:
    """Return everything up to the terminal delta."""
    return [delta async for delta in port.follow(run)]


async def test_all_hear_the_whole_answer_whenever_they_come(runs: RunsTwin) -> None:
    early = asyncio.create_task(heard(runs.port, "a"))
    writer = runs.port.write("a")
    for delta in SAID[:2]:
        writer.write(delta)
    midway = asyncio.create_task(heard(runs.port, "a"))
    await asyncio.sleep(0)
    for delta in SAID[2:]:
        writer.write(delta)
    await writer.end()
    assert await early == await midway == await heard(runs.port, "a") == SAID


@pytest.mark.parametrize(
    "error",
    [
        UpstreamError("it broke", retry_after_seconds=2.0),
        ProviderTimeoutError("late", phase=DeadlinePhase.IDLE),
        LimitExceededError("used up", limit="requests:key", retry_after_seconds=3.0),
    ],
)
async def test_a_failure_is_told_with_its_code_and_when_to_come_again(
    runs: RunsTwin, error: GatewayError
) -> None:
    writer = runs.port.write("a")
    writer.write(Failed(error, Usage(1, 0)))
    await writer.end()
    (found,) = await heard(runs.port, "a")
    assert isinstance(found, Failed)
    told = (str(found.error), found.error.retry_after_seconds, found.usage)
    assert told == (str(error), error.retry_after_seconds, Usage(1, 0))
    kin = AdmissionError if isinstance(error, AdmissionError) else type(error)
    assert isinstance(found.error, kin)
    assert getattr(found.error, "phase", None) is getattr(error, "phase", None)
