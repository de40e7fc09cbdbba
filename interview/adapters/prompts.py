"""The game's prompts as the gateway takes them."""

from gateway import facade
from interview.domain.speaking.prompt import Prompt

_ROLES = {"system": facade.Role.SYSTEM, "user": facade.Role.USER}


def chat_request(prompt: Prompt, *, request_id: str, route: str) -> facade.ChatRequest:
    """Return the request that puts the prompt to a route."""
    return facade.ChatRequest(
        request_id=request_id,
        provider="",
        model=route,
        messages=tuple(
            facade.Message.plain(_ROLES[message.role], message.text) for message in prompt.messages
        ),
        max_output_tokens=prompt.max_tokens,
        temperature=prompt.temperature,
        stop=prompt.stop,
        # A line has its length and its moment; whoever thinks first has spent both.
        reasoning_effort="none",
    )
