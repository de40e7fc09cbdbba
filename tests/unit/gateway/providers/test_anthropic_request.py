"""What is asked, in Anthropic's words."""

import json
from typing import Any

import pytest
from anthropic.types.message_create_params import MessageCreateParamsStreaming
from pydantic import TypeAdapter

from gateway.adapters.providers.anthropic import request as requests
from gateway.adapters.providers.anthropic.provider import url_of
from gateway.adapters.providers.anthropic.reading import Reading
from gateway.adapters.providers.sse import Frame
from gateway.domain.catalog import Ability, Provider, Target
from gateway.domain.errors import InvalidRequestError
from gateway.domain.messages import (
    ChatRequest,
    Dialect,
    Image,
    Message,
    Original,
    Part,
    Reasoning,
    Role,
    Text,
    TextDelta,
    Tool,
    ToolCall,
    ToolResult,
    ToolUse,
)

HI = Message.plain(Role.USER, "Hi")
FIND = Tool("find", "Finds.", '{"type":"object","properties":{"q":{}}}')
NOW = Tool("now", "", "")


def target(*abilities: Ability, most: int = 0, **options: str) -> Target:
    provider = Provider("p", "anthropic", Dialect.ANTHROPIC, options=options)
    return Target(provider, "claude", frozenset(abilities), max_output_tokens=most)


def request(*messages: Message, **changes: Any) -> ChatRequest:
    return ChatRequest("q", "p", "m", messages or (HI,), **changes)


def asked(asking: ChatRequest, to: Target | None = None) -> dict[str, Any]:
    """Return the body that goes out, decoded."""
    found: dict[str, Any] = json.loads(requests.translated(asking, to or target()))
    return found


def said(*parts: Part) -> Any:
    """Return the blocks of a model's turn of these parts, in the middle of a conversation."""
    return asked(request(HI, Message(Role.ASSISTANT, parts), HI))["messages"][1]["content"]


def test_only_what_was_asked_is_sent():
    assert asked(request()) == {
        "model": "claude",
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
        "stream": True,
    }


def test_every_setting_has_its_name():
    body = asked(
        request(
            Message.plain(Role.SYSTEM, "Be brief."),
            HI,
            Message.plain(Role.SYSTEM, "Be kind."),
            max_output_tokens=50,
            temperature=0.5,
            top_p=0.9,
            stop=("END", "\n"),
            user="u-1",
            seed=7,
        )
    )

    assert body["system"] == [
        {"type": "text", "text": "Be brief."},
        {"type": "text", "text": "Be kind."},
    ]
    assert body["max_tokens"] == 50
    assert (body["temperature"], body["top_p"]) == (0.5, 0.9)
    assert body["stop_sequences"] == ["END"]
    assert body["metadata"] == {"user_id": "u-1"}
    assert "seed" not in body


@pytest.mark.parametrize(
    ("wanted", "most", "sent"), [(None, 0, 4096), (None, 900, 900), (50, 900, 50), (5000, 900, 900)]
)
def test_the_answer_is_always_bounded(wanted: int | None, most: int, sent: int):
    assert asked(request(max_output_tokens=wanted), target(most=most))["max_tokens"] == sent


def test_a_temperature_beyond_the_vendors_is_the_vendors_highest():
    assert asked(request(temperature=1.7))["temperature"] == 1.0


def test_fields_to_be_dropped_are_not_sent():
    body = asked(request(temperature=0.5, top_p=0.5), target(drop_params="top_p, temperature"))

    assert not {"top_p", "temperature"} & set(body)


# --- Messages -------------------------------------------------------------------------------


def test_a_call_and_its_result_are_blocks_of_two_turns():
    call = ToolCall("call:1", "find", '{"q": "x"}')
    body = asked(
        request(
            HI,
            Message(Role.ASSISTANT, (Text("Looking."), call)),
            Message(Role.TOOL, (ToolResult("call:1", "7"),)),
            Message(Role.TOOL, (ToolResult("call:2", "no", is_error=True),)),
            Message.plain(Role.USER, "And?"),
        )
    )

    assert body["messages"][1:] == [
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "Looking."},
                {"type": "tool_use", "id": "call_1", "name": "find", "input": {"q": "x"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "call_1", "content": "7"},
                {
                    "type": "tool_result",
                    "tool_use_id": "call_2",
                    "content": "no",
                    "is_error": True,
                },
                {"type": "text", "text": "And?"},
            ],
        },
    ]


def test_pictures_are_sent_or_pointed_at():
    shown = Message(
        Role.USER, (Image("data:image/png;base64,QUJD"), Image("https://example.com/a.png"))
    )

    assert asked(request(shown))["messages"][0]["content"] == [
        {
            "type": "image",
            "source": {"type": "base64", "media_type": "image/png", "data": "QUJD"},
        },
        {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
    ]


def test_a_thought_goes_back_with_the_vendors_signature_only():
    assert said(
        Reasoning("Who?", "c2ln"),
        Reasoning("", "b25seQ=="),
        Reasoning("", "redacted:c2VhbGVk"),
        Reasoning("Whose?", "gemini:c2ln"),
        Reasoning("Unsigned."),
        Text("You."),
    ) == [
        {"type": "thinking", "thinking": "Who?", "signature": "c2ln"},
        {"type": "thinking", "thinking": "", "signature": "b25seQ=="},
        {"type": "redacted_thinking", "data": "c2VhbGVk"},
        {"type": "text", "text": "You."},
    ]


def test_blanks_alone_are_never_said():
    body = asked(
        request(
            Message.plain(Role.USER, "  "),
            Message.plain(Role.ASSISTANT, "\n"),
            Message(Role.ASSISTANT, (Reasoning("Unsigned."),)),
        )
    )

    assert body["messages"] == [{"role": "user", "content": [{"type": "text", "text": "Begin."}]}]


def test_an_answer_begun_is_sent_without_the_blanks_at_its_end():
    asking = request(HI, Message.plain(Role.ASSISTANT, "Well, \n"))

    assert asked(asking)["messages"][-1] == {
        "role": "assistant",
        "content": [{"type": "text", "text": "Well,"}],
    }
    assert requests.swallowed(asking) == " \n"


@pytest.mark.parametrize(
    "last", [HI, Message(Role.ASSISTANT, (ToolCall("c", "f", "{}"),))], ids=["user", "call"]
)
def test_nothing_is_swallowed_where_no_answer_was_begun(last: Message):
    assert requests.swallowed(request(HI, last)) == ""


@pytest.mark.parametrize(
    ("pieces", "read"),
    [
        ((" \nthen.",), "then."),
        ((" ", "\n", "then."), "then."),
        ((" then.",), "then."),
        (("then. \n",), "then. \n"),
        ((" ", "then.", " \n"), "then. \n"),
    ],
)
def test_blanks_the_reader_has_already_are_not_said_twice(pieces: tuple[str, ...], read: str):
    reading = Reading(request_id="q", provider="p", model="m", swallowed=" \n")
    frames = [
        Frame(
            json.dumps(
                {"type": "content_block_delta", "delta": {"type": "text_delta", "text": piece}}
            ).encode(),
            "",
            b"",
        )
        for piece in pieces
    ]

    deltas = list(reading.take(frames))

    assert "".join(delta.text for delta in deltas if isinstance(delta, TextDelta)) == read


# --- Tools, thoughts, formats ---------------------------------------------------------------


def test_tools_are_described_by_their_schema():
    assert asked(request(tools=(FIND, NOW)))["tools"] == [
        {
            "name": "find",
            "description": "Finds.",
            "input_schema": {"type": "object", "properties": {"q": {}}},
        },
        {"name": "now", "input_schema": {"type": "object"}},
    ]


@pytest.mark.parametrize(
    ("changes", "choice"),
    [
        ({"tool_use": ToolUse.AUTO}, {"type": "auto"}),
        ({"tool_use": ToolUse.REQUIRED}, {"type": "any"}),
        ({"tool_use": ToolUse.NONE}, {"type": "none"}),
        ({"tool_use": ToolUse.REQUIRED, "tool_name": "find"}, {"type": "tool", "name": "find"}),
        ({}, None),
        (
            {"extra": {"parallel_tool_calls": "false"}},
            {"type": "auto", "disable_parallel_tool_use": True},
        ),
        ({"extra": {"parallel_tool_calls": "true"}}, None),
        (
            {"tool_use": ToolUse.NONE, "extra": {"parallel_tool_calls": "false"}},
            {"type": "none"},
        ),
    ],
)
def test_whether_tools_are_called_is_said_in_the_vendors_words(
    changes: dict[str, Any], choice: object
):
    assert asked(request(tools=(FIND,), **changes)).get("tool_choice") == choice


def test_without_tools_nothing_is_said_about_calling_them():
    assert "tool_choice" not in asked(request(tool_use=ToolUse.NONE))


@pytest.mark.parametrize(
    ("effort", "most", "budget"),
    [
        ("minimal", 20_000, 1024),
        ("low", 20_000, 2048),
        ("medium", 20_000, 8192),
        ("high", 20_000, 10_000),
        ("high", 2048, 1024),
    ],
)
def test_an_effort_is_a_budget_that_leaves_half_for_the_answer(effort: str, most: int, budget: int):
    body = asked(request(reasoning_effort=effort), target(Ability.REASONING, most=most))

    assert body["thinking"] == {"type": "enabled", "budget_tokens": budget}


THOUGHTLESS = Message(Role.ASSISTANT, (ToolCall("c", "find", "{}"),))
THOUGHTFUL = Message(Role.ASSISTANT, (Reasoning("Who?", "c2ln"), ToolCall("c", "find", "{}")))
RESULT = Message(Role.TOOL, (ToolResult("c", "7"),))


@pytest.mark.parametrize(
    "asking",
    [
        request(reasoning_effort="none"),
        request(reasoning_effort="high", max_output_tokens=2000),
        request(reasoning_effort="high", temperature=0.2),
        request(reasoning_effort="high", top_p=0.2),
        request(reasoning_effort="high", tools=(FIND,), tool_use=ToolUse.REQUIRED),
        request(HI, Message.plain(Role.ASSISTANT, "Well"), reasoning_effort="high"),
        request(HI, THOUGHTLESS, RESULT, reasoning_effort="high"),
    ],
    ids=["none", "no room", "temperature", "top_p", "forced", "begun", "unsigned call"],
)
def test_where_the_vendor_would_refuse_it_no_thought_is_asked_for(asking: ChatRequest):
    assert "thinking" not in asked(asking, target(Ability.REASONING, most=20_000))


def test_a_signed_thought_before_a_call_is_followed_by_others():
    body = asked(
        request(HI, THOUGHTFUL, RESULT, reasoning_effort="low"),
        target(Ability.REASONING, most=20_000),
    )

    assert "thinking" in body


def test_a_model_that_cannot_think_is_not_asked_to():
    assert "thinking" not in asked(request(reasoning_effort="high"), target(most=20_000))


@pytest.mark.parametrize(("effort", "sent"), [("minimal", "low"), ("high", "high")])
def test_a_model_that_settles_its_budget_itself_is_told_the_effort(effort: str, sent: str):
    body = asked(request(reasoning_effort=effort), target(Ability.REASONING, thinking="adaptive"))

    assert body["thinking"] == {"type": "adaptive"}
    assert body["output_config"] == {"effort": sent}


SCHEMA = '{"type":"json_schema","json_schema":{"name":"a","schema":{"type":"object"}}}'


def test_a_schema_is_sent_to_who_keeps_to_it_and_told_to_others():
    strict = asked(request(response_format=SCHEMA), target(Ability.JSON))
    told = asked(request(response_format=SCHEMA))

    assert strict["output_config"] == {
        "format": {"type": "json_schema", "schema": {"type": "object"}}
    }
    assert "system" not in strict
    assert "output_config" not in told
    assert told["system"][0]["text"].endswith('Its schema: {"type":"object"}')


def test_json_without_a_schema_is_asked_for_in_words():
    body = asked(request(response_format='{"type":"json_object"}'))

    assert body["system"] == [
        {"type": "text", "text": "Answer with one JSON object and nothing else."}
    ]


def test_plain_text_needs_no_words():
    assert "system" not in asked(request(response_format='{"type":"text"}'))


def test_a_format_that_is_none_is_refused():
    with pytest.raises(InvalidRequestError):
        requests.translated(request(response_format="[]"), target())


# --- What the normal form has no word for ---------------------------------------------------


def test_of_other_dialects_only_known_fields_are_sent():
    body = asked(request(extra={"top_k": "5", "logprobs": "true", "n": "1"}))

    assert body["top_k"] == 5
    assert not {"logprobs", "n"} & set(body)


def test_of_its_own_dialect_every_field_is_sent():
    original = Original(Dialect.ANTHROPIC, b"{}")

    assert asked(request(extra={"container": '"c"'}, original=original))["container"] == "c"


def test_a_body_passed_on_is_bounded_anew_when_somebody_bounded_the_request():
    body = b'{"model":"m","max_tokens":900,"x":1.50}'

    sent = requests.passed_on(request(max_output_tokens=50), body, target())

    assert sent == b'{"model":"claude","max_tokens":50,"x":1.50}'


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"\xff":1}'])
def test_a_body_that_is_no_object_is_not_passed_on(body: bytes):
    with pytest.raises(InvalidRequestError):
        requests.passed_on(request(), body, target())


def plain(value: Any) -> Any:
    """Return the value with everything in it that is checked only when it is looked at."""
    if isinstance(value, dict):
        return {name: plain(found) for name, found in value.items()}
    return (
        value
        if isinstance(value, str) or not hasattr(value, "__iter__")
        else list(map(plain, value))
    )


def test_the_vendors_own_types_take_the_body():
    pictures = (Image("data:image/png;base64,QUJD"), Image("https://example.com/a.png"))
    body = asked(
        request(
            Message.plain(Role.SYSTEM, "Be brief."),
            Message(Role.USER, (Text("Hi"), *pictures)),
            Message(Role.ASSISTANT, (Reasoning("", "redacted:c2VhbGVk"), Text("Looking."))),
            THOUGHTFUL,
            Message(Role.TOOL, (ToolResult("c", "7", is_error=True),)),
            tools=(FIND, NOW),
            tool_use=ToolUse.AUTO,
            stop=("END",),
            user="u-1",
            reasoning_effort="low",
            response_format=SCHEMA,
            extra={"parallel_tool_calls": "false"},
        ),
        target(Ability.REASONING, Ability.JSON, most=20_000),
    )

    assert plain(TypeAdapter(MessageCreateParamsStreaming).validate_python(body)) == body


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("", "https://api.anthropic.com/v1/messages"),
        ("https://example.com", "https://example.com/v1/messages"),
        ("https://example.com/anthropic/", "https://example.com/anthropic/v1/messages"),
        ("https://example.com/v1/", "https://example.com/v1/messages"),
        ("https://example.com/v1/messages", "https://example.com/v1/messages"),
    ],
)
def test_messages_are_posted_behind_whichever_door_was_named(base_url: str, url: str):
    assert url_of(Provider("p", "anthropic", Dialect.ANTHROPIC, base_url=base_url)) == url


def test_a_clients_own_body_asks_for_no_more_than_the_target_allows():
    body = b'{"model":"x","max_tokens":5000,"messages":[]}'
    sent = requests.passed_on(request(max_output_tokens=5000), body, target(most=900))
    assert json.loads(sent)["max_tokens"] == 900
