"""Bodies in the normal form, and when they are not brought into it."""

import pytest

from gateway.domain.catalog import Ability
from gateway.domain.messages import (
    Dialect,
    Finish,
    FinishReason,
    Image,
    Message,
    Operation,
    Passthrough,
    Reasoning,
    Role,
    Start,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    ToolUse,
    Usage,
    UsageUpdate,
)
from gateway.domain.routing import needs_of
from gateway.v1 import anthropic_headers
from tests.unit.gateway.v1.asgi import Client, Engine, make_plane

SAID = [Start("1", "acme", "m-1"), Finish(FinishReason.STOP)]
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


async def read(body, *, path="/v1/chat/completions", status=200):
    """The request as the pipeline gets it; None when it was refused."""
    engine = Engine(list(SAID))
    answer = await Client(make_plane(engine)).ask(path, body)
    assert answer.status == status, answer.body
    return engine.asked[0] if engine.asked else answer.json


def chat(*messages, **fields):
    return {"model": "mixed", "messages": list(messages), **fields}


def message(*messages, **fields):
    return {"model": "mixed", "max_tokens": 9, "messages": list(messages), **fields}


async def test_a_body_for_its_own_dialect_is_left_as_it_came():
    body = b'{"model": "open", "messages": [{"role": "odd"}],  "strange": null}'
    request = await read(body)
    assert request.original.body == body
    assert (request.original.dialect, request.original.is_readable) == (Dialect.OPENAI, False)
    assert request.messages == ()
    assert request.is_streamed is False


async def test_of_a_body_left_alone_the_router_still_learns_what_it_needs():
    request = await read(
        {
            "model": "open",
            "messages": [],
            "stream": True,
            "max_tokens": 5,
            "tools": [TOOL],
            "response_format": {"type": "json_object"},
        }
    )
    assert request.original.is_readable is False
    assert request.tools == (Tool("f", "", '{"type":"object"}'),)
    assert request.response_format == '{"type":"json_object"}'
    assert (request.is_streamed, request.max_output_tokens) == (True, 5)


async def test_plain_text_is_no_format():
    request = await read(
        {"model": "open", "messages": [], "response_format": {"type": "text"}, "tools": []}
    )
    assert (request.response_format, request.tools) == ("", ())


PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA", "detail": "low"}}
SEEN = {"type": "image", "source": {"type": "url", "url": "https://x.example/a"}}


async def test_a_picture_for_another_dialect_is_read():
    request = await read(chat({"role": "user", "content": [PICTURE]}))
    assert request.messages == (
        Message(Role.USER, (Image("data:image/png;base64,AA", "image/png", "low"),)),
    )


@pytest.mark.parametrize(
    "beside",
    [
        {"messages": [{"role": "user", "content": [PICTURE, {"type": "input_audio"}]}]},
        {"messages": [{"role": "user", "content": [{"type": "file", "file": 1}, PICTURE]}]},
        {"messages": [{"role": "king", "content": [PICTURE]}, 7, {"content": None}]},
        {"messages": [{"role": "user", "content": [PICTURE]}], "tool_choice": {"type": "odd"}},
    ],
)
async def test_beside_a_picture_everything_is_left_as_it_came(beside):
    request = await read({"model": "open", **beside})
    assert (request.messages, request.original.is_readable) == ((), False)
    assert Ability.VISION in needs_of(request, input_tokens=1).abilities


async def test_a_picture_in_what_a_tool_answered_needs_eyes_as_well():
    result = {"type": "tool_result", "tool_use_id": "t", "content": [SEEN]}
    body = {**message({"role": "user", "content": [result]}), "model": "claude"}
    request = await read(body, path="/v1/messages")
    assert (request.messages, request.has_pictures) == ((), True)


@pytest.mark.parametrize(
    "messages",
    [
        b'[{"role":"user","content":"say \\"image"}]',
        b'[{"role":"user","content":[{"type":["image_url"],"image":1}]}]',
        b'"image"',
        b'[{"role":"user","content":1e999}, "image"]',
    ],
)
async def test_the_word_alone_is_no_picture(messages):
    request = await read(b'{"model":"open","messages":' + messages + b"}")
    assert (request.has_pictures, request.original.is_readable) == (False, False)


async def test_a_field_of_a_tool_may_be_called_image():
    schema = {"type": "object", "properties": {"image": {"type": "string"}}}
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
    said = {"role": "critic", "content": "Hi"}
    request = await read({"model": "open", "messages": [said], "tools": [tool]})
    assert (request.has_pictures, request.original.is_readable) == (False, False)


async def test_openais_conversation_in_the_normal_form():
    request = await read(
        chat(
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
            {
                "role": "assistant",
                "content": None,
                "reasoning_content": "hm",
                "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                    {"id": "c2", "type": "custom"},
                ],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "42"},
            {"role": "tool", "tool_call_id": "c2", "content": [{"type": "text", "text": "43"}]},
            {"role": "assistant", "refusal": "no", "function_call": {"name": "g"}},
            {"role": "function", "name": "g", "content": "44"},
        )
    )
    assert request.original.is_readable is True
    assert request.messages == (
        Message(Role.SYSTEM, (Text("Be brief."),)),
        Message(Role.USER, (Text("Hi"),)),
        Message(Role.ASSISTANT, (Reasoning("hm"), ToolCall("c1", "f", "{}"))),
        Message(Role.TOOL, (ToolResult("c1", "42"),)),
        Message(Role.TOOL, (ToolResult("c2", "43"),)),
        Message(Role.ASSISTANT, (Text("no"), ToolCall("g", "g", ""))),
        Message(Role.TOOL, (ToolResult("g", "44"),)),
    )


async def test_openais_settings_in_the_normal_form():
    request = await read(
        chat(
            tools=[TOOL],
            functions=[{"name": "g", "description": "does g"}],
            tool_choice="required",
            temperature=0.5,
            top_p=0.9,
            stop="END",
            seed=7,
            reasoning_effort="low",
            max_completion_tokens=50,
            logit_bias={"5": 1},
            n=1,
            logprobs=False,
            modalities=["text"],
            verbosity="low",
            metadata=None,
        )
    )
    assert [tool.name for tool in request.tools] == ["f", "g"]
    assert request.tools[1] == Tool("g", "does g", '{"type": "object"}')
    assert (request.tool_use, request.tool_name) == (ToolUse.REQUIRED, "")
    assert (request.temperature, request.top_p, request.seed) == (0.5, 0.9, 7)
    assert (request.stop, request.reasoning_effort) == (("END",), "low")
    assert request.max_output_tokens == 50
    assert request.extra == {
        "logit_bias": '{"5":1}',
        "logprobs": "false",
        "modalities": '["text"]',
        "verbosity": '"low"',
    }


async def test_one_tool_may_be_asked_for_by_name():
    choice = {"type": "function", "function": {"name": "f"}}
    request = await read(chat(tool_choice=choice, stop=["a", "b"]))
    assert (request.tool_use, request.tool_name) == (ToolUse.REQUIRED, "f")
    assert request.stop == ("a", "b")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (chat({"role": "king", "content": "x"}), "messages[0].role"),
        (chat({"role": "user", "content": [{"type": "input_audio"}]}), "messages[0].content"),
        (chat({"role": "user", "content": 5}), "messages[0].content"),
        (chat(tool_choice="perhaps"), "tool_choice"),
        (chat(n=2), "n"),
        (chat(logprobs=True), "logprobs"),
        (chat(modalities=["text", "audio"], audio={"voice": "alloy"}), "modalities"),
        (chat(web_search_options={}), "web_search_options"),
        (chat(tools=[TOOL, {"type": "custom", "custom": {"name": "g"}}]), "tools"),
    ],
)
async def test_what_no_other_dialect_could_be_told_is_refused(body, param):
    answer = await read(body, status=400)
    assert answer["error"]["param"] == param


@pytest.mark.parametrize("model", ["open", "mixed"])
@pytest.mark.parametrize(
    ("field", "param"),
    [
        ({"tools": "x"}, "tools"),
        ({"tools": [TOOL, {"function": {"name": 5}}]}, "tools[1].function.name"),
        ({"functions": 7}, "functions"),
        ({"functions": [{}]}, "functions[0]"),
        ({"response_format": "json"}, "response_format"),
        ({"response_format": {}}, "response_format.type"),
        ({"response_format": {"type": 1}}, "response_format.type"),
    ],
)
async def test_a_wrong_field_is_named_wherever_it_is(model, field, param):
    answer = await read({**chat(**field), "model": model}, status=400)
    assert answer["error"]["param"] == param


async def test_anthropics_conversation_in_the_normal_form():
    request = await read(
        message(
            {"role": "user", "content": "Hi"},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "sealed"},
                    {"type": "redacted_thinking", "data": "x"},
                    {"type": "text", "text": "Wait."},
                    {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}},
                    {"type": "tool_use", "id": "t2", "name": "g", "input": {}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "t1", "content": "42"},
                    {
                        "type": "tool_result",
                        "tool_use_id": "t2",
                        "is_error": True,
                        "content": [{"type": "text", "text": "43"}],
                    },
                    {"type": "text", "text": "And?"},
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": "AA"},
                    },
                    {"type": "image", "source": {"type": "url", "url": "https://x.example/a"}},
                ],
            },
            system=[{"type": "text", "text": "Be brief."}],
        ),
        path="/v1/messages",
    )
    assert request.messages == (
        Message(Role.SYSTEM, (Text("Be brief."),)),
        Message(Role.USER, (Text("Hi"),)),
        Message(
            Role.ASSISTANT,
            (
                Reasoning("hm", "sealed"),
                Reasoning("", "redacted:x"),
                Text("Wait."),
                ToolCall("t1", "f", '{"a":1}'),
                ToolCall("t2", "g", "{}"),
            ),
        ),
        Message(Role.TOOL, (ToolResult("t1", "42"),)),
        Message(Role.TOOL, (ToolResult("t2", "43", is_error=True),)),
        Message(
            Role.USER,
            (
                Text("And?"),
                Image("data:image/png;base64,AA", "image/png"),
                Image("https://x.example/a"),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("thinking", "effort"),
    [
        (None, ""),
        ({"type": "disabled"}, ""),
        ({"type": "enabled", "budget_tokens": 1024}, "low"),
        ({"type": "enabled", "budget_tokens": 8192}, "medium"),
        ({"type": "enabled", "budget_tokens": 9000}, "high"),
        ({"type": "adaptive"}, "high"),
    ],
)
async def test_a_budget_of_thought_is_an_effort(thinking, effort):
    request = await read(message(thinking=thinking), path="/v1/messages")
    assert request.reasoning_effort == effort


@pytest.mark.parametrize(
    ("thinking", "said", "effort"),
    [("adaptive", "low", "low"), ("adaptive", "max", "xhigh"), ("disabled", "low", "")],
)
async def test_an_effort_that_is_said_is_the_effort(thinking, said, effort):
    asked = message(thinking={"type": thinking}, output_config={"effort": said})
    request = await read(asked, path="/v1/messages")
    assert request.reasoning_effort == effort
    assert request.extra == {"output_config": f'{{"effort":"{said}"}}'}


async def test_where_one_model_took_over_is_nothing_to_tell_another():
    blocks = [{"type": "fallback", "from": {}, "to": {}}, {"type": "text", "text": "No."}]
    asked = message({"role": "assistant", "content": blocks})
    request = await read(asked, path="/v1/messages")
    assert request.messages == (Message(Role.ASSISTANT, (Text("No."),)),)


@pytest.mark.parametrize(
    ("given", "brought"),
    [
        ([], ()),
        ([(b"anthropic-version", b"2023-06-01")], ()),
        ([(b"anthropic-version", b"2023-01-01")], ()),
        (
            [(b"anthropic-version", b"2027-06-01"), (b"anthropic-beta", b"b, a"), (b"x", b"y")],
            (("anthropic-version", "2027-06-01"), ("anthropic-beta", "a,b")),
        ),
        (
            [(b"anthropic-beta", b"b"), (b"anthropic-beta", b"a,b,"), (b"anthropic-version", b"x")],
            (("anthropic-beta", "a,b"),),
        ),
        ([(b"anthropic-beta", b"a b, c\xff, -d, " + b"e" * 101)], ()),
    ],
)
def test_of_a_clients_headers_two_are_part_of_what_it_asks(given, brought):
    assert anthropic_headers.brought(given) == brought


def test_no_more_betas_are_brought_than_there_can_be():
    many = b",".join(b"b%d" % number for number in range(100))

    ((_, betas),) = anthropic_headers.brought([(b"anthropic-beta", many)])

    assert len(betas.split(",")) == anthropic_headers.MOST_BETAS


async def test_anthropics_settings_in_the_normal_form():
    request = await read(
        message(
            system="Be brief.",
            tools=[{"name": "f", "description": "d", "input_schema": {"type": "object"}}],
            tool_choice={"type": "tool", "name": "f"},
            stop_sequences=["END"],
            temperature=0.1,
            top_p=0.2,
            top_k=5,
            metadata={"user_id": "u-1"},
        ),
        path="/v1/messages",
    )
    assert request.tools == (Tool("f", "d", '{"type":"object"}'),)
    assert (request.tool_use, request.tool_name) == (ToolUse.REQUIRED, "f")
    assert (request.stop, request.max_output_tokens, request.user) == (("END",), 9, "u-1")
    assert request.extra == {"top_k": "5"}


@pytest.mark.parametrize(
    "body",
    [
        message({"role": "user", "content": [{"type": "document"}]}),
        message({"role": "tool", "content": "x"}),
        {"model": "mixed", "messages": []},
    ],
)
async def test_what_anthropics_side_could_not_say_is_refused(body):
    answer = await read(body, path="/v1/messages", status=400)
    assert answer["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("field", "param"),
    [
        ({"mcp_servers": [{"type": "url"}]}, "mcp_servers"),
        ({"container": "c-1"}, "container"),
        (
            {"tools": [{"name": "f"}, {"type": "web_search_20250305", "name": "web_search"}]},
            "tools.1.type",
        ),
    ],
)
async def test_tools_that_only_their_vendor_knows_are_told_to_nobody_else(field, param):
    engine = Engine(list(SAID))
    asking = Client(make_plane(engine))
    refused = await asking.ask("/v1/messages", message(**field))
    assert (refused.status, engine.asked) == (400, [])
    assert param in refused.json["error"]["message"]
    assert (await asking.ask("/v1/messages", {**message(**field), "model": "claude"})).status == 200


async def test_a_tool_of_ones_own_may_say_that_it_is_one():
    tools = [{"type": "custom", "name": "f"}]
    request = await read(message(tools=tools, mcp_servers=[]), path="/v1/messages")
    assert [tool.name for tool in request.tools] == ["f"]


async def test_tools_of_a_message_left_alone_are_known_to_the_router():
    body = {**message(tools=[{"name": "f"}]), "model": "claude"}
    request = await read(body, path="/v1/messages")
    assert request.original.is_readable is False
    assert request.tools == (Tool("f", "", '{"type": "object"}'),)


async def test_the_scripted_provider_says_the_callers_last_words():
    body = {"model": "scripted", "messages": [{"role": "user", "content": "Say this."}]}
    assert (await read(body)).script.text == "Say this."
    assert (await read({"model": "scripted", "messages": []})).script.text == "…"


async def test_embeddings_are_forwarded_as_they_came():
    whole = b'{"object":"list","data":[]}'
    engine = Engine(
        [
            Start("1", "acme", "v-1"),
            Passthrough(whole, 1, is_whole=True),
            UsageUpdate(Usage()),
            SAID[1],
        ]
    )
    body = b'{"model": "vectors", "input": ["a"], "dimensions": 8}'
    answer = await Client(make_plane(engine)).ask("/v1/embeddings", body)
    assert (answer.status, answer.body) == (200, whole)
    (request,) = engine.asked
    assert request.operation is Operation.EMBEDDINGS
    assert request.original.body == body
    assert engine.told[0]["caller"].api == "embeddings"
