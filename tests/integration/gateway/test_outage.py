"""A store that is restarted, without its data, while a turn is being spoken."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from compose import embedded
from gateway.adapters.redis.cancellation import RedisCancelSignals
from gateway.adapters.redis.leases import RedisLeases
from gateway.adapters.redis.relay import RedisRelay
from gateway.adapters.redis.relay_hub import RedisRelayHub
from gateway.domain.errors import StateUnavailableError
from gateway.domain.ports import CancelOrder, LeaseClaim
from gateway.domain.relay import Delta, End, Item, Snapshot

PREFIX = "outage:"
CLAIM = LeaseClaim("room.t1", epoch=1, owner="me")


@pytest.fixture
def valkey() -> Iterator[embedded.Valkey]:
    """A server of our own, to be stopped and started."""
    with tempfile.TemporaryDirectory(prefix="hotseat-outage-") as folder:
        server = embedded.Valkey(Path(folder) / "valkey", Path(folder), is_durable=False)
        server.launch()
        server.wait()
        yield server
        server.stop()


@pytest.fixture
async def client(valkey: embedded.Valkey) -> AsyncIterator[Redis]:
    """A client that says at once when the server is away."""
    async with Redis.from_url(valkey.url, retry=Retry(NoBackoff(), 0)) as found:
        yield found


@pytest.fixture
async def listening(valkey: embedded.Valkey) -> AsyncIterator[Redis]:
    """The same for the pub/sub connections."""
    async with Redis.from_url(valkey.url, retry=Retry(NoBackoff(), 0)) as found:
        yield found


async def restart(valkey: embedded.Valkey) -> None:
    """Stop the server with all it holds and start it again."""
    await asyncio.to_thread(valkey.stop)
    await asyncio.to_thread(valkey.launch)
    await asyncio.to_thread(valkey.wait)


async def test_readers_get_the_whole_text_across_a_restart(
    valkey: embedded.Valkey, client: Redis, listening: Redis
) -> None:
    relay = RedisRelay(client, prefix=PREFIX, flush_seconds=0.001, maxlen=5000, ttl_seconds=60)
    hub = RedisRelayHub(client, listening, prefix=PREFIX)
    reseeds = REGISTRY.get_sample_value("gw_relay_reseeds_total") or 0.0
    items: list[Item] = []
    has_begun = asyncio.Event()

    async def hear() -> None:
        async with hub.reader("s") as reader:
            async for item in reader:
                items.append(item)
                if isinstance(item, Delta):
                    has_begun.set()

    hearing = asyncio.create_task(hear())
    writer = relay.open("s")
    writer.write("Said before. ")
    await asyncio.sleep(0)
    while not has_begun.is_set():
        writer.write("And more. ")
        writer.seal()
        await asyncio.sleep(0.005)
    await asyncio.to_thread(valkey.stop)
    writer.write("Said while it was away. ")
    writer.seal()
    await asyncio.sleep(0.02)
    await asyncio.to_thread(valkey.launch)
    await asyncio.to_thread(valkey.wait)
    writer.write("Said after.")
    await writer.end("stop")
    await asyncio.wait_for(hearing, 20)
    async with hub.reader("s") as late_reader:
        late = [item async for item in late_reader]

    text = ""
    for item in items:
        if isinstance(item, Snapshot):
            text = item.text
        elif isinstance(item, Delta):
            text += item.text
    assert text.startswith("Said before. And more. ")
    assert text.endswith("Said while it was away. Said after.")
    assert late == [Snapshot(text, writer.seal()), End(writer.seal(), "stop")]
    assert (REGISTRY.get_sample_value("gw_relay_reseeds_total") or 0.0) > reseeds
    await relay.aclose()
    await hub.aclose()


async def test_an_order_to_stop_arrives_after_a_restart(
    valkey: embedded.Valkey, client: Redis, listening: Redis
) -> None:
    signals = RedisCancelSignals(client, listening, prefix=PREFIX)
    arrived: asyncio.Future[CancelOrder] = asyncio.get_running_loop().create_future()

    async with signals.watch("room.t1.1", arrived.set_result):
        await restart(valkey)
        assert await signals.send("room.t1.1", by="user")
        order = await asyncio.wait_for(arrived, 10)

    assert order.by == "user"
    await signals.aclose()


async def test_a_lease_is_put_back_after_a_restart(valkey: embedded.Valkey, client: Redis) -> None:
    leases = RedisLeases(client, prefix=PREFIX, lease_seconds=60)
    await leases.acquire(CLAIM)
    await asyncio.to_thread(valkey.stop)
    with pytest.raises(StateUnavailableError):
        await leases.renew([CLAIM])
    await asyncio.to_thread(valkey.launch)
    await asyncio.to_thread(valkey.wait)

    assert await leases.renew([CLAIM]) == set()
    assert await leases.alive(["room.t1"]) == {"room.t1"}


async def test_an_end_does_not_wait_for_a_store_that_stays_away(
    valkey: embedded.Valkey, client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.adapters.redis.relay.END_WAIT_SECONDS", 0.01)
    relay = RedisRelay(client, prefix=PREFIX, flush_seconds=0.001, maxlen=5000, ttl_seconds=60)
    writer = relay.open("s")
    await asyncio.to_thread(valkey.stop)
    writer.write("Nobody hears this yet.")

    await writer.end("stop")

    assert not writer.sent.done()
    await relay.aclose()


async def test_a_turn_that_could_not_be_stopped_does_not_begin(
    valkey: embedded.Valkey, client: Redis, listening: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.adapters.redis.cancellation.LISTEN_SECONDS", 0.05)
    signals = RedisCancelSignals(client, listening, prefix=PREFIX)
    await asyncio.to_thread(valkey.stop)

    with pytest.raises(StateUnavailableError):
        async with signals.watch("room.t1.1", lambda _: None):
            pass

    await signals.aclose()
