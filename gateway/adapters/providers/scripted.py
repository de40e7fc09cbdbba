"""The scripted provider: reads a given text aloud, at a pace, and misbehaves when told to.

It goes through the same port as any model, so a game without a key uses the very pipeline a
game with one does. It also serves as the fault double of tests and demonstrations.
"""

import asyncio
from collections.abc import AsyncGenerator
from weakref import WeakKeyDictionary

from gateway.adapters.providers.ticks import Ticks
from gateway.domain.catalog import SCRIPTED, Target
from gateway.domain.errors import InvalidRequestError, ProviderUnavailableError
from gateway.domain.messages import (
    ChatRequest,
    Delta,
    Finish,
    FinishReason,
    Script,
    Start,
    TextDelta,
    Usage,
    UsageSource,
)
from gateway.domain.scripting import pacing
from gateway.domain.tokens import estimated_tokens

TICK_SECONDS = 0.005  # half of what the relay waits for company; nobody sees it


class ScriptedProvider:
    """Speaks ``request.script``; closing the stream silences it at once."""

    name = SCRIPTED

    def __init__(self) -> None:
        """Begin in silence; who speaks on one loop at about the same time wakes it together."""
        self._ticks: WeakKeyDictionary[asyncio.AbstractEventLoop, Ticks] = WeakKeyDictionary()

    async def stream(self, request: ChatRequest, target: Target) -> AsyncGenerator[Delta, None]:
        """Yield Start, the text in paced chunks, Finish; or what the script's faults say."""
        script = request.script
        if script is None:
            raise InvalidRequestError("the scripted provider was given nothing to say")
        yield Start(id=request.request_id, provider=target.provider.name, model=target.model)
        loop = asyncio.get_running_loop()
        ticks = self._ticks.setdefault(loop, Ticks(TICK_SECONDS))
        due_at = loop.time() + script.first_delay_seconds
        n_spoken = 0
        for chunk in pacing(script.text, pace_cps=script.pace_cps, seed=script.seed):
            if await _is_cut(script, n_spoken):
                return
            # Due times are absolute: a loop that was late once does not stay late.
            due_at += chunk.delay_seconds
            await ticks.wait_until(due_at)
            yield TextDelta(chunk.text)
            n_spoken += len(chunk.text)
        if await _is_cut(script, n_spoken):
            return
        yield Finish(FinishReason.STOP, _usage(request, script))


async def _is_cut(script: Script, n_spoken: int) -> bool:
    """Carry out the fault that is due; True when the stream ends without a word."""
    if script.fail_after is not None and n_spoken >= script.fail_after:
        raise ProviderUnavailableError("the script says to fail here")
    if script.stall_after is not None and n_spoken >= script.stall_after:
        await asyncio.Event().wait()
    return script.cut_after is not None and n_spoken >= script.cut_after


def _usage(request: ChatRequest, script: Script) -> Usage:
    return Usage(
        input_total=sum(estimated_tokens(message.text) for message in request.messages),
        output_total=estimated_tokens(script.text),
        source=UsageSource.PROVIDER,
    )
