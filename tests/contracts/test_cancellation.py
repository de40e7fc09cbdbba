"""What every carrier of orders to stop promises."""

import asyncio

from gateway.domain.ports import CancelOrder, CancelSignals


async def test_an_order_reaches_the_one_who_speaks(cancels: CancelSignals) -> None:
    arrived: asyncio.Future[CancelOrder] = asyncio.get_running_loop().create_future()

    async with cancels.watch("room.t1.1", arrived.set_result):
        assert await cancels.send("room.t1.1", by="user")
        order = await asyncio.wait_for(arrived, 5)

    assert order.by == "user"


async def test_an_order_given_before_the_start_is_found_at_the_start(
    cancels: CancelSignals,
) -> None:
    await cancels.send("room.t1.1", by="user")
    orders: list[CancelOrder] = []

    async with cancels.watch("room.t1.1", orders.append):
        pass

    assert [order.by for order in orders] == ["user"]


async def test_only_the_first_order_counts(cancels: CancelSignals) -> None:
    answers = [await cancels.send("room.t1.1", by=by) for by in ("user", "shutdown", "user")]
    orders: list[CancelOrder] = []

    async with cancels.watch("room.t1.1", orders.append):
        pass

    assert answers == [True, False, False]
    assert [order.by for order in orders] == ["user"]


async def test_the_speaker_is_told_once(cancels: CancelSignals) -> None:
    orders: list[CancelOrder] = []
    other: asyncio.Future[CancelOrder] = asyncio.get_running_loop().create_future()

    async with (
        cancels.watch("room.t1.1", orders.append),
        cancels.watch("room.t2.1", other.set_result),
    ):
        await cancels.send("room.t1.1", by="user")
        await cancels.send("room.t1.1", by="user")
        await cancels.send("room.t2.1", by="user")  # carried after the two above
        await asyncio.wait_for(other, 5)

    assert len(orders) == 1


async def test_streams_are_not_stopped_for_each_other(cancels: CancelSignals) -> None:
    orders: list[CancelOrder] = []
    own: asyncio.Future[CancelOrder] = asyncio.get_running_loop().create_future()

    async with (
        cancels.watch("room.t1.1", orders.append),
        cancels.watch("room.t2.1", own.set_result),
    ):
        await cancels.send("room.t2.1", by="user")
        await asyncio.wait_for(own, 5)

    assert orders == []
