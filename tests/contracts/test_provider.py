"""What every provider promises: the scripted one, those who speak a vendor's wire, and a fake.

The vendors are played by a server on loopback; see `tests.fakes.upstream`.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass

import pytest

from gateway.adapters.providers.anthropic import AnthropicProvider
from gateway.adapters.providers.gemini import GeminiProvider
from gateway.adapters.providers.http import Http
from gateway.adapters.providers.openai_chat import OpenAIChatProvider
from gateway.adapters.providers.scripted import ScriptedProvider
from gateway.domain.catalog import Provider, Target
from gateway.domain.errors import GatewayError, ProviderUnavailableError
from gateway.domain.messages import (
    ChatRequest,
    Delta,
    Dialect,
    Failed,
    Finish,
    FinishReason,
    Message,
    Role,
    Script,
    Start,
    TextDelta,
    Usage,
)
from gateway.domain.ports import ChatProvider
from tests.fakes.gateway import FakeProvider, make_target
from tests.fakes.upstream import Upstream

TEXT = "Show me the number. 谁负责？"
START = Start("q", "fake", "m")


@dataclass(frozen=True, slots=True)
class Talk:
    """A provider that is about to talk, and how to ask it."""

    provider: ChatProvider
    target: Target
    request: ChatRequest

    def stream(self) -> AsyncGenerator[Delta, None]:
        """Ask."""
        return self.provider.stream(self.request, self.target)

    async def said(self) -> list[Delta]:
        """Return all deltas of a call."""
        async with aclosing(self.stream()) as deltas:
            return [delta async for delta in deltas]


class FakeStage:
    """Has the fake say what is wanted."""

    def talks(self) -> Talk:
        return self._talk(START, TextDelta(TEXT), Finish(FinishReason.STOP, Usage(0, 9)))

    def stalls(self) -> Talk:
        return self._talk(START, TextDelta("Show"), None)

    def fails(self) -> Talk:
        return self._talk(START, TextDelta("Show"), ProviderUnavailableError("down"))

    def _talk(self, *steps: Delta | GatewayError | None) -> Talk:
        return Talk(FakeProvider(*steps), make_target(), ChatRequest("q", "any", "m"))


class ScriptedStage:
    """Has the scripted provider read a script, as fast as can be."""

    def talks(self) -> Talk:
        return self._talk()

    def stalls(self) -> Talk:
        return self._talk(stall_after=4)

    def fails(self) -> Talk:
        return self._talk(fail_after=4)

    def _talk(self, **script: int) -> Talk:
        read = Script(TEXT, pace_cps=1e9, **script)  # type: ignore[arg-type]
        return Talk(ScriptedProvider(), make_target(), ChatRequest("q", "any", "m", script=read))


@dataclass(frozen=True, slots=True)
class WireStage:
    """Has a vendor's server answer."""

    upstream: Upstream
    provider: ChatProvider
    dialect: Dialect

    def talks(self) -> Talk:
        self.upstream.say(TEXT)
        return self._talk()

    def stalls(self) -> Talk:
        self.upstream.say(TEXT, stall_after=1)
        return self._talk()

    def fails(self) -> Talk:
        self.upstream.say(TEXT, error_after=1)
        return self._talk()

    def _talk(self) -> Talk:
        there = Provider("p", self.provider.name, self.dialect, base_url=self.upstream.base_url)
        asked = (Message.plain(Role.USER, "Who?"),)
        return Talk(self.provider, Target(there, "m"), ChatRequest("q", "p", "m", asked))


WIRES: dict[str, tuple[Callable[[Http], ChatProvider], Dialect]] = {
    "anthropic": (AnthropicProvider, Dialect.ANTHROPIC),
    "gemini": (GeminiProvider, Dialect.GEMINI),
    "openai_chat": (OpenAIChatProvider, Dialect.OPENAI),
}
Stage = FakeStage | ScriptedStage | WireStage


@pytest.fixture(params=["fake", "scripted", *WIRES])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """Who is under test, and whoever makes it talk."""
    if request.param not in WIRES:
        yield FakeStage() if request.param == "fake" else ScriptedStage()
        return
    make, dialect = WIRES[request.param]
    http = Http()
    async with Upstream() as upstream:
        yield WireStage(upstream, make(http), dialect)
        await http.aclose()


async def test_a_call_is_one_start_then_text_then_one_finish(stage: Stage) -> None:
    deltas = await stage.talks().said()

    assert isinstance(deltas[0], Start)
    assert isinstance(deltas[-1], Finish)
    assert "".join(delta.text for delta in deltas if isinstance(delta, TextDelta)) == TEXT
    assert sum(isinstance(delta, Start | Finish | Failed) for delta in deltas) == 2


async def test_the_finish_carries_the_usage(stage: Stage) -> None:
    deltas = await stage.talks().said()

    assert isinstance(deltas[-1], Finish)
    assert deltas[-1].usage is not None
    assert deltas[-1].usage.output_total > 0


async def test_cancelling_the_wait_for_a_delta_closes_the_call(stage: Stage) -> None:
    deltas = stage.stalls().stream()
    has_talked = asyncio.Event()

    async def take_all() -> None:
        async for delta in deltas:
            if isinstance(delta, TextDelta):
                has_talked.set()

    task = asyncio.create_task(take_all())
    await has_talked.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(StopAsyncIteration):
        await anext(deltas)
    if isinstance(stage, WireStage):
        await stage.upstream.until_idle()
        assert stage.upstream.seen[0].is_gone


async def test_a_failure_is_one_of_the_gateways_own_errors(stage: Stage) -> None:
    with pytest.raises(GatewayError):
        await stage.fails().said()
