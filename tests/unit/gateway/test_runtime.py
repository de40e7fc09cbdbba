"""The hand-over between the loop and a thread."""

import asyncio

import pytest

from gateway.domain.messages import FinishReason, Usage
from gateway.domain.speech import FirstToken, Outcome
from gateway.runtime import Handover


async def test_pieces_arrive_in_order_and_the_error_last() -> None:
    handover = Handover(asyncio.get_running_loop(), bound=3)
    for ttft in (1, 2):
        await handover.put(FirstToken(ttft))
    handover.finish(ValueError("broken"))

    pieces = handover.pieces()
    assert [next(pieces), next(pieces)] == [FirstToken(1), FirstToken(2)]
    with pytest.raises(ValueError, match="broken"):
        next(pieces)


async def test_a_loop_that_is_ahead_waits_for_the_thread() -> None:
    handover = Handover(asyncio.get_running_loop(), bound=1)
    await handover.put(FirstToken(1))
    assert not handover.offer(FirstToken(2))
    waiting = asyncio.create_task(handover.put(FirstToken(3)))
    await asyncio.sleep(0)
    assert not waiting.done()

    pieces = handover.pieces()
    assert next(pieces) == FirstToken(1)
    await waiting

    assert next(pieces) == FirstToken(3)


async def test_pieces_end_when_the_turn_does() -> None:
    handover = Handover(asyncio.get_running_loop())
    handover.finish(None)

    assert list(handover.pieces()) == []


async def test_an_outcome_is_written_once_the_thread_comes_back_for_more() -> None:
    outcome = Outcome("So.", 1, FinishReason.STOP, Usage(), duration_ms=5)
    handover = Handover(asyncio.get_running_loop())
    await handover.put(outcome)
    written = asyncio.create_task(handover.written())
    pieces = handover.pieces()
    assert next(pieces) == outcome
    await asyncio.sleep(0)
    assert not written.done()

    handover.finish(None)

    assert list(pieces) == []
    await written
