"""Tokens counted by eye."""

import json

import pytest

from gateway.domain.tokens import (
    TOKENS_PER_PICTURE,
    estimated_tokens,
    estimated_tokens_of_json,
)


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


TWO_MEGABYTES = "iVBORw0KGgo" + "A" * 2_000_000
PICTURE = "image/png"


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": f"data:{PICTURE};base64,{TWO_MEGABYTES}"}},
        {
            "type": "image",
            "source": {"type": "base64", "media_type": PICTURE, "data": TWO_MEGABYTES},
        },
        {
            "source": {"data": TWO_MEGABYTES, "media_type": PICTURE, "type": "base64"},
            "type": "image",
        },
    ],
)
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_a_picture_sent_as_data_counts_as_a_picture_and_not_by_its_bytes(part, separators) -> None:
    body = json.dumps({"content": [part]}, separators=separators).encode()
    n_tokens = estimated_tokens_of_json(body)
    assert TOKENS_PER_PICTURE < n_tokens < TOKENS_PER_PICTURE + 60


def test_each_of_several_pictures_counts() -> None:
    part = {"type": "image_url", "image_url": {"url": f"data:{PICTURE};base64,{TWO_MEGABYTES}"}}
    body = json.dumps({"content": [part] * 3}).encode()
    assert 3 * TOKENS_PER_PICTURE < estimated_tokens_of_json(body) < 3 * TOKENS_PER_PICTURE + 120


@pytest.mark.parametrize(
    "part",
    [
        {"type": "input_audio", "input_audio": {"data": "A" * 100_000, "format": "wav"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64," + "A" * 100_000}},
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "A" * 100_000},
        },
    ],
)
def test_recordings_and_files_count_by_their_length_but_not_as_text(part) -> None:
    n_tokens = estimated_tokens_of_json(json.dumps({"content": [part]}).encode())
    assert 1_000 < n_tokens < 1_060


def test_a_small_icon_counts_as_the_few_characters_it_is() -> None:
    part = {"type": "image_url", "image_url": {"url": f"data:{PICTURE};base64," + "A" * 480}}
    n_tokens = estimated_tokens_of_json(json.dumps({"content": [part]}).encode())
    assert 100 < n_tokens < 130


def test_words_in_the_place_of_data_are_words() -> None:
    source = {"type": "text", "media_type": "text/plain", "data": "word " * 9_600}
    hint = {"type": "base64"}
    n_tokens = estimated_tokens_of_json(json.dumps([source, hint]).encode())
    assert 10_000 < n_tokens < 10_030


def test_data_without_an_end_is_counted_as_well() -> None:
    assert estimated_tokens_of_json(b"data:image/png;base64," + b"A" * 9_600) == 1_605
