"""The listening side on a real store: slow readers, capped streams, lost connections."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from gateway.adapters.redis import relay as relay_module
from gateway.adapters.redis import relay_wire
from gateway.adapters.redis.relay import RedisRelay
from gateway.adapters.redis.relay_hub import RedisRelayHub
from gateway.domain.relay import Delta, End, Item, Snapshot


@pytest.fixture
async def listening(redis_url: str) -> AsyncIterator[Redis]:
    """A second client, for the pub/sub connection."""
    async with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
async def relay(aredis_client: Redis, redis_prefix: str) -> AsyncIterator[RedisRelay]:
    """The speaking side."""
    port = RedisRelay(
        aredis_client, prefix=redis_prefix, flush_seconds=0.001, maxlen=5000, ttl_seconds=60
    )
    yield port
    await port.aclose()


@pytest.fixture
async def hub(
    aredis_client: Redis, listening: Redis, redis_prefix: str
) -> AsyncIterator[RedisRelayHub]:
    """The listening side, with little patience for slow readers."""
    port = RedisRelayHub(aredis_client, listening, prefix=redis_prefix, reader_characters=2000)
    yield port
    await port.aclose()


def text_of(items: list[Item]) -> str:
    """Return the text a reader holds after the items."""
    text = ""
    for item in items:
        if isinstance(item, Snapshot):
            text = item.text
        elif isinstance(item, Delta):
            text += item.text
    return text


def replays(reason: str) -> float:
    """Return how often a stored stream was read for the reason."""
    return REGISTRY.get_sample_value("gw_relay_replays_total", {"reason": reason}) or 0.0


async def test_a_slow_reader_is_moved_to_the_store_and_misses_nothing(
    relay: RedisRelay, hub: RedisRelayHub
) -> None:
    before = replays("slow")
    async with hub.reader("s") as slow, hub.reader("s") as quick:
        items = [item async for item in one_at_first(slow)]
        hearing = asyncio.create_task(all_of(quick))
        writer = relay.open("s")
        for number in range(300):
            writer.write(f"word {number}, ")
            writer.seal()
            await asyncio.sleep(0)
        await writer.end("stop")
        quick_items = await hearing  # by now the slow one has been told everything, and took none
        assert slow._size <= 2000
        items += await all_of(slow)

    said = "".join(f"word {number}, " for number in range(300))
    assert text_of(items) == text_of(quick_items) == said
    assert isinstance(items[1], Snapshot)
    assert replays("slow") > before


async def one_at_first(reader: object) -> AsyncIterator[Item]:
    """Yield the first item only."""
    async for item in reader:  # type: ignore[attr-defined]
        yield item
        return


async def all_of(reader: object) -> list[Item]:
    """Return what the reader gets up to the end."""
    return [item async for item in reader]  # type: ignore[attr-defined]


async def test_a_capped_stream_is_read_from_its_last_keyframe(
    aredis_client: Redis,
    hub: RedisRelayHub,
    redis_prefix: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relay_module, "KEYFRAME_ENTRIES", 50)
    relay = RedisRelay(
        aredis_client, prefix=redis_prefix, flush_seconds=0.001, maxlen=100, ttl_seconds=60
    )
    writer = relay.open("long")
    said = ""
    for number in range(700):
        writer.write(f"{number} ")
        writer.seal()
        said += f"{number} "
        if number % 20 == 0:
            await asyncio.sleep(0.002)
    await writer.end("stop")

    async with hub.reader("long") as reader:
        items = await all_of(reader)

    assert await aredis_client.xlen(relay_wire.key(redis_prefix, "long")) < 400
    assert text_of(items) == said
    assert items[-1] == End(700, "stop")
    await relay.aclose()


async def test_a_gap_is_filled_from_the_store(
    aredis_client: Redis, relay: RedisRelay, hub: RedisRelayHub, redis_prefix: str
) -> None:
    before = replays("gap")
    async with hub.reader("s") as reader:
        items = [item async for item in one_at_first(reader)]
        writer = relay.open("s")
        writer.write("one ")
        hearing = reader.batches()
        items += await anext(hearing)
        # given an entry that was stored and told to nobody: a message that got lost
        entry = relay_wire.encoded("s", Delta(2, "two "))
        await aredis_client.xadd(relay_wire.key(redis_prefix, "s"), {"e": entry})
        writer._seq = 2

        writer.write("three")
        await writer.end("stop")
        items += [item async for batch in hearing for item in batch]

    assert text_of(items) == "one two three"
    assert replays("gap") == before + 1


async def test_a_lost_connection_is_restored_and_nothing_is_missing(
    aredis_client: Redis, relay: RedisRelay, hub: RedisRelayHub
) -> None:
    async with hub.reader("s") as reader:
        hearing = asyncio.create_task(all_of(reader))
        writer = relay.open("s")
        for number in range(20):
            writer.write(f"{number} ")
            writer.seal()
            if number == 10:
                await aredis_client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")  # type: ignore[no-untyped-call]
            await asyncio.sleep(0.002)
        await writer.end("stop")

        items = await asyncio.wait_for(hearing, 10)

    assert text_of(items) == "".join(f"{number} " for number in range(20))


async def test_streams_live_only_so_long_in_the_store(
    aredis_client: Redis, relay: RedisRelay, redis_prefix: str
) -> None:
    writer = relay.open("s")
    writer.write("hello")
    await writer.end("stop")

    assert 0 < await aredis_client.ttl(relay_wire.key(redis_prefix, "s")) <= 60


async def test_a_message_nobody_can_read_deafens_nobody(
    aredis_client: Redis, relay: RedisRelay, hub: RedisRelayHub, redis_prefix: str
) -> None:
    async with hub.reader("s") as reader:
        hearing = asyncio.create_task(all_of(reader))
        await aredis_client.publish(relay_wire.channel(redis_prefix, "s"), b"\xc1 nonsense")
        writer = relay.open("s")
        writer.write("still here")
        await writer.end("stop")

        assert text_of(await hearing) == "still here"
