"""The table of providers: a name in the catalog leads to the adapter that speaks its wire."""

from collections.abc import Callable, Mapping

from gateway.adapters.providers.anthropic import AnthropicProvider
from gateway.adapters.providers.gemini import GeminiProvider
from gateway.adapters.providers.http import Http
from gateway.adapters.providers.openai_chat import OpenAIChatProvider, OpenAIContinuation
from gateway.adapters.providers.scripted import ScriptedProvider
from gateway.domain.messages import Dialect
from gateway.domain.ports import ChatProvider, Continuation

PROVIDERS: Mapping[str, Callable[[Http], ChatProvider]] = {
    ScriptedProvider.name: lambda _: ScriptedProvider(),
    OpenAIChatProvider.name: OpenAIChatProvider,
    AnthropicProvider.name: AnthropicProvider,
    GeminiProvider.name: GeminiProvider,
}
#: Of the dialects programs speak, those in which an answer can be gone on with.
CONTINUATIONS: Mapping[Dialect, Continuation] = {Dialect.OPENAI: OpenAIContinuation()}


def build_providers(http: Http) -> dict[str, ChatProvider]:
    """Return every adapter; those that go over the network share the way out."""
    return {name: build(http) for name, build in PROVIDERS.items()}
