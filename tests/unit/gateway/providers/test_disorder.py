"""Whatever a vendor sends, in whatever order: the promises of the normal form hold."""

import json
from collections.abc import Iterable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.adapters.providers.anthropic.passing import Passing
from gateway.adapters.providers.anthropic.reading import Reading as AnthropicReading
from gateway.adapters.providers.gemini.reading import Reading as GeminiReading
from gateway.adapters.providers.sse import Frame
from gateway.domain.errors import ProviderError
from gateway.domain.messages import Delta, Finish, Passthrough, Start, ToolCallDelta

WHO: dict[str, Any] = {"request_id": "q", "provider": "p", "model": "m"}

INDEXES = st.integers(0, 2)
TOKENS = st.none() | st.integers(0, 99)


def event(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": st.just(kind)}, optional=fields)


FIGURES = st.fixed_dictionaries(
    {},
    optional={
        "input_tokens": TOKENS,
        "output_tokens": TOKENS,
        "cache_creation_input_tokens": TOKENS,
    },
)
BLOCKS = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "thinking", "tool_use", "redacted_thinking", "other"])},
    optional={
        "text": st.text(max_size=3),
        "id": st.sampled_from([None, "", "a", "b"]),
        "name": st.sampled_from([None, "f"]),
        "input": st.sampled_from([None, {}, {"x": 1}]),
        "data": st.sampled_from([None, 5, "s"]),
    },
)
PIECES = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            ["text_delta", "input_json_delta", "thinking_delta", "signature_delta", "other"]
        )
    },
    optional={
        "text": st.text(max_size=3),
        "partial_json": st.sampled_from(["", "{", "}"]),
        "thinking": st.text(max_size=3),
        "signature": st.sampled_from(["", "s"]),
    },
)
ENDINGS = st.fixed_dictionaries(
    {}, optional={"stop_reason": st.sampled_from([None, "end_turn", "tool_use", "max_tokens"])}
)
EVENTS = st.one_of(
    event("message_start", message=st.fixed_dictionaries({}, optional={"usage": FIGURES})),
    event("content_block_start", index=INDEXES, content_block=BLOCKS),
    event("content_block_delta", index=INDEXES, delta=PIECES),
    event("content_block_stop", index=INDEXES),
    event("message_delta", delta=ENDINGS, usage=FIGURES),
    event("message_stop"),
    event("ping"),
)

PARTS = st.fixed_dictionaries(
    {},
    optional={
        "text": st.text(max_size=3),
        "thought": st.booleans(),
        "thoughtSignature": st.sampled_from(["", "s"]),
        "functionCall": st.fixed_dictionaries(
            {},
            optional={
                "id": st.sampled_from(["", "a"]),
                "name": st.sampled_from(["", "f"]),
                "args": st.sampled_from([None, {}, {"x": 1}]),
                "willContinue": st.booleans(),
                "partialArgs": st.sampled_from(
                    [[], [{"jsonPath": "$.a", "stringValue": "x", "willContinue": True}]]
                ),
            },
        ),
    },
)
RESPONSES = st.fixed_dictionaries(
    {},
    optional={
        "candidates": st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "content": st.fixed_dictionaries({}, optional={"parts": st.lists(PARTS)}),
                    "finishReason": st.sampled_from([None, "STOP", "SAFETY"]),
                },
            ),
            max_size=1,
        ),
        "usageMetadata": st.fixed_dictionaries({}, optional={"promptTokenCount": TOKENS}),
    },
)


def frames_of(things: Iterable[dict[str, Any]]) -> list[Frame]:
    frames = []
    for thing in things:
        data = json.dumps(thing, separators=(",", ":")).encode()
        name = str(thing.get("type", ""))
        frames.append(Frame(data, name, b"event: %b\ndata: %b\n\n" % (name.encode(), data)))
    return frames


def read(reading: AnthropicReading | GeminiReading, frames: list[Frame]) -> list[Delta]:
    deltas: list[Delta] = []
    try:
        for frame in frames:
            deltas.extend(reading.take([frame]))
        deltas.append(reading.end())
    except ProviderError:
        pass
    return deltas


def check(deltas: list[Delta]) -> None:
    assert sum(isinstance(delta, Start) for delta in deltas) <= 1
    assert not deltas or isinstance(deltas[0], Start)
    assert not any(isinstance(delta, Finish) for delta in deltas[:-1])
    calls = [delta for delta in deltas if isinstance(delta, ToolCallDelta)]
    opened = [call for call in calls if call.id]
    assert [call.index for call in opened] == list(range(len(opened)))
    assert len({call.id for call in opened}) == len(opened)
    for index in {call.index for call in calls}:
        first, *others = [call for call in calls if call.index == index]
        assert first.id
        assert not any(call.id for call in others)


@given(st.lists(EVENTS, max_size=12))
def test_anthropics_events_in_any_order_keep_the_promises(events: list[dict[str, Any]]):
    check(read(AnthropicReading(**WHO), frames_of(events)))


@given(st.lists(EVENTS, max_size=12))
def test_anthropics_events_in_any_order_are_passed_on_in_that_order(events: list[dict[str, Any]]):
    frames = frames_of(events)

    deltas = read(Passing(**WHO), frames)

    check(deltas)
    passed = b"".join(delta.data for delta in deltas if isinstance(delta, Passthrough))
    assert b"".join(frame.raw for frame in frames).startswith(passed)


@given(st.lists(RESPONSES, max_size=8))
def test_geminis_responses_in_any_order_keep_the_promises(responses: list[dict[str, Any]]):
    check(read(GeminiReading(**WHO), frames_of(responses)))
