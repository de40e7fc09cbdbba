"""What a process knows of breakers between two looks at the store, and without it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import cast

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from gateway.adapters.redis import breaker as redis_breaker
from gateway.adapters.redis.breaker import RedisBreakers
from gateway.domain.breaker import CLOSED, BreakerPolicy, BreakerState, Report

A = "one/m"
Answer = list[list[object]]


class Store:
    """A store that runs no script, but notes each and answers as it is told."""

    def __init__(self) -> None:
        self.operations: list[tuple[str, tuple[object, ...]]] = []
        self.state: tuple[bytes, int] = (b"closed", 0)
        self.granted = 1
        self.is_away = False
        self.is_slow = False

    def register_script(self, source: str) -> "Store":
        """Return the script."""
        return self

    async def __call__(self, *, keys: Sequence[str], args: Sequence[object]) -> Answer:
        """Answer for every key."""
        self.operations.append((str(args[0]), tuple(args[10:])))
        if self.is_slow:
            await asyncio.Event().wait()
        if self.is_away:
            raise RedisConnectionError("away")
        return [[*self.state, b"closed", self.granted] for _ in keys]

    @property
    def names(self) -> list[str]:
        """The operations without their arguments."""
        return [name for name, _ in self.operations]


@pytest.fixture
def store() -> Store:
    """The store."""
    return Store()


@pytest.fixture
async def breakers(store: Store) -> AsyncIterator[RedisBreakers]:
    """The breakers of a process."""
    port = RedisBreakers(
        cast("Redis", store), prefix="t:", policy=BreakerPolicy(min_reports=2, cooldown_seconds=0.0)
    )
    yield port
    await port.aclose()


async def test_a_standing_is_looked_up_once_and_known_for_a_while(
    breakers: RedisBreakers, store: Store
) -> None:
    assert await breakers.standings([A]) == {A: CLOSED}
    assert await breakers.standings([A]) == {A: CLOSED}
    assert store.names == ["look"]


async def test_good_news_is_saved_up_and_sent_with_the_next_bad_news(
    breakers: RedisBreakers, store: Store
) -> None:
    await breakers.standings([A])
    for _ in range(3):
        assert await breakers.report(A, Report.OK) == CLOSED
    assert store.names == ["look"]

    await breakers.report(A, Report.FAILED, retry_after_seconds=2.0)

    name, arguments = store.operations[-1]
    assert name == "report"
    assert (arguments[0], arguments[1], arguments[2], arguments[4]) == ("failed", 2000, 0, 3)


async def test_good_news_left_over_is_sent_at_the_end(
    breakers: RedisBreakers, store: Store
) -> None:
    await breakers.standings([A])
    await breakers.report(A, Report.OK)

    await breakers.aclose()

    assert store.operations[-1] == ("count", (1,))


async def test_what_is_known_is_looked_up_again_behind_the_requests(
    breakers: RedisBreakers, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_breaker, "FRESH_SECONDS", -1.0)
    await breakers.standings([A])
    store.state = (b"open", 5000)

    before = await breakers.standings([A])
    while store.names != ["look", "look"]:  # noqa: ASYNC110  the task runs in the loop's next rounds
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    after = await breakers.standings([A])

    assert before[A] == CLOSED
    assert after[A].state is BreakerState.OPEN
    assert 4.0 < after[A].retry_after_seconds <= 5.0


async def test_a_cooldown_known_here_ends_here(breakers: RedisBreakers, store: Store) -> None:
    store.state = (b"open", 0)

    assert (await breakers.standings([A]))[A].state is BreakerState.OPEN
    assert (await breakers.standings([A]))[A].state is BreakerState.HALF_OPEN


async def test_a_granted_probe_is_said(
    breakers: RedisBreakers, caplog: pytest.LogCaptureFixture
) -> None:
    assert await breakers.probe(A)
    assert [record.message for record in caplog.records] == ["gateway.breaker_changed"]


async def test_without_the_store_the_process_keeps_breakers_of_its_own(
    breakers: RedisBreakers, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    store.is_away = True
    assert await breakers.standings([A]) == {A: CLOSED}

    await breakers.report(A, Report.FAILED)
    opened = await breakers.report(A, Report.FAILED)

    assert opened.state is not BreakerState.CLOSED
    assert [await breakers.probe(A), await breakers.probe(A)] == [True, False]
    assert (await breakers.report(A, Report.OK)) == CLOSED
    assert len(store.operations) == 1  # a moment ago it was away: nobody waits for it twice
    assert {record.message for record in caplog.records} == {"gateway.breaker_changed"}


async def test_a_slow_store_is_as_good_as_none(
    breakers: RedisBreakers, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_breaker, "ANSWER_SECONDS", 0.0)
    store.is_slow = True

    assert await breakers.standings([A]) == {A: CLOSED}


async def test_good_news_for_a_store_that_is_away_is_let_go(
    breakers: RedisBreakers, store: Store
) -> None:
    await breakers.standings([A])
    await breakers.report(A, Report.OK)
    store.is_away = True

    await breakers.aclose()

    assert store.names == ["look", "count"]
