"""What everybody promises who reads an answer back to go on with it."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import pytest

from gateway.adapters.providers.openai_chat import OpenAIContinuation
from gateway.domain.ports import Continuation
from tests.fakes.continuing import PlainContinuation


@dataclass(frozen=True, slots=True)
class Twin:
    """A dialect: its frames of words, one of something else, a body, and what a body ends with."""

    port: Continuation
    frame: Callable[[str], bytes]
    other: bytes
    body: bytes
    last_said: Callable[[bytes], str]


def openai_frame(words: str) -> bytes:
    return b"data: %s\n\n" % msgspec.json.encode({"choices": [{"delta": {"content": words}}]})


TWINS = {
    "memory": Twin(
        PlainContinuation(),
        frame=str.encode,
        other=b"!a tool",
        body=b"Why?",
        last_said=lambda body: body.split(b"\n")[-1].decode(),
    ),
    "openai": Twin(
        OpenAIContinuation(),
        frame=openai_frame,
        other=b'data: {"choices":[{"delta":{"tool_calls":[{}]}}]}\n\n',
        body=b'{"messages":[{"role":"user","content":"Why?"}]}',
        last_said=lambda body: str(msgspec.json.decode(body)["messages"][-1]["content"]),
    ),
}


@pytest.fixture(params=list(TWINS))
def twin(request: pytest.FixtureRequest) -> Twin:
    return TWINS[request.param]


def test_words_come_back_as_they_were_said(twin: Twin) -> None:
    frames = [twin.frame(words) for words in ("One ", "", "“two” ")]

    assert twin.port.words_of(frames) == "One “two” "
    assert twin.port.words_of([]) == ""


def test_more_than_words_is_nothing_to_go_on_from(twin: Twin) -> None:
    assert twin.port.words_of([twin.frame("One "), twin.other]) is None


def test_what_was_said_is_the_last_thing_in_a_prolonged_request(twin: Twin) -> None:
    body = twin.port.prolonged(twin.body, "One two ")

    assert body is not None
    assert twin.last_said(body) == "One two "


def test_a_request_without_a_place_for_it_is_not_prolonged(twin: Twin) -> None:
    assert twin.port.prolonged(b"", "said") is None
