"""OpenAI's chat completions, and all who copied them."""

from gateway.adapters.providers.openai_chat.going_on import OpenAIContinuation
from gateway.adapters.providers.openai_chat.provider import OpenAIChatProvider

__all__ = ["OpenAIChatProvider", "OpenAIContinuation"]
