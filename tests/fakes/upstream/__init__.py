"""A model server on loopback that does as it is told, above all the wrong things.

    async with Upstream() as upstream:
        upstream.fail(429, retry_after="2")           # the first request
        upstream.say("Show me the number.")           # the second
        upstream.say("Well.", cut_after=1, cut=Cut.RESET)
        provider = Provider("p", "openai_chat", Dialect.OPENAI, base_url=upstream.base_url)
        ...
        assert upstream.seen[0].json["model"] == "m"
        await upstream.until(lambda: upstream.seen[-1].is_gone)   # our side hung up

Replies are taken in the order they were given, first those for the model that is asked for
(``model=``), then those for any. When none is left, `otherwise` is said; `decide` comes first,
for replies that depend on what was asked. Every request is
kept in `seen` with what became of it. It speaks the dialects of OpenAI (chat, embeddings),
Anthropic and Gemini; `DIALECTS` takes more. `upstream_in_thread` runs it beside code that
blocks, ``python -m tests.fakes.upstream`` as a process of its own.
"""

from tests.fakes.upstream.anthropic import AnthropicWire
from tests.fakes.upstream.dialects import DIALECTS, Wire, WireDialect
from tests.fakes.upstream.gemini import GeminiWire
from tests.fakes.upstream.replies import Cut, Reply
from tests.fakes.upstream.server import Seen, Upstream, upstream_in_thread

DIALECTS.extend((AnthropicWire(), GeminiWire()))

__all__ = [
    "DIALECTS",
    "Cut",
    "Reply",
    "Seen",
    "Upstream",
    "Wire",
    "WireDialect",
    "upstream_in_thread",
]
