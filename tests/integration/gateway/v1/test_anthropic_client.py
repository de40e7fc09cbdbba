"""Anthropic's own Python client against a data plane that serves."""

import anthropic
import openai
import pytest

from tests.fakes.upstream import Cut, Upstream
from tests.integration.gateway.v1 import known

HI = [{"role": "user", "content": "Hi"}]
CALLED = {"open": "tool_calls", "claude": "tool_use"}
TOOL = {"name": "look", "input_schema": {"type": "object", "properties": {}}}


@pytest.mark.parametrize("model", ["open", "claude"])
def test_a_whole_message(scribe: anthropic.Anthropic, upstream: Upstream, model: str):
    upstream.say("Which number changed?")
    message = scribe.messages.create(model=model, messages=HI, max_tokens=50)
    assert message.content[0].text == "Which number changed?"
    assert message.stop_reason == "end_turn"
    assert len(message._request_id) == 24  # from the header that this client reads
    assert (message.usage.input_tokens, message.usage.output_tokens) == (7, 3)


@pytest.mark.parametrize("model", ["open", "claude"])
def test_a_streamed_message(scribe: anthropic.Anthropic, upstream: Upstream, model: str):
    upstream.say("Which number changed?")
    with scribe.messages.stream(model=model, messages=HI, max_tokens=50) as stream:
        assert "".join(stream.text_stream) == "Which number changed?"
        final = stream.get_final_message()
    assert final.stop_reason == "end_turn"
    assert final.usage.output_tokens == 3


async def test_an_asynchronous_client(data_plane: str, upstream: Upstream):
    upstream.say("Which number changed?")
    async with (
        anthropic.AsyncAnthropic(api_key=known.SECRET, base_url=data_plane) as client,
        client.messages.stream(model="claude", messages=HI, max_tokens=50) as stream,
    ):
        said = [text async for text in stream.text_stream]
    assert "".join(said) == "Which number changed?"


@pytest.mark.parametrize("model", ["open", "claude"])
@pytest.mark.parametrize("is_streamed", [True, False])
def test_tools_are_used(scribe: anthropic.Anthropic, upstream: Upstream, model, is_streamed):
    upstream.say("", tool_calls=(("look", '{"at": 1}'),), finish=CALLED[model])
    asked = {"model": model, "messages": HI, "max_tokens": 50, "tools": [TOOL]}
    if is_streamed:
        with scribe.messages.stream(**asked) as stream:
            message = stream.get_final_message()
    else:
        message = scribe.messages.create(**asked)
    (used,) = [block for block in message.content if block.type == "tool_use"]
    assert (used.name, used.input) == ("look", {"at": 1})
    assert message.stop_reason == "tool_use"


def test_a_conversation_with_tools_reaches_a_provider_of_the_other_dialect(
    scribe: anthropic.Anthropic, upstream: Upstream
):
    upstream.say("It is 42.")
    scribe.messages.create(
        model="open",
        max_tokens=50,
        system="Be brief.",
        tools=[TOOL],
        messages=[
            *HI,
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "t1", "name": "look", "input": {"at": 1}}],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "42"}],
            },
        ],
    )
    said = upstream.seen[-1].json["messages"]
    assert [message["role"] for message in said] == ["system", "user", "assistant", "tool"]
    assert said[-1]["tool_call_id"] == "t1"


def test_tokens_are_counted(scribe: anthropic.Anthropic):
    counted = scribe.messages.count_tokens(model="claude", messages=HI)
    assert 5 < counted.input_tokens < 30


def test_models(scribe: anthropic.Anthropic):
    assert "claude" in [model.id for model in scribe.models.list()]
    paged = [model.id for model in scribe.models.list(limit=1)]
    assert paged == [model.id for model in scribe.models.list()]
    assert scribe.models.retrieve("claude").display_name == "claude"


@pytest.mark.parametrize(
    ("secret", "model", "error", "kind"),
    [
        ("sk-" + "x" * 43, "claude", anthropic.AuthenticationError, "authentication_error"),
        (known.NARROW, "claude", anthropic.PermissionDeniedError, "permission_error"),
        (known.SECRET, "nobody", anthropic.NotFoundError, "not_found_error"),
    ],
)
def test_refusals_are_the_clients_own_classes(data_plane: str, secret, model, error, kind):
    with (
        anthropic.Anthropic(api_key=secret, base_url=data_plane) as client,
        pytest.raises(error) as raised,
    ):
        client.messages.create(model=model, messages=HI, max_tokens=5)
    assert raised.value.body["error"]["type"] == kind


def test_a_stream_that_breaks_off_is_an_error_and_no_end(
    scribe: anthropic.Anthropic, upstream: Upstream, frail: str
):
    upstream.say("one two three four five", cut_after=3, cut=Cut.CLOSE)
    with (
        pytest.raises(anthropic.APIStatusError) as raised,
        scribe.messages.stream(model=frail, messages=HI, max_tokens=50) as stream,
    ):
        list(stream.text_stream)
    assert raised.value.body["error"]["type"] == "api_error"


def test_an_overloaded_provider_is_told_as_such(
    scribe: anthropic.Anthropic, upstream: Upstream, frail: str
):
    for _ in range(6):
        upstream.fail(503)
    with pytest.raises(anthropic.APIStatusError) as raised:
        scribe.messages.create(model=frail, messages=HI, max_tokens=5)
    assert raised.value.status_code == 529
    assert raised.value.body["error"]["type"] == "overloaded_error"


def test_both_clients_take_either_header(data_plane: str, upstream: Upstream):
    upstream.say("one")
    with anthropic.Anthropic(auth_token=known.SECRET, base_url=data_plane) as client:
        message = client.messages.create(model="open", messages=HI, max_tokens=5)
    assert message.content[0].text == "one"
    upstream.say("two")
    with openai.OpenAI(
        api_key="unused",
        base_url=f"{data_plane}/v1",
        default_headers={"Authorization": "", "x-api-key": known.SECRET},
    ) as other:
        answer = other.chat.completions.create(model="open", messages=HI)
    assert answer.choices[0].message.content == "two"


def test_a_beta_reaches_a_provider_of_the_dialect(scribe: anthropic.Anthropic, upstream: Upstream):
    upstream.say("Hi.")
    scribe.beta.messages.create(model="claude", max_tokens=9, messages=HI, betas=["files-2027"])
    assert upstream.seen[-1].headers["anthropic-beta"] == "files-2027"


@pytest.mark.parametrize("model", ["open", "claude"])
@pytest.mark.parametrize("is_streamed", [True, False])
def test_thoughts_come_as_blocks(
    scribe: anthropic.Anthropic, upstream: Upstream, model, is_streamed
):
    upstream.say("Forty.", reasoning="Who counts?")
    asked = {"model": model, "messages": HI, "max_tokens": 50}
    if is_streamed:
        with scribe.messages.stream(**asked) as stream:
            message = stream.get_final_message()
    else:
        message = scribe.messages.create(**asked)
    thought, said = message.content
    assert (thought.type, thought.thinking, said.text) == ("thinking", "Who counts?", "Forty.")
