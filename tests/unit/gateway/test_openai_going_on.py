"""An answer in OpenAI's frames, read back, and a request that goes on with it."""

import json

import pytest

from gateway.adapters.providers.openai_chat import OpenAIContinuation

FRAMES = [
    b'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":"One "}}]}\n\n',
    b'data: {"choices":[{"index":0,"delta":{"content":"two "}}]}\n\n: still here\n\n',
    b'data: {"choices":[{"index":0}]}\n\n',
    b"data: [DONE]\n\n",
]


def test_comments_and_marks_are_no_words() -> None:
    assert OpenAIContinuation().words_of(FRAMES) == "One two "


@pytest.mark.parametrize(
    "frame",
    [
        b'data: {"choices":[{"index":0,"delta":{"tool_calls":[{}]}}]}\n\n',
        b'data: {"choices":[{"index":0,"delta":{"function_call":{}}}]}\n\n',
        b'data: {"choices":[{"index":0,"delta":{"refusal":"no"}}]}\n\n',
        b'data: {"choices":[{"index":1,"delta":{"content":"b"}}]}\n\n',
        b"data: {broken\n\n",
    ],
    ids=["tool", "function", "refusal", "second voice", "not JSON"],
)
def test_frames_with_more_than_words_are_not_gone_on_from(frame: bytes) -> None:
    assert OpenAIContinuation().words_of([*FRAMES, frame]) is None


def test_every_field_of_the_request_stays_as_it_came() -> None:
    body = b'{"model":"m","messages":[{"role":"user","content":"Why?"}],"top_k":3}'
    prolonged = OpenAIContinuation().prolonged(body, "One two ")

    assert prolonged is not None
    assert json.loads(prolonged) == {
        "model": "m",
        "messages": [
            {"role": "user", "content": "Why?"},
            {"role": "assistant", "content": "One two "},
        ],
        "top_k": 3,
    }


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"messages":1}', b"no"])
def test_a_body_without_messages_is_not_prolonged(body: bytes) -> None:
    assert OpenAIContinuation().prolonged(body, "said") is None
