"""Tokens counted by eye."""

from gateway.domain.tokens import estimated_tokens


def test_english_is_about_five_characters_a_token() -> None:
    assert estimated_tokens("Show me the number, please.") == 6


def test_chinese_is_three_tokens_for_four_characters() -> None:
    assert estimated_tokens("数字呢？") == 3  # the full-width mark is wide as well


def test_nothing_is_no_tokens() -> None:
    assert estimated_tokens("") == 0
