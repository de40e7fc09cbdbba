"""Tokens as the vendors of OpenAI's wire count them, in our count."""

import msgspec

from gateway.adapters.providers.openai_chat.chunks import Figures, InputDetails, OutputDetails
from gateway.domain.messages import Usage, UsageSource

_NOTHING_INSIDE, _NOTHING_THOUGHT = InputDetails(), OutputDetails()
_encode = msgspec.json.Encoder().encode


def usage_of(figures: Figures) -> Usage | None:
    """Return the total, None for figures that say nothing."""
    if figures.prompt_tokens is None and figures.total_tokens is None:
        return None
    read = figures.prompt_tokens or 0
    total = figures.total_tokens
    written = figures.completion_tokens
    if written is None:
        written = max(0, (total or 0) - read)
    inside = figures.prompt_tokens_details or _NOTHING_INSIDE
    thought = (figures.completion_tokens_details or _NOTHING_THOUGHT).reasoning_tokens or 0
    if thought and total == read + written + thought:
        written += thought  # most count thoughts among what was written; the sum tells who not
    return Usage(
        input_total=read,
        output_total=written,
        source=UsageSource.PROVIDER,
        input_cached=inside.cached_tokens or figures.prompt_cache_hit_tokens or 0,
        input_cache_write_5m=inside.cache_creation_input_tokens or inside.cache_write_tokens or 0,
        output_reasoning=thought,
        told=_encode(figures).decode(),
    )
