"""A request in OpenAI's words."""

import json
from dataclasses import replace
from typing import Any

import pytest

from gateway.adapters.providers.openai_chat.request import embedding, passed_on, translated
from gateway.adapters.providers.vendors import vendor_of
from gateway.domain.catalog import Ability, Provider, Target
from gateway.domain.errors import InvalidRequestError
from gateway.domain.messages import (
    ChatRequest,
    Dialect,
    Image,
    Message,
    Original,
    Reasoning,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    ToolUse,
)


def target(vendor: str = "openai", **options: str) -> Target:
    return Target(Provider("p", "openai_chat", Dialect.OPENAI, vendor=vendor, options=options), "m")


def body(vendor: str = "openai", *, options: dict[str, str] | None = None, **asked: Any) -> Any:
    """Return what is sent for a request."""
    found = target(vendor, **(options or {}))
    request = ChatRequest("q", "", "public", **asked)
    return json.loads(translated(request, found, vendor_of(found.provider)))


def passed(
    sent: object, vendor: str = "openai", *, options: dict[str, str] | None = None, **asked: Any
) -> tuple[Any, bool]:
    """Return what is sent on for a client's body, and whether its usage is hidden."""
    found = target(vendor, **(options or {}))
    given, hides = passed_on(
        ChatRequest("q", "", "public", **asked),
        json.dumps(sent).encode(),
        found,
        vendor_of(found.provider),
    )
    return json.loads(given), hides


def test_only_what_was_asked_is_sent() -> None:
    assert body(messages=(Message.plain(Role.USER, "Hi"),), is_streamed=False) == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hi"}],
    }


def test_everything_that_was_asked_is_sent() -> None:
    sent = body(
        messages=(Message.plain(Role.SYSTEM, "Be brief."), Message.plain(Role.USER, "你好")),
        temperature=0.0,
        top_p=0.5,
        max_output_tokens=9,
        seed=0,
        stop=("\n", "END"),
        user="u",
        response_format='{"type":"json_object"}',
        reasoning_effort="low",
        tools=(Tool("roll", "Roll dice.", '{"type":"object"}'), Tool("now", "", "")),
        tool_use=ToolUse.REQUIRED,
        extra={"logit_bias": '{"5":1}'},
    )

    assert sent == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "你好"},
        ],
        "temperature": 0.0,
        "top_p": 0.5,
        "max_completion_tokens": 9,
        "seed": 0,
        "stop": ["\n", "END"],
        "user": "u",
        "response_format": {"type": "json_object"},
        "reasoning_effort": "low",
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "roll",
                    "description": "Roll dice.",
                    "parameters": {"type": "object"},
                },
            },
            {"type": "function", "function": {"name": "now", "parameters": {"type": "object"}}},
        ],
        "tool_choice": "required",
        "logit_bias": {"5": 1},
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_a_turn_with_tools_is_several_messages() -> None:
    sent = body(
        messages=(
            Message(
                Role.ASSISTANT,
                (
                    Reasoning("Hm."),
                    Text("Wait."),
                    ToolCall("c1", "roll", '{"n":6}'),
                    ToolCall("c2", "now", ""),
                ),
            ),
            Message(
                Role.USER,
                (Text("Go on."), ToolResult("c1", "4"), ToolResult("c2", "no", is_error=True)),
            ),
            Message(Role.TOOL, (ToolResult("c3", "x"),)),
        )
    )

    assert sent["messages"] == [
        {
            "role": "assistant",
            "content": "Wait.",
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "roll", "arguments": '{"n":6}'},
                },
                {"id": "c2", "type": "function", "function": {"name": "now", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "4"},
        {"role": "tool", "tool_call_id": "c2", "content": "no"},
        {"role": "user", "content": "Go on."},
        {"role": "tool", "tool_call_id": "c3", "content": "x"},
    ]


def test_pictures_come_part_by_part() -> None:
    pictures = (
        Text("See"),
        Image("https://x/a.png"),
        Image("data:image/png;base64,AA", detail="low"),
    )

    assert body(messages=(Message(Role.USER, pictures),))["messages"][0]["content"] == [
        {"type": "text", "text": "See"},
        {"type": "image_url", "image_url": {"url": "https://x/a.png"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA", "detail": "low"}},
    ]


@pytest.mark.parametrize(
    ("use", "name", "choice"),
    [
        (None, "", None),
        (ToolUse.NONE, "", "none"),
        (ToolUse.AUTO, "", "auto"),
        (ToolUse.NONE, "roll", "none"),
        (ToolUse.REQUIRED, "roll", {"type": "function", "function": {"name": "roll"}}),
        (None, "roll", {"type": "function", "function": {"name": "roll"}}),
    ],
)
def test_the_choice_of_a_tool(use: ToolUse | None, name: str, choice: object) -> None:
    sent = body(tools=(Tool("roll", "", "{}"),), tool_use=use, tool_name=name)

    assert sent.get("tool_choice") == choice


def test_a_choice_without_tools_is_not_sent() -> None:
    assert "tool_choice" not in body(tool_use=ToolUse.AUTO)


@pytest.mark.parametrize(
    ("vendor", "effort", "sent"),
    [
        ("openai", "none", {}),
        ("deepseek", "none", {"thinking": {"type": "disabled"}}),
        ("deepseek", "low", {"thinking": {"type": "enabled"}, "reasoning_effort": "low"}),
        ("zhipu", "low", {"thinking": {"type": "enabled"}}),
        ("zhipu", "none", {"thinking": {"type": "disabled"}}),
        ("dashscope", "high", {"enable_thinking": True}),
        ("dashscope", "none", {}),
        ("ark", "low", {"thinking": {"type": "enabled"}}),
        ("hunyuan", "high", {}),
        ("openai", "", {}),
    ],
)
def test_vendors_are_asked_to_think_in_their_own_words(
    vendor: str, effort: str, sent: dict[str, object]
) -> None:
    found = body(vendor, reasoning_effort=effort)

    names = ("reasoning_effort", "enable_thinking", "thinking")
    assert {name: found[name] for name in names if name in found} == sent


@pytest.mark.parametrize(
    ("vendor", "sent"),
    [
        ("openai", {"reasoning_effort": "none"}),
        ("dashscope", {"enable_thinking": False}),
        ("doubao", {"thinking": {"type": "disabled"}}),
        ("hunyuan", {}),
    ],
)
def test_not_to_think_is_said_to_a_model_that_can(vendor: str, sent: dict[str, object]) -> None:
    able = replace(target(vendor), abilities=frozenset({Ability.REASONING}))
    request = ChatRequest("q", "", "public", reasoning_effort="none")
    found = json.loads(translated(request, able, vendor_of(able.provider)))

    names = ("reasoning_effort", "enable_thinking", "thinking")
    assert {name: found[name] for name in names if name in found} == sent


@pytest.mark.parametrize(
    ("vendor", "thoughts", "sent"),
    [
        ("deepseek", ("Hm.",), {"reasoning_content": "Hm."}),
        ("deepseek", (), {"reasoning_content": ""}),
        ("zhipu", ("Hm.",), {"reasoning_content": "Hm."}),
        ("openai", ("Hm.",), {}),
    ],
)
def test_calls_go_back_with_the_thoughts_before_them_where_they_must(
    vendor: str, thoughts: tuple[str, ...], sent: dict[str, str]
) -> None:
    parts = (*map(Reasoning, thoughts), ToolCall("c", "roll", "{}"))

    (message,) = body(vendor, messages=(Message(Role.ASSISTANT, parts),))["messages"]

    assert {n: message[n] for n in message if n == "reasoning_content"} == sent


@pytest.mark.parametrize(
    ("vendor", "fields", "mark"),
    [
        ("openai", {}, {}),
        ("dashscope", {}, {"partial": True}),
        ("deepseek", {}, {"prefix": True}),
        ("vllm", {"continue_final_message": True, "add_generation_prompt": False}, {}),
    ],
)
def test_an_answer_begun_is_marked_where_the_vendor_wants_it(
    vendor: str, fields: dict[str, object], mark: dict[str, object]
) -> None:
    asked = (Message.plain(Role.USER, "Go"), Message.plain(Role.ASSISTANT, "Well,"))

    sent = body(vendor, messages=asked)

    assert fields.items() <= sent.items()
    assert sent["messages"][-1] == {"role": "assistant", "content": "Well,", **mark}
    assert "continue_final_message" not in body(vendor, messages=asked[:1])


def test_thoughts_go_back_only_where_they_are_kept() -> None:
    asked = (Message(Role.ASSISTANT, (Reasoning("Hm."), Text("Well,"))),)

    assert "reasoning_content" not in body("deepseek", messages=asked)["messages"][0]
    kept = body("deepseek", options={"keep_reasoning": "true"}, messages=asked)
    assert kept["messages"][0]["reasoning_content"] == "Hm."


def test_fields_of_another_dialect_are_not_sent() -> None:
    original = Original(Dialect.ANTHROPIC, b"{}")

    assert "top_k" not in body(extra={"top_k": "5"}, original=original)
    assert body(extra={"top_k": "5"}, original=Original(Dialect.OPENAI, b"{}"))["top_k"] == 5


def test_an_operator_may_drop_and_add_fields() -> None:
    options = {
        "drop_params": "seed, user",
        "extra_body": '{"priority":1,"temperature":2}',
        "include_usage": "false",
        "max_tokens_field": "max_tokens",
    }

    sent = body(options=options, seed=1, user="u", temperature=0.5, max_output_tokens=3)

    assert sent == {
        "model": "m",
        "messages": [],
        "temperature": 0.5,
        "max_tokens": 3,
        "stream": True,
        "priority": 1,
    }


def test_what_a_client_sent_is_passed_on_with_the_targets_model() -> None:
    sent = {
        "model": "public",
        "messages": [{"role": "user", "content": "Hi", "name": "李"}],
        "temperature": 1,
        "unheard_of": {"a": None},
        "n": 2,
    }

    assert passed(sent, is_streamed=False) == ({**sent, "model": "m"}, False)


def test_usage_is_asked_for_unseen() -> None:
    assert passed({"stream": True}) == (
        {"stream": True, "model": "m", "stream_options": {"include_usage": True}},
        True,
    )
    options = {"include_usage": False, "include_obfuscation": False}
    assert passed({"stream_options": options})[0]["stream_options"] == {
        "include_usage": True,
        "include_obfuscation": False,
    }
    assert passed({"stream_options": None})[0]["stream_options"] == {"include_usage": True}


def test_usage_that_the_client_asks_for_is_not_hidden() -> None:
    sent = {"model": "m", "stream_options": {"include_usage": True}}

    assert passed(sent) == (sent, False)


def test_usage_is_not_asked_for_where_that_is_refused() -> None:
    assert passed({}, options={"include_usage": "false"}) == ({"model": "m"}, False)


@pytest.mark.parametrize(
    ("vendor", "sent", "expected"),
    [
        ("openai", {"max_tokens": 5}, {"max_completion_tokens": 5}),
        ("openai", {"max_completion_tokens": 5}, {"max_completion_tokens": 5}),
        ("qianfan", {"max_completion_tokens": 5}, {"max_tokens": 5}),
        ("qianfan", {"max_completion_tokens": 5, "max_tokens": 6}, {"max_tokens": 6}),
    ],
)
def test_the_limit_of_tokens_has_the_vendors_name(
    vendor: str, sent: dict[str, int], expected: dict[str, int]
) -> None:
    assert passed(sent, vendor, is_streamed=False)[0] == {"model": "m", **expected}


def test_a_limit_that_we_lowered_wins() -> None:
    found, _ = passed({"max_tokens": 500}, "vllm", is_streamed=False, max_output_tokens=50)

    assert found == {"model": "m", "max_tokens": 50}


@pytest.mark.parametrize(
    ("wanted", "most", "sent"),
    [(500, 50, 50), (50, 500, 50), (500, 0, 500), (None, 50, None)],
)
@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_an_answer_is_no_longer_than_its_target_allows(
    name: str, wanted: int | None, most: int, sent: int | None
) -> None:
    bounded = replace(target(), max_output_tokens=most)
    vendor = vendor_of(bounded.provider)
    request = ChatRequest("q", "", "public", max_output_tokens=wanted, is_streamed=False)
    said = b"{}" if wanted is None else json.dumps({name: wanted}).encode()

    forwarded = json.loads(passed_on(request, said, bounded, vendor)[0])
    written = json.loads(translated(request, bounded, vendor))

    assert forwarded.get("max_completion_tokens") == sent
    assert written.get("max_completion_tokens") == sent
    assert "max_tokens" not in forwarded


def test_what_a_vendor_refuses_is_dropped_from_a_clients_body() -> None:
    assert passed({"tool_choice": "auto", "n": 1}, "ollama", is_streamed=False)[0] == {"model": "m"}


@pytest.mark.parametrize("sent", [b"", b"[]", b"{", b'"x"', b"\xff"])
def test_a_body_that_is_no_object_is_refused(sent: bytes) -> None:
    found = target()

    with pytest.raises(InvalidRequestError):
        passed_on(ChatRequest("q", "", "m"), sent, found, vendor_of(found.provider))


def test_a_question_for_vectors_keeps_what_the_client_sent_and_adds_no_null() -> None:
    found = target("vllm")
    sent = b'{"model":"public","input":["a"],"dimensions":3}'

    assert json.loads(embedding(sent, found, vendor_of(found.provider))) == {
        "model": "m",
        "input": ["a"],
        "dimensions": 3,
    }
