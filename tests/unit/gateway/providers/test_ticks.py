"""The clock of those who speak a script: one timer, however many wait for it."""

import asyncio
from typing import Any

import pytest

from gateway.adapters.providers.ticks import Ticks

pytestmark = pytest.mark.asyncio


@pytest.fixture
async def timers(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the loop was asked to call, and when."""
    loop = asyncio.get_running_loop()
    asked: list[float] = []
    call_at = loop.call_at

    def noted(when: float, *rest: Any, **options: Any) -> asyncio.TimerHandle:
        asked.append(when)
        return call_at(when, *rest, **options)

    monkeypatch.setattr(loop, "call_at", noted)
    return asked


async def test_all_who_wait_for_a_strike_share_its_timer(timers: list[float]):
    ticks = Ticks(0.25)
    now = asyncio.get_running_loop().time() - 10.0
    first = int(now / 0.25) * 0.25  # long past, so nobody waits here

    await asyncio.gather(*(ticks.wait_until(first + n * 0.001) for n in range(1, 100)))

    assert timers == [first + 0.25]


async def test_nobody_is_woken_before_the_time():
    loop = asyncio.get_running_loop()
    due_at = loop.time() + 0.003

    await Ticks(0.005).wait_until(due_at)

    # The loop calls what is due within the grain of its clock.
    assert loop.time() >= due_at - 0.001


async def test_who_stops_waiting_keeps_nobody_from_being_woken(timers: list[float]):
    ticks = Ticks(0.25)
    past = asyncio.get_running_loop().time() - 10.0
    leaver, stayer = (asyncio.create_task(ticks.wait_until(past)) for _ in range(2))
    await asyncio.sleep(0)
    leaver.cancel()
    await stayer

    assert leaver.cancelled()
    assert len(timers) == 1
    assert ticks._waiting == {}
