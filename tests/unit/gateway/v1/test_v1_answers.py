"""Deltas in each dialect's words, streamed and whole."""

import json

import pytest

from gateway.domain.errors import StreamTruncatedError
from gateway.domain.messages import (
    Finish,
    FinishReason,
    Passthrough,
    ReasoningDelta,
    Retract,
    Seam,
    Start,
    TextDelta,
    ToolCallDelta,
    Usage,
    UsageUpdate,
)
from gateway.v1.anthropic_answer import EventEncoder, MessageFolder
from gateway.v1.openai_answer import ChunkEncoder, CompletionFolder

START = Start("up-1", "acme", "m-1")
USAGE = Usage(input_total=10, output_total=4, input_cached=3, output_reasoning=1)
STOP = Finish(FinishReason.STOP, USAGE)
TOOLS = [
    ToolCallDelta(0, "", "call_1", "look"),
    ToolCallDelta(0, '{"at":'),
    ToolCallDelta(0, "1}"),
    ToolCallDelta(1, "{}", "call_2", "stop"),
]


def chunks(deltas, *, wants_usage=False):
    """The JSON of every chunk; the last is the text of the mark."""
    encoder = ChunkEncoder("r1", 100, wants_usage)
    *said, last = deltas
    frames = b"".join(encoder.encode(delta) for delta in said) + encoder.finish(last)
    assert frames.endswith(b"data: [DONE]\n\n")
    events = [event for event in frames.decode().split("\n\n") if event.startswith("data: {")]
    return [json.loads(event.removeprefix("data: ")) for event in events]


def events(deltas):
    """The JSON of every event, each checked against its name."""
    encoder = EventEncoder("r1", 7)
    *said, last = deltas
    frames = b"".join(encoder.encode(delta) for delta in said) + encoder.finish(last)
    found = []
    for event in frames.decode().removesuffix("\n\n").split("\n\n"):
        name, data = event.split("\n")
        found.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {found[-1]['type']}"
    return found


def folded(folder, deltas):
    *said, last = deltas
    for delta in said:
        folder.take(delta)
    return json.loads(folder.body(last))


def test_openais_stream_of_text():
    found = chunks([START, TextDelta('Wo"rt 数'), TextDelta(" zwei"), STOP])
    assert [chunk["choices"][0]["delta"] for chunk in found] == [
        {"role": "assistant", "content": ""},
        {"content": 'Wo"rt 数'},
        {"content": " zwei"},
        {},
    ]
    assert [chunk["choices"][0]["finish_reason"] for chunk in found] == [None, None, None, "stop"]
    assert {
        (chunk["id"], chunk["object"], chunk["created"], chunk["model"]) for chunk in found
    } == {("chatcmpl-r1", "chat.completion.chunk", 100, "m-1")}
    assert all("usage" not in chunk for chunk in found)


def test_openais_figures_come_only_when_asked_for():
    found = chunks([START, TextDelta("Wort"), STOP], wants_usage=True)
    assert [chunk["usage"] for chunk in found[:-1]] == [None, None, None]
    assert found[-1]["choices"] == []
    assert found[-1]["usage"] == {
        "prompt_tokens": 10,
        "completion_tokens": 4,
        "total_tokens": 14,
        "prompt_tokens_details": {"cached_tokens": 3},
        "completion_tokens_details": {"reasoning_tokens": 1},
    }


def test_openais_figures_may_have_come_before_the_end():
    deltas = [START, UsageUpdate(USAGE), TextDelta("Wort"), Finish(FinishReason.LENGTH)]
    found = chunks(deltas, wants_usage=True)
    assert found[-1]["usage"]["total_tokens"] == 14
    assert found[-2]["choices"][0]["finish_reason"] == "length"


def test_openais_tool_calls_come_in_pieces_by_index():
    found = chunks([START, *TOOLS, Finish(FinishReason.TOOL_CALLS)])
    calls = [chunk["choices"][0]["delta"].get("tool_calls") for chunk in found[1:-1]]
    assert calls == [
        [
            {
                "index": 0,
                "id": "call_1",
                "type": "function",
                "function": {"name": "look", "arguments": ""},
            }
        ],
        [{"index": 0, "function": {"arguments": '{"at":'}}],
        [{"index": 0, "function": {"arguments": "1}"}}],
        [
            {
                "index": 1,
                "id": "call_2",
                "type": "function",
                "function": {"name": "stop", "arguments": "{}"},
            }
        ],
    ]
    assert found[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_openais_thinking_has_a_field_of_its_own():
    found = chunks(
        [START, ReasoningDelta("hm"), ReasoningDelta("", "sealed"), TextDelta("A"), STOP]
    )
    assert found[1]["choices"][0]["delta"] == {"reasoning_content": "hm"}
    assert len(found) == 4


def test_an_answer_of_nothing_is_still_whole():
    found = chunks([START, STOP])
    assert [chunk["choices"][0]["delta"] for chunk in found] == [
        {"role": "assistant", "content": ""},
        {},
    ]


def test_openais_own_frames_pass_and_only_the_mark_is_added():
    encoder = ChunkEncoder("r1", 100, wants_usage=True)
    frame = b'data: {"choices": []}\n\n'
    assert encoder.encode(START) == b""
    assert encoder.encode(Passthrough(frame, 1)) == frame
    assert encoder.finish(STOP) == b"data: [DONE]\n\n"


def test_openais_seam_is_a_comment_and_the_role_is_not_said_again():
    encoder = ChunkEncoder("r1", 100, wants_usage=False)
    encoder.encode(START)
    encoder.encode(Passthrough(b"data: {}\n\n", 1))
    assert encoder.encode(Seam("b", "m-2", 12)) == b": seam b/m-2 at 12\n\n"
    assert b"role" not in encoder.encode(TextDelta("on"))
    assert encoder.finish(STOP).count(b"finish_reason") == 1


def test_openais_broken_stream_ends_with_its_error():
    frames = ChunkEncoder("r1", 100, wants_usage=False).fail(StreamTruncatedError())
    assert frames.startswith(b'data: {"error":{')
    assert frames.endswith(b"data: [DONE]\n\n")


def test_openais_whole_completion():
    found = folded(CompletionFolder("r1", 100), [START, TextDelta("a"), TextDelta("b"), STOP])
    assert found == {
        "id": "chatcmpl-r1",
        "object": "chat.completion",
        "created": 100,
        "model": "m-1",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "ab", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 10,
            "completion_tokens": 4,
            "total_tokens": 14,
            "prompt_tokens_details": {"cached_tokens": 3},
            "completion_tokens_details": {"reasoning_tokens": 1},
        },
    }


def test_openais_whole_completion_with_tools_and_thinking():
    deltas = [START, ReasoningDelta("hm"), *TOOLS, UsageUpdate(USAGE)]
    found = folded(CompletionFolder("r1", 1), [*deltas, Finish(FinishReason.TOOL_CALLS)])
    message = found["choices"][0]["message"]
    assert (message["content"], message["reasoning_content"]) == (None, "hm")
    assert [call["function"]["arguments"] for call in message["tool_calls"]] == ['{"at":1}', "{}"]
    assert found["usage"]["total_tokens"] == 14


@pytest.mark.parametrize("folder", [CompletionFolder("r1", 1), MessageFolder("r1")])
def test_a_vendors_whole_body_passes_untouched(folder):
    folder.take(Passthrough(b'{"own":  1}', is_whole=True))
    assert folder.body(STOP) == b'{"own":  1}'


def test_what_is_taken_back_is_not_in_a_whole_answer():
    said = [START, TextDelta("good"), TextDelta(" bad"), Retract("filter", 4)]
    ending = Finish(FinishReason.CONTENT_FILTER)
    found = folded(CompletionFolder("r1", 1), [*said, ending])
    assert found["choices"][0]["message"]["content"] == "good"
    assert found["choices"][0]["finish_reason"] == "content_filter"
    assert folded(MessageFolder("r1"), [*said, ending])["content"][0]["text"] == "good"


def test_anthropics_stream_of_text():
    found = events([START, TextDelta("Wo"), TextDelta("rt"), STOP])
    assert [event["type"] for event in found] == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert found[0]["message"] == {
        "id": "msg_r1",
        "type": "message",
        "role": "assistant",
        "model": "m-1",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {
            "input_tokens": 7,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": 0,
        },
    }
    assert found[1]["content_block"] == {"type": "text", "text": ""}
    assert found[2]["delta"] == {"type": "text_delta", "text": "Wo"}
    assert found[5]["delta"] == {"stop_reason": "end_turn", "stop_sequence": None}
    assert found[5]["usage"] == {
        "input_tokens": 7,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 3,
        "output_tokens": 4,
    }


def test_anthropics_blocks_are_opened_and_closed_one_after_the_other():
    found = events(
        [
            START,
            UsageUpdate(USAGE),
            ReasoningDelta("hm"),
            ReasoningDelta("", "sealed"),
            TextDelta("A"),
            *TOOLS,
            Finish(FinishReason.TOOL_CALLS),
        ]
    )
    assert [(event["type"], event.get("index")) for event in found[1:-2]] == [
        ("content_block_start", 0),
        ("content_block_delta", 0),
        ("content_block_delta", 0),
        ("content_block_stop", 0),
        ("content_block_start", 1),
        ("content_block_delta", 1),
        ("content_block_stop", 1),
        ("content_block_start", 2),
        ("content_block_delta", 2),
        ("content_block_delta", 2),
        ("content_block_stop", 2),
        ("content_block_start", 3),
        ("content_block_delta", 3),
        ("content_block_stop", 3),
    ]
    assert found[3]["delta"] == {"type": "signature_delta", "signature": "sealed"}
    assert found[8]["content_block"] == {
        "type": "tool_use",
        "id": "call_1",
        "name": "look",
        "input": {},
    }
    assert found[-2]["delta"]["stop_reason"] == "tool_use"
    assert found[0]["message"]["usage"]["cache_read_input_tokens"] == 3


@pytest.mark.parametrize(
    ("deltas", "blocks"),
    [
        (
            [TextDelta("A"), ReasoningDelta("", "gemini:s"), TextDelta("B")],
            [("text", 0), ("thinking", 1), ("text", 2)],
        ),
        (
            [ReasoningDelta("a", "s1"), ReasoningDelta("b"), TextDelta("B")],
            [("thinking", 0), ("thinking", 1), ("text", 2)],
        ),
        (
            [ReasoningDelta("a"), TextDelta("A"), ReasoningDelta("b"), TextDelta("B")],
            [("thinking", 0), ("text", 1), ("thinking", 2), ("text", 3)],
        ),
        (
            [ReasoningDelta("", "redacted:x"), TextDelta("A"), TOOLS[0], TextDelta("B")],
            [("redacted_thinking", 0), ("text", 1), ("tool_use", 2), ("text", 3)],
        ),
    ],
    ids=["late signature", "two thoughts", "in turns", "sealed"],
)
def test_anthropics_blocks_are_never_gone_on_with_after_their_end(deltas, blocks):
    found = events([START, *deltas, STOP])

    opened = [event for event in found if event["type"] == "content_block_start"]
    assert [(event["content_block"]["type"], event["index"]) for event in opened] == blocks
    is_open = None
    for event in found:
        if event["type"] == "content_block_start":
            assert is_open is None
            is_open = event["index"]
        elif event["type"] == "content_block_delta":
            assert event["index"] == is_open
        elif event["type"] == "content_block_stop":
            assert event["index"] == is_open
            is_open = None
    assert is_open is None


def test_a_sealed_thought_is_handed_on_as_it_came():
    found = events([START, ReasoningDelta("", "redacted:c2VhbGVk"), TextDelta("A"), STOP])

    assert found[1]["content_block"] == {"type": "redacted_thinking", "data": "c2VhbGVk"}
    whole = folded(
        MessageFolder("r1"), [START, ReasoningDelta("", "redacted:c2VhbGVk"), TextDelta("A"), STOP]
    )
    assert whole["content"] == [
        {"type": "redacted_thinking", "data": "c2VhbGVk"},
        {"type": "text", "text": "A"},
    ]


def test_a_message_keeps_the_order_and_the_signature_of_each_thought():
    said = [
        ReasoningDelta("a"),
        ReasoningDelta("", "s1"),
        ReasoningDelta("b", "s2"),
        TextDelta("A"),
        ReasoningDelta("", "gemini:s3"),
        *TOOLS[:3],
        TextDelta("B"),
    ]
    found = folded(MessageFolder("r1"), [START, *said, STOP])

    assert found["content"] == [
        {"type": "thinking", "thinking": "a", "signature": "s1"},
        {"type": "thinking", "thinking": "b", "signature": "s2"},
        {"type": "text", "text": "A"},
        {"type": "thinking", "thinking": "", "signature": "gemini:s3"},
        {"type": "tool_use", "id": "call_1", "name": "look", "input": {"at": 1}},
        {"type": "text", "text": "B"},
    ]


def test_what_is_taken_back_is_counted_over_all_words_of_a_message():
    said = [TextDelta("One "), *TOOLS[:1], TextDelta("two "), TextDelta("three"), Retract("f", 6)]
    found = folded(MessageFolder("r1"), [START, *said, STOP])

    assert [block.get("text") for block in found["content"]] == ["One ", None, "tw"]


def test_anthropics_own_events_pass_and_their_end_is_added_only_if_it_is_missing():
    encoder = EventEncoder("r1")
    assert encoder.encode(Passthrough(b"event: ping\n\n")) == b"event: ping\n\n"
    assert encoder.finish(STOP).startswith(b"event: message_stop\n")
    encoder.encode(Passthrough(b'event: message_stop\ndata: {"type":"message_stop"}\n\n'))
    assert encoder.finish(STOP) == b""


def test_anthropics_stream_goes_on_after_a_seam_in_the_block_it_was_in():
    encoder = EventEncoder("r1")
    encoder.encode(START)
    encoder.encode(Passthrough(b'{"type":"content_block_start"}', 1))
    encoder.encode(Passthrough(b'{"type":"content_block_start"}', 1))
    assert encoder.encode(Seam("b", "m-2", 12)) == b": seam b/m-2 at 12\n\n"
    went_on = encoder.encode(TextDelta("on"))
    assert went_on.count(b"event: ") == 1
    assert b'"index":1' in went_on
    assert encoder.finish(STOP).startswith(b"event: content_block_stop")


def test_anthropics_whole_message():
    deltas = [START, ReasoningDelta("hm", "sealed"), TextDelta("A"), *TOOLS]
    found = folded(MessageFolder("r1"), [*deltas, Finish(FinishReason.TOOL_CALLS, USAGE)])
    assert found["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": "sealed"},
        {"type": "text", "text": "A"},
        {"type": "tool_use", "id": "call_1", "name": "look", "input": {"at": 1}},
        {"type": "tool_use", "id": "call_2", "name": "stop", "input": {}},
    ]
    assert (found["stop_reason"], found["model"]) == ("tool_use", "m-1")
    assert found["usage"]["output_tokens"] == 4


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [("", {}), ("{", {"_invalid": "{"}), ("[1]", {"_invalid": "[1]"})],
)
def test_a_models_broken_arguments_can_be_seen(arguments, shown):
    call = ToolCallDelta(0, arguments, "c", "f")
    found = folded(MessageFolder("r1"), [START, call, UsageUpdate(USAGE), STOP])
    assert found["content"] == [{"type": "tool_use", "id": "c", "name": "f", "input": shown}]


def test_an_empty_message_has_an_empty_text():
    assert folded(MessageFolder("r1"), [START, STOP])["content"] == [{"type": "text", "text": ""}]


@pytest.mark.parametrize(
    ("reason", "openai", "anthropic"),
    [
        (FinishReason.STOP, "stop", "end_turn"),
        (FinishReason.LENGTH, "length", "max_tokens"),
        (FinishReason.TOOL_CALLS, "tool_calls", "tool_use"),
        (FinishReason.CONTENT_FILTER, "content_filter", "refusal"),
        (FinishReason.REFUSAL, "content_filter", "refusal"),
        (FinishReason.PAUSE, "stop", "pause_turn"),
        (FinishReason.UNKNOWN, "stop", "end_turn"),
    ],
)
def test_why_it_ended(reason, openai, anthropic):
    ending = Finish(reason)
    assert chunks([START, TextDelta("a"), ending])[-1]["choices"][0]["finish_reason"] == openai
    assert events([START, TextDelta("a"), ending])[-2]["delta"]["stop_reason"] == anthropic
