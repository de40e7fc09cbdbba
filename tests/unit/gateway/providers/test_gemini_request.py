"""What is asked, in Gemini's words."""

import json
from typing import Any

import pytest

from gateway.adapters.providers.gemini import request as requests
from gateway.adapters.providers.gemini.arguments import MOST_ITEMS, Arguments
from gateway.adapters.providers.gemini.events import Partial
from gateway.adapters.providers.gemini.provider import url_of
from gateway.domain.catalog import Ability, Provider, Target
from gateway.domain.errors import InvalidRequestError, UpstreamError
from gateway.domain.messages import (
    ChatRequest,
    Dialect,
    Image,
    Message,
    Part,
    Reasoning,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    ToolUse,
)

HI = Message.plain(Role.USER, "Hi")
FIND = Tool("find", "Finds.", '{"type":"object","$defs":{}}')
NOW = Tool("now", "", "")
OLDER, NEWER = "gemini-2.5-flash", "gemini-3.1-pro-preview"


def target(
    *abilities: Ability, model: str = OLDER, most: int = 0, vendor: str = "", **options: str
) -> Target:
    provider = Provider("p", "gemini", Dialect.GEMINI, vendor=vendor, options=options)
    return Target(provider, model, frozenset(abilities), max_output_tokens=most)


def request(*messages: Message, **changes: Any) -> ChatRequest:
    return ChatRequest("q", "p", "m", messages or (HI,), **changes)


def asked(asking: ChatRequest, to: Target | None = None) -> dict[str, Any]:
    """Return the body that goes out, decoded."""
    found: dict[str, Any] = json.loads(requests.translated(asking, to or target()))
    return found


def said(*parts: Part, model: str = OLDER) -> Any:
    """Return the parts of a model's turn."""
    asking = request(HI, Message(Role.ASSISTANT, parts), HI)
    return asked(asking, target(model=model))["contents"][1]["parts"]


def test_only_what_was_asked_is_sent():
    assert asked(request()) == {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}


def test_every_setting_has_its_name():
    body = asked(
        request(
            Message.plain(Role.SYSTEM, "Be brief."),
            HI,
            max_output_tokens=50,
            temperature=1.5,
            top_p=0.9,
            stop=("1", "2", "3", "4", "5", "6"),
            seed=7,
            extra={"top_k": "5", "frequency_penalty": "0.1", "presence_penalty": "0", "n": "2"},
        )
    )

    assert body["systemInstruction"] == {"parts": [{"text": "Be brief."}]}
    assert body["generationConfig"] == {
        "temperature": 1.5,
        "topP": 0.9,
        "topK": 5,
        "maxOutputTokens": 50,
        "stopSequences": ["1", "2", "3", "4", "5"],
        "seed": 7,
        "frequencyPenalty": 0.1,
        "presencePenalty": 0,
    }


def test_an_answer_is_not_longer_than_the_model_can():
    body = asked(request(max_output_tokens=5000), target(most=900))

    assert body["generationConfig"] == {"maxOutputTokens": 900}


def test_settings_to_be_dropped_are_not_sent():
    body = asked(request(temperature=0.5, seed=1), target(drop_params="seed,temperature"))

    assert "generationConfig" not in body


@pytest.mark.parametrize(
    ("wanted", "config"),
    [
        ('{"type":"text"}', None),
        ('{"type":"json_object"}', {"responseMimeType": "application/json"}),
        (
            '{"type":"json_schema","json_schema":{"name":"a","schema":{"type":"object"}}}',
            {
                "responseMimeType": "application/json",
                "responseJsonSchema": {"type": "object"},
            },
        ),
    ],
)
def test_an_answer_in_json_is_a_setting(wanted: str, config: object):
    assert asked(request(response_format=wanted)).get("generationConfig") == config


def test_a_format_that_is_none_is_refused():
    with pytest.raises(InvalidRequestError):
        requests.translated(request(response_format="[]"), target())


def test_a_threshold_holds_for_every_harm():
    body = asked(request(), target(safety="BLOCK_ONLY_HIGH"))

    assert len(body["safetySettings"]) == 4
    assert body["safetySettings"][0] == {
        "category": "HARM_CATEGORY_HARASSMENT",
        "threshold": "BLOCK_ONLY_HIGH",
    }


def test_a_clients_own_thresholds_win():
    asking = request(extra={"safety_settings": "[]"})

    assert asked(asking, target(safety="BLOCK_NONE"))["safetySettings"] == []


# --- Contents -------------------------------------------------------------------------------


def test_a_call_and_its_result_are_parts_of_two_turns():
    calls = (ToolCall("fn-1", "find", '{"q": "x"}'), ToolCall("call_1", "now", ""))
    results = (
        ToolResult("fn-1", '{"n": 7}'),
        ToolResult("call_1", "noon"),
        ToolResult("call_9", "no", is_error=True),
    )
    body = asked(
        request(
            HI, Message(Role.ASSISTANT, calls), *(Message(Role.TOOL, (found,)) for found in results)
        )
    )

    assert body["contents"][1:] == [
        {
            "role": "model",
            "parts": [
                {"functionCall": {"id": "fn-1", "name": "find", "args": {"q": "x"}}},
                {"functionCall": {"name": "now", "args": {}}},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"id": "fn-1", "name": "find", "response": {"n": 7}}},
                {"functionResponse": {"name": "now", "response": {"result": "noon"}}},
                {"functionResponse": {"name": "call_9", "response": {"error": "no"}}},
            ],
        },
    ]


def test_pictures_are_sent_or_pointed_at():
    shown = Message(
        Role.USER,
        (Image("data:image/gif;base64,QUJD"), Image("https://example.com/a"), Text("This.")),
    )

    assert asked(request(shown))["contents"][0]["parts"] == [
        {"inlineData": {"mimeType": "image/gif", "data": "QUJD"}},
        {"fileData": {"mimeType": "image/png", "fileUri": "https://example.com/a"}},
        {"text": "This."},
    ]


def test_a_signature_goes_back_on_the_part_it_came_with():
    call = ToolCall("fn-1", "f", "{}")

    assert said(Reasoning("Who?"), Reasoning("", "gemini:c2ln"), call, Text("So.")) == [
        {"functionCall": {"id": "fn-1", "name": "f", "args": {}}, "thoughtSignature": "c2ln"},
        {"text": "So."},
    ]


def test_a_signature_after_everything_goes_back_on_an_empty_part():
    assert said(Text("So."), Reasoning("", "gemini:c2ln")) == [
        {"text": "So."},
        {"text": "", "thoughtSignature": "c2ln"},
    ]


def test_a_signature_of_another_vendor_stays_here():
    assert said(Reasoning("Who?", "c2ln"), Text("So.")) == [{"text": "So."}]


def test_a_model_that_insists_on_a_signature_gets_the_mark_that_there_is_none():
    first, second = ToolCall("call_1", "f", "{}"), ToolCall("call_2", "g", "{}")

    unsigned, other = said(first, second, model=NEWER)
    [signed] = said(Reasoning("", "gemini:c2ln"), first, model=NEWER)

    assert unsigned["thoughtSignature"] == "skip_thought_signature_validator"
    assert "thoughtSignature" not in other
    assert signed["thoughtSignature"] == "c2ln"


def test_a_turn_of_which_nothing_may_be_said_is_left_out():
    body = asked(request(HI, Message(Role.ASSISTANT, (Reasoning("Who?"),)), HI))

    assert [content["role"] for content in body["contents"]] == ["user", "user"]


# --- Tools and thoughts ---------------------------------------------------------------------


def test_tools_are_declared_by_their_schema():
    assert asked(request(tools=(FIND, NOW)))["tools"] == [
        {
            "functionDeclarations": [
                {
                    "name": "find",
                    "description": "Finds.",
                    "parametersJsonSchema": {"type": "object", "$defs": {}},
                },
                {"name": "now"},
            ]
        }
    ]


@pytest.mark.parametrize(
    ("changes", "config"),
    [
        ({"tool_use": ToolUse.AUTO}, {"mode": "AUTO"}),
        ({"tool_use": ToolUse.REQUIRED}, {"mode": "ANY"}),
        ({"tool_use": ToolUse.NONE}, {"mode": "NONE"}),
        ({"tool_name": "find"}, {"mode": "ANY", "allowedFunctionNames": ["find"]}),
    ],
)
def test_whether_tools_are_called_is_said_in_the_vendors_words(
    changes: dict[str, Any], config: object
):
    body = asked(request(tools=(FIND,), **changes))

    assert body["toolConfig"] == {"functionCallingConfig": config}


def test_nothing_is_said_about_calling_tools_unless_asked():
    assert "toolConfig" not in asked(request(tools=(FIND,)))
    assert "toolConfig" not in asked(request(tool_use=ToolUse.NONE))


@pytest.mark.parametrize(
    ("model", "effort", "config"),
    [
        (OLDER, "none", {"thinkingBudget": 0}),
        (OLDER, "low", {"thinkingBudget": 1024, "includeThoughts": True}),
        ("gemini-2.5-pro", "none", {"thinkingBudget": 128}),
        (OLDER, "xhigh", {"thinkingBudget": 24_576, "includeThoughts": True}),
        (NEWER, "none", {"thinkingLevel": "low"}),
        (NEWER, "minimal", {"thinkingLevel": "low", "includeThoughts": True}),
        (NEWER, "high", {"thinkingLevel": "high", "includeThoughts": True}),
        ("learnlm", "low", {"thinkingBudget": 1024, "includeThoughts": True}),
    ],
)
def test_an_effort_is_a_budget_or_a_level(model: str, effort: str, config: object):
    body = asked(request(reasoning_effort=effort), target(Ability.REASONING, model=model))

    assert body["generationConfig"] == {"thinkingConfig": config}


def test_a_model_that_cannot_think_is_not_asked_to():
    assert "generationConfig" not in asked(request(reasoning_effort="high"))


# --- Addresses ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "url"),
    [
        (
            target(model="models/gemini-2.5-flash"),
            "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash",
        ),
        (
            target(vendor="vertex", project="house"),
            "https://aiplatform.googleapis.com/v1beta1/projects/house/locations/global"
            "/publishers/google/models/gemini-2.5-flash",
        ),
        (
            target(vendor="vertex", project="house", location="europe-west4"),
            "https://europe-west4-aiplatform.googleapis.com/v1beta1/projects/house"
            "/locations/europe-west4/publishers/google/models/gemini-2.5-flash",
        ),
        (
            target(model="a b/c"),
            "https://generativelanguage.googleapis.com/v1beta/models/a%20b%2Fc",
        ),
    ],
)
def test_the_model_is_in_the_address_behind_either_door(to: Target, url: str):
    assert url_of(to) == f"{url}:streamGenerateContent?alt=sse"


# --- Arguments that come value by value ----------------------------------------------------


def put_together(*partials: Partial) -> Any:
    arguments = Arguments()
    arguments.take(partials)
    return json.loads(arguments.json())


def test_values_stand_where_their_paths_say():
    assert put_together(
        Partial("$.a.b", string_value="x"),
        Partial("$.list[2].c", number_value=1.5),
        Partial('$["it\'s"][0]', bool_value=True),
        Partial("$['a\\'b']"),
    ) == {"a": {"b": "x"}, "list": [None, None, {"c": 1.5}], "it's": [True], "a'b": None}


def test_a_text_goes_on_only_where_it_was_said_to():
    assert put_together(
        Partial("$.a", string_value="Bos", will_continue=True),
        Partial("$.a", string_value="ton", will_continue=True),
        Partial("$.a", string_value=""),
        Partial("$.b", string_value="x"),
        Partial("$.b", string_value="y"),
    ) == {"a": "Boston", "b": "y"}


@pytest.mark.parametrize(
    "path", ["", "$", "$.", "$.a..b", "$[0]", f"$.a[{MOST_ITEMS}]", "$" + ".a" * 65, "$.a[-1]"]
)
def test_a_value_that_stands_nowhere_is_the_vendors_fault(path: str):
    with pytest.raises(UpstreamError):
        put_together(Partial(path, string_value="x"))


def test_a_value_inside_of_a_list_by_name_is_the_vendors_fault():
    with pytest.raises(UpstreamError):
        put_together(Partial("$.a[0]", string_value="x"), Partial("$.a.b", string_value="y"))
