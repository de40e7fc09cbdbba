"""What every provider promises; so far there is one, and a fake that plays others."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing

import pytest

from gateway.adapters.providers.scripted import ScriptedProvider
from gateway.domain.errors import GatewayError, ProviderUnavailableError
from gateway.domain.messages import (
    ChatRequest,
    Delta,
    Failed,
    Finish,
    FinishReason,
    Script,
    Start,
    TextDelta,
    Usage,
)
from gateway.domain.ports import ChatProvider
from tests.fakes.gateway import FakeProvider, make_target

TEXT = "Show me the number. 谁负责？"
START = Start("q", "fake", "m")
TARGET = make_target()
Make = Callable[[], ChatProvider]


def request(**script: float) -> ChatRequest:
    """Return a request for the text, spoken as fast as can be."""
    return ChatRequest("q", "any", "m", script=Script(TEXT, pace_cps=1e9, **script))  # type: ignore[arg-type]


async def said(provider: ChatProvider, asked: ChatRequest) -> list[Delta]:
    """Return all deltas of a call."""
    async with aclosing(provider.stream(asked, TARGET)) as deltas:
        return [delta async for delta in deltas]


TALKERS = {
    "fake": lambda: FakeProvider(START, TextDelta(TEXT), Finish(FinishReason.STOP, Usage(0, 9))),
    "scripted": ScriptedProvider,
}
STALLERS = {
    "fake": (lambda: FakeProvider(START, TextDelta("Show"), None), {}),
    "scripted": (ScriptedProvider, {"stall_after": 4}),
}
FAILERS = {
    "fake": (
        lambda: FakeProvider(START, TextDelta("Show"), ProviderUnavailableError("down")),
        {},
    ),
    "scripted": (ScriptedProvider, {"fail_after": 4}),
}


@pytest.mark.parametrize("make", TALKERS.values(), ids=TALKERS)
async def test_a_call_is_one_start_then_text_then_one_finish(make: Make) -> None:
    deltas = await said(make(), request())

    assert isinstance(deltas[0], Start)
    assert isinstance(deltas[-1], Finish)
    assert "".join(delta.text for delta in deltas if isinstance(delta, TextDelta)) == TEXT
    assert sum(isinstance(delta, Start | Finish | Failed) for delta in deltas) == 2


@pytest.mark.parametrize("make", TALKERS.values(), ids=TALKERS)
async def test_the_finish_carries_the_usage(make: Make) -> None:
    deltas = await said(make(), request())

    assert isinstance(deltas[-1], Finish)
    assert deltas[-1].usage is not None
    assert deltas[-1].usage.output_total > 0


@pytest.mark.parametrize(("make", "script"), STALLERS.values(), ids=STALLERS)
async def test_cancelling_the_wait_for_a_delta_closes_the_call(
    make: Make, script: dict[str, float]
) -> None:
    deltas = make().stream(request(**script), TARGET)
    taken: list[Delta] = []

    async def take_all() -> None:
        async for delta in deltas:
            taken.append(delta)

    task = asyncio.create_task(take_all())
    while not any(isinstance(delta, TextDelta) for delta in taken):  # noqa: ASYNC110
        await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(StopAsyncIteration):
        await anext(deltas)


@pytest.mark.parametrize(("make", "script"), FAILERS.values(), ids=FAILERS)
async def test_a_failure_is_one_of_the_gateways_own_errors(
    make: Make, script: dict[str, float]
) -> None:
    with pytest.raises(GatewayError):
        await said(make(), request(**script))
