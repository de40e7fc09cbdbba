"""The guard around every wait of a stream."""

import asyncio
import contextlib
import weakref

import pytest

from gateway.domain.errors import DeadlinePhase, ProviderTimeoutError, StoppedError
from gateway.domain.ports import CancelOrder
from gateway.services.watchdog import Watchdog

ORDER = CancelOrder("user", at=1.0)
LONG = 3600.0


async def for_ever() -> None:
    await asyncio.Event().wait()


async def test_a_wait_ends_with_the_phase_whose_time_is_up() -> None:
    with pytest.raises(ProviderTimeoutError) as raised:
        await Watchdog().until(for_ever, seconds=0.0, phase=DeadlinePhase.FIRST)
    assert raised.value.phase is DeadlinePhase.FIRST


async def test_the_whole_call_may_be_over_before_the_phase_is() -> None:
    watchdog = Watchdog()
    watchdog.end_at(watchdog.now)
    with pytest.raises(ProviderTimeoutError) as raised:
        await watchdog.until(for_ever, seconds=LONG, phase=DeadlinePhase.IDLE)
    assert raised.value.phase is DeadlinePhase.TOTAL


async def test_a_nearer_deadline_after_a_far_one_holds() -> None:
    watchdog = Watchdog()

    async def at_once() -> str:
        return "said"

    assert await watchdog.until(at_once, seconds=LONG, phase=DeadlinePhase.FIRST) == "said"
    with pytest.raises(ProviderTimeoutError):
        await watchdog.until(for_ever, seconds=0.0, phase=DeadlinePhase.IDLE)


async def test_a_deadline_that_moved_on_cuts_nothing() -> None:
    watchdog = Watchdog()
    turns = iter(range(50))

    async def a_moment() -> int:
        await asyncio.sleep(0)
        return next(turns)

    heard = [
        await watchdog.until(a_moment, seconds=0.2, phase=DeadlinePhase.IDLE) for _ in range(50)
    ]
    assert heard == list(range(50))


async def test_an_order_ends_the_wait_and_every_later_one() -> None:
    watchdog = Watchdog()
    asyncio.get_running_loop().call_soon(watchdog.stop, ORDER)
    with pytest.raises(StoppedError):
        await watchdog.until(for_ever, seconds=LONG, phase=DeadlinePhase.IDLE)
    watchdog.stop(CancelOrder("fenced", at=2.0))
    with pytest.raises(StoppedError):
        await watchdog.until(for_ever, seconds=LONG, phase=DeadlinePhase.IDLE)
    assert watchdog.order is ORDER


async def test_a_step_that_keeps_the_cut_to_itself_leaves_no_trace_of_it() -> None:
    watchdog = Watchdog()

    async def stubborn() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "done anyway"
        return "never"

    asyncio.get_running_loop().call_soon(watchdog.stop, ORDER)
    said = await watchdog.until(stubborn, seconds=LONG, phase=DeadlinePhase.IDLE)
    task = asyncio.current_task()
    assert task is not None
    assert (said, task.cancelling()) == ("done anyway", 0)


async def test_a_cancel_from_outside_goes_on_its_way() -> None:
    watchdog = Watchdog()

    async def waiting() -> None:
        await watchdog.until(for_ever, seconds=LONG, phase=DeadlinePhase.IDLE)

    task = asyncio.create_task(waiting())
    await asyncio.sleep(0)
    watchdog.stop(ORDER)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()


async def test_waits_of_one_context_have_each_their_own_deadline() -> None:
    watchdog = Watchdog()

    async def waits() -> None:
        with watchdog:
            watchdog.wait(watchdog.now + LONG, DeadlinePhase.FIRST)
            await asyncio.sleep(0)
            watchdog.came()
            watchdog.wait(watchdog.now, DeadlinePhase.IDLE)
            await for_ever()

    with pytest.raises(ProviderTimeoutError) as raised:
        await waits()
    assert raised.value.phase is DeadlinePhase.IDLE


async def test_time_between_two_waits_is_nobodys() -> None:
    watchdog = Watchdog()
    with watchdog:
        watchdog.wait(watchdog.now, DeadlinePhase.FIRST)
        watchdog.came()
        watchdog.due()
        watchdog.wait(watchdog.now + LONG, DeadlinePhase.IDLE)
        watchdog.due()
        await asyncio.sleep(0)
        watchdog.came()


async def test_an_order_between_two_waits_lets_the_next_one_not_begin() -> None:
    watchdog = Watchdog()

    async def waits() -> None:
        with watchdog:
            watchdog.wait(watchdog.now + LONG, DeadlinePhase.IDLE)
            watchdog.came()
            watchdog.stop(ORDER)
            await asyncio.sleep(0)
            watchdog.wait(watchdog.now + LONG, DeadlinePhase.IDLE)

    with pytest.raises(StoppedError):
        await waits()


async def test_a_cut_that_came_to_nothing_does_not_save_the_next_wait() -> None:
    watchdog = Watchdog()

    async def waits() -> None:
        with watchdog:
            watchdog.wait(watchdog.now, DeadlinePhase.FIRST)
            with contextlib.suppress(asyncio.CancelledError):
                await for_ever()
            watchdog.came()
            watchdog.wait(watchdog.now, DeadlinePhase.IDLE)
            await for_ever()

    with pytest.raises(ProviderTimeoutError) as raised:
        await waits()
    assert raised.value.phase is DeadlinePhase.IDLE


async def test_who_waits_no_more_is_kept_by_nobody() -> None:
    watchdog = Watchdog()
    with watchdog:
        watchdog.wait(watchdog.now + LONG, DeadlinePhase.IDLE)
        watchdog.came()
    gone = weakref.ref(watchdog)
    del watchdog
    assert gone() is None
