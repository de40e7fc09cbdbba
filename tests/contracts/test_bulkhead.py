"""What every bulkhead promises."""

from tests.contracts.conftest import BulkheadTwin


async def test_no_more_places_than_the_limit(bulkhead: BulkheadTwin) -> None:
    answers = [await bulkhead.port.acquire("scripted", name, limit=2) for name in "abc"]

    assert answers == [True, True, False]
    assert await bulkhead.port.in_flight("scripted") == 2


async def test_a_place_given_back_can_be_taken(bulkhead: BulkheadTwin) -> None:
    await bulkhead.port.acquire("scripted", "a", limit=1)
    await bulkhead.port.release("scripted", "a")

    assert await bulkhead.port.acquire("scripted", "b", limit=1)


async def test_giving_back_twice_frees_one_place(bulkhead: BulkheadTwin) -> None:
    for name in "ab":
        await bulkhead.port.acquire("scripted", name, limit=2)
    await bulkhead.port.release("scripted", "a")
    await bulkhead.port.release("scripted", "a")

    assert await bulkhead.port.in_flight("scripted") == 1


async def test_one_holder_takes_one_place(bulkhead: BulkheadTwin) -> None:
    assert await bulkhead.port.acquire("scripted", "a", limit=1)
    assert await bulkhead.port.acquire("scripted", "a", limit=1)
    assert await bulkhead.port.in_flight("scripted") == 1


async def test_a_dead_holders_place_comes_free_by_age(bulkhead: BulkheadTwin) -> None:
    await bulkhead.port.acquire("scripted", "dead", limit=1)
    await bulkhead.age(5.0)

    assert await bulkhead.port.acquire("scripted", "next", limit=1)


async def test_new_traffic_does_not_keep_the_dead_alive(bulkhead: BulkheadTwin) -> None:
    await bulkhead.port.acquire("scripted", "dead", limit=2)
    await bulkhead.age(3.0)
    await bulkhead.port.acquire("scripted", "living", limit=2)
    await bulkhead.age(2.0)

    assert await bulkhead.port.in_flight("scripted") == 1


async def test_a_renewed_place_is_kept(bulkhead: BulkheadTwin) -> None:
    await bulkhead.port.acquire("scripted", "a", limit=1)
    await bulkhead.age(3.0)
    await bulkhead.port.renew("scripted", ["a"])
    await bulkhead.age(3.0)

    assert not await bulkhead.port.acquire("scripted", "b", limit=1)


async def test_providers_do_not_share_places(bulkhead: BulkheadTwin) -> None:
    await bulkhead.port.acquire("scripted", "a", limit=1)

    assert await bulkhead.port.acquire("other", "b", limit=1)
