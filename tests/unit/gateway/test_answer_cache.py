"""The cache's near side: bounded by bytes, and at ease with a store that is away or slow."""

import asyncio
from dataclasses import replace
from typing import cast

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as StoreAwayError

from gateway.adapters.redis import cache as adapter
from gateway.adapters.redis.cache import RedisAnswerCache
from gateway.domain.kept import Kept
from gateway.domain.messages import Finish, FinishReason, TextDelta

KEPT = Kept((TextDelta("a"),), Finish(FinishReason.STOP), "acme", "m-1", 0.0, 488, is_bound=False)


class Store:
    """A store that answers what it is told to, or fails, or hangs."""

    def __init__(self, answer: bytes | Exception | None = None, *, hangs: bool = False) -> None:
        self._answer = answer
        self._hangs = hangs

    async def get(self, key: str) -> bytes | None:
        if self._hangs:
            await asyncio.Event().wait()
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    async def set(self, key: str, value: bytes, *, px: int) -> None:
        if isinstance(self._answer, Exception):
            raise self._answer


def cache(store: Store | None = None, *, largest_bytes: int = 3000) -> RedisAnswerCache:
    found = cast("Redis", store or Store())
    return RedisAnswerCache(found, prefix="t:", largest_bytes=largest_bytes)


async def test_the_least_recently_used_goes_first_when_the_bytes_are_used_up():
    kept = cache()  # three of a thousand bytes each
    for key in ("a", "b"):
        kept.keep(key, KEPT, seconds=60)
    kept.near("a")
    kept.keep("c", replace(KEPT, n_bytes=1400), seconds=60)
    assert [key for key in "abc" if kept.near(key)] == ["a", "c"]
    await kept.aclose()


async def test_one_that_is_larger_than_all_there_is_room_for_is_left_to_the_store():
    kept = cache(largest_bytes=100)
    kept.keep("a", KEPT, seconds=60)
    assert kept.near("a") is None
    await kept.aclose()


async def test_replacing_an_answer_takes_no_more_room():
    kept = cache()
    for _ in range(10):
        kept.keep("a", KEPT, seconds=60)
    kept.keep("b", KEPT, seconds=60)
    assert kept.near("a") == kept.near("b") == KEPT
    await kept.aclose()


@pytest.mark.parametrize(
    "answer", [StoreAwayError("away"), OSError("away"), b"of another version"], ids=str
)
async def test_a_store_that_is_away_or_speaks_another_tongue_has_nothing(answer):
    kept = cache(Store(answer))
    assert await kept.find("a") is None
    kept.keep("b", KEPT, seconds=60)
    await kept.aclose()
    assert kept.near("b") == KEPT


async def test_a_slow_store_has_nothing(monkeypatch):
    monkeypatch.setattr(adapter, "READ_SECONDS", 0.0)
    assert await cache(Store(hangs=True)).find("a") is None
