"""Tokens counted by eye."""

import json

import pytest

from gateway.domain.tokens import estimated_tokens, estimated_tokens_of_json


def test_english_is_about_five_characters_a_token() -> None:
    assert estimated_tokens("Show me the number, please.") == 6


def test_chinese_is_three_tokens_for_four_characters() -> None:
    assert estimated_tokens("数字呢？") == 3  # the full-width mark is wide as well


def test_nothing_is_no_tokens() -> None:
    assert estimated_tokens("") == 0


@pytest.mark.parametrize("is_ascii", [True, False])
def test_a_body_is_counted_alike_whether_its_wide_characters_are_escaped(is_ascii) -> None:
    body = json.dumps("数字呢？" * 100, ensure_ascii=is_ascii).encode()
    assert estimated_tokens_of_json(body) == 301


def test_an_english_body_is_about_five_bytes_a_token() -> None:
    assert estimated_tokens_of_json(b'"' + b"word " * 96 + b'"') == 101
