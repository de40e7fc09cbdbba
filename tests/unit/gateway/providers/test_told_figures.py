"""What a vendor counted, kept under its own names, without a word of anybody's."""

import json
from typing import Any

from gateway.adapters.providers.anthropic import events as anthropic
from gateway.adapters.providers.anthropic.reading import Totals as AnthropicTotals
from gateway.adapters.providers.gemini import events as gemini
from gateway.adapters.providers.gemini.reading import Totals as GeminiTotals


def anthropic_figures(**fields: Any) -> anthropic.Figures:
    return anthropic.Figures(**fields)


def test_what_anthropic_tells_in_two_places_is_one_object() -> None:
    totals = AnthropicTotals()
    totals.take(anthropic_figures(input_tokens=5, output_tokens=1))
    usage = totals.take(
        anthropic_figures(output_tokens=9, server_tool_use=anthropic.Tools(web_search_requests=2))
    )

    assert json.loads(usage.told) == {
        "input_tokens": 5,
        "output_tokens": 9,
        "server_tool_use": {"web_search_requests": 2},
    }


def test_the_names_of_models_are_no_figures() -> None:
    iterations = [anthropic.Iteration("fallback_message", "some-model")]
    usage = AnthropicTotals().take(anthropic_figures(input_tokens=5, iterations=iterations))

    assert json.loads(usage.told) == {"input_tokens": 5}


def test_gemini_is_quoted_in_its_own_words() -> None:
    usage = GeminiTotals().take(gemini.Figures(prompt_token_count=4, candidates_token_count=2))

    assert usage is not None
    assert json.loads(usage.told) == {"promptTokenCount": 4, "candidatesTokenCount": 2}
