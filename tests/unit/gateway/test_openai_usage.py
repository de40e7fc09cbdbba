"""Tokens as the vendors of OpenAI's wire count them."""

import json

import pytest

from gateway.adapters.providers.openai_chat.chunks import Figures, InputDetails, OutputDetails
from gateway.adapters.providers.openai_chat.usage import usage_of
from gateway.domain.messages import Usage, UsageSource


def used(read: int, written: int, **more: int) -> Usage:
    return Usage(read, written, UsageSource.PROVIDER, **more)


@pytest.mark.parametrize(
    ("figures", "usage"),
    [
        (Figures(), None),
        (Figures(completion_tokens=3), None),
        (Figures(3, 2, 5), used(3, 2)),
        (Figures(0, 0, 0), used(0, 0)),
        (Figures(prompt_tokens=3), used(3, 0)),
        (Figures(prompt_tokens=3, total_tokens=5), used(3, 2)),
        (Figures(total_tokens=5), used(0, 5)),
        (Figures(3, 2, 5, InputDetails(cached_tokens=1)), used(3, 2, input_cached=1)),
        (Figures(3, 2, 5, prompt_cache_hit_tokens=2), used(3, 2, input_cached=2)),
        (
            Figures(3, 2, 5, InputDetails(cache_write_tokens=1)),
            used(3, 2, input_cache_write_5m=1),
        ),
        (
            Figures(3, 4, 7, completion_tokens_details=OutputDetails(3)),
            used(3, 4, output_reasoning=3),
        ),
        (
            Figures(3, 1, 7, completion_tokens_details=OutputDetails(3)),
            used(3, 4, output_reasoning=3),
        ),
        (
            Figures(3, 4, None, completion_tokens_details=OutputDetails(3)),
            used(3, 4, output_reasoning=3),
        ),
    ],
)
def test_figures_of_every_kind_are_one_count(figures: Figures, usage: Usage | None) -> None:
    assert usage_of(figures) == usage


def test_the_vendors_own_figures_are_kept_beside_ours() -> None:
    figures = Figures(3, 4, 7, InputDetails(cached_tokens=0, audio_tokens=2), OutputDetails(3))
    usage = usage_of(figures)

    assert usage is not None
    assert json.loads(usage.told) == {
        "prompt_tokens": 3,
        "completion_tokens": 4,
        "total_tokens": 7,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 2},
        "completion_tokens_details": {"reasoning_tokens": 3},
    }
