"""Facts on their way to readers, on a loop in a thread and a channel layer in memory."""

import asyncio
import threading

import pytest
from redis.exceptions import RedisError

from interview.adapters import notices
from interview.adapters.notices import Notices


class Layer:
    """A channel layer that keeps what it is told, and holds on while it is closed."""

    def __init__(self):
        self.told = []
        self.is_away = False
        self.opened = threading.Event()
        self.opened.set()

    async def group_send(self, group, message):
        await asyncio.to_thread(self.opened.wait)
        if self.is_away:
            raise RedisError("away")
        self.told.append((group, message))


@pytest.fixture
def layer():
    return Layer()


@pytest.fixture
def told(layer):
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield Notices(
        layer=lambda: layer,
        run=lambda step: asyncio.run_coroutine_threadsafe(step, loop).result(),
    )
    layer.opened.set()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_what_is_told_arrives_in_order_and_nobody_waits_for_it(told, layer):
    layer.opened.clear()
    for number in range(3):
        told.tell(f"room.{number}", {"n": number})
    assert layer.told == []

    layer.opened.set()
    told.finish()

    assert layer.told == [(f"room.{number}", {"n": number}) for number in range(3)]


def test_a_layer_that_is_away_costs_what_it_was_told_and_no_more(told, layer):
    layer.is_away = True
    told.tell("room.1", {})
    told.finish()
    layer.is_away = False
    told.tell("room.2", {})
    told.finish()
    assert layer.told == [("room.2", {})]


def test_what_cannot_be_told_for_long_is_dropped_rather_than_kept(told, layer, monkeypatch):
    monkeypatch.setattr(notices, "MOST_WAITING", 2)
    layer.opened.clear()
    for number in range(4):
        told.tell("room.1", {"n": number})
        told._run(asyncio.sleep(0))

    layer.opened.set()
    told.finish()

    # The first was on its way, two waited and made room for the newest.
    assert [message["n"] for _, message in layer.told] == [0, 3]


def test_one_who_was_never_used_has_nothing_to_finish():
    Notices(run=lambda step: pytest.fail("ran")).finish()
