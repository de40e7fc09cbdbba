"""How long the store may take to answer: what is late ends, what is ended by others stays so."""

import asyncio
import time

import pytest

from gateway.adapters.redis.gate_patience import Patience


async def wait_for(event: asyncio.Event, patience: Patience) -> str:
    with patience:
        await event.wait()
    return "answered"


async def test_what_comes_in_time_is_an_answer() -> None:
    event = asyncio.Event()
    event.set()

    assert await wait_for(event, Patience(60.0)) == "answered"


async def test_what_is_late_ends_with_a_timeout_and_the_task_goes_on() -> None:
    with pytest.raises(TimeoutError):
        await wait_for(asyncio.Event(), Patience(0.001))

    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_the_timer_of_one_wait_serves_the_next() -> None:
    patience, answered = Patience(0.01), asyncio.Event()
    answered.set()
    for _ in range(3):
        assert await wait_for(answered, patience) == "answered"

    with pytest.raises(TimeoutError):
        await wait_for(asyncio.Event(), patience)
    with pytest.raises(TimeoutError):
        await wait_for(asyncio.Event(), patience)
    assert await wait_for(answered, patience) == "answered"


async def test_nobody_is_ended_by_the_timer_of_a_wait_that_is_over() -> None:
    patience, answered, over = Patience(0.001), asyncio.Event(), asyncio.Event()
    answered.set()
    assert await wait_for(answered, patience) == "answered"
    asyncio.get_running_loop().call_later(0.01, over.set)

    await over.wait()


async def test_who_is_cancelled_by_others_is_cancelled() -> None:
    waiting = asyncio.create_task(wait_for(asyncio.Event(), Patience(60.0)))
    await asyncio.sleep(0)
    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_loop_that_was_busy_gives_another_chance() -> None:
    event = asyncio.Event()
    waiting = asyncio.create_task(wait_for(event, Patience(0.02)))
    await asyncio.sleep(0)
    loop = asyncio.get_running_loop()
    loop.call_soon(time.sleep, 0.04)
    loop.call_later(0.041, event.set)

    assert await waiting == "answered"
