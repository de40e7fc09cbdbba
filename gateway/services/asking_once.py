"""A short question to a model and its whole answer: for a director, a judge, a summary."""

from contextlib import aclosing
from dataclasses import dataclass

from gateway.domain.caller import Caller
from gateway.domain.errors import GatewayError, StreamTruncatedError
from gateway.domain.messages import ChatRequest, Failed, Finish, TextDelta, Usage
from gateway.domain.ports import Ports
from gateway.services import completion
from gateway.services.calls import Call
from gateway.services.heartbeat import Heart
from gateway.services.watchdog import Watchdog


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said to the end, who said it, and what it used."""

    text: str
    provider: str
    model: str
    usage: Usage


async def ask(
    request: ChatRequest,
    *,
    caller: Caller,
    attributes: dict[str, str],
    budget_seconds: float,
    ports: Ports,
    heart: Heart,
) -> Answer:
    """Return the answer; raise the GatewayError of a call that failed or took longer."""
    call = Call(
        request,
        Watchdog(),
        attributes=attributes,
        caller=caller,
        budget_seconds=budget_seconds,
    )
    said: list[str] = []
    failure: GatewayError = StreamTruncatedError("the answer has no end")
    async with aclosing(completion.stream(call, ports=ports, heart=heart)) as deltas:
        async for delta in deltas:
            if isinstance(delta, TextDelta):
                said.append(delta.text)
            elif isinstance(delta, Failed):
                failure = delta.error
            elif isinstance(delta, Finish) and call.target is not None:
                target = call.target
                usage = delta.usage or call.usage()
                return Answer("".join(said), target.provider.name, target.model, usage)
    raise failure
