"""OpenAI's own Python client against a data plane that serves."""

import asyncio
import time
from collections.abc import Callable

import openai
import pytest

from tests.fakes.upstream import Cut, Upstream
from tests.integration.gateway.v1 import known

HI = [{"role": "user", "content": "Hi"}]
CALLED = {"open": "tool_calls", "claude": "tool_use"}
TOOL = {
    "type": "function",
    "function": {"name": "look", "parameters": {"type": "object", "properties": {}}},
}


def joined(stream):
    """Return the text, and the chunks it came in."""
    chunks = list(stream)
    said = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    return "".join(said), chunks


@pytest.mark.parametrize("model", ["open", "claude"])
def test_a_whole_answer(program: openai.OpenAI, upstream: Upstream, model: str):
    upstream.say("Which number changed?")
    answer = program.chat.completions.create(model=model, messages=HI, max_tokens=50)
    assert answer.choices[0].message.content == "Which number changed?"
    assert answer.choices[0].finish_reason == "stop"
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (7, 3)


@pytest.mark.parametrize("model", ["open", "claude"])
def test_a_streamed_answer(program: openai.OpenAI, upstream: Upstream, model: str):
    upstream.say("Which number changed?")
    with program.chat.completions.create(
        model=model, messages=HI, max_tokens=50, stream=True
    ) as stream:
        text, chunks = joined(stream)
    assert text == "Which number changed?"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert all(chunk.usage is None for chunk in chunks)


@pytest.mark.parametrize("model", ["open", "claude"])
def test_figures_come_when_asked_for(program: openai.OpenAI, upstream: Upstream, model: str):
    upstream.say("Which number changed?")
    with program.chat.completions.create(
        model=model,
        messages=HI,
        max_tokens=50,
        stream=True,
        stream_options={"include_usage": True},
    ) as stream:
        _, chunks = joined(stream)
    assert [chunk.usage.total_tokens for chunk in chunks if chunk.usage] == [10]
    assert chunks[-1].choices == []


def test_what_the_client_sends_reaches_the_provider(program: openai.OpenAI, upstream: Upstream):
    upstream.say()
    program.chat.completions.create(
        model="open", messages=HI, logprobs=True, n=1, extra_body={"strange": {"field": 1}}
    )
    asked = upstream.seen[-1]
    assert asked.json["model"] == "m-open"
    assert asked.json["strange"] == {"field": 1}
    assert asked.json["logprobs"] is True
    assert asked.headers["authorization"] == f"Bearer {known.UPSTREAM_SECRET}"


@pytest.mark.parametrize("model", ["open", "claude"])
def test_tools_are_called(program: openai.OpenAI, upstream: Upstream, model: str):
    upstream.say("", tool_calls=(("look", '{"at": 1}'),), finish=CALLED[model])
    answer = program.chat.completions.create(model=model, messages=HI, tools=[TOOL], max_tokens=50)
    (call,) = answer.choices[0].message.tool_calls
    assert (call.function.name, call.function.arguments.replace(" ", "")) == ("look", '{"at":1}')
    assert answer.choices[0].finish_reason == "tool_calls"


@pytest.mark.parametrize("model", ["open", "claude"])
def test_tools_are_called_in_a_stream(program: openai.OpenAI, upstream: Upstream, model: str):
    upstream.say("", tool_calls=(("look", '{"at": 1}'),), finish=CALLED[model])
    with program.chat.completions.create(
        model=model, messages=HI, tools=[TOOL], max_tokens=50, stream=True
    ) as stream:
        pieces = [
            piece
            for chunk in stream
            if chunk.choices
            for piece in chunk.choices[0].delta.tool_calls or ()
        ]
    assert pieces[0].function.name == "look"
    assert pieces[0].id
    arguments = "".join(piece.function.arguments or "" for piece in pieces)
    assert arguments.replace(" ", "") == '{"at":1}'


def test_answers_say_who_made_them(program: openai.OpenAI, upstream: Upstream):
    upstream.say()
    raw = program.chat.completions.with_raw_response.create(model="open", messages=HI)
    told = raw.headers
    assert (told["x-gateway-provider"], told["x-gateway-model"]) == ("acme", "m-open")
    assert (told["x-gateway-route"], told["x-gateway-attempts"]) == ("open", "1")
    assert float(told["x-gateway-overhead-ms"]) > 0
    assert len(told["x-request-id"]) == 24


def test_embeddings(program: openai.OpenAI, upstream: Upstream):
    found = program.embeddings.create(model="vectors", input=["a", "b"], encoding_format="float")
    assert upstream.seen[-1].path == "/v1/embeddings"
    assert upstream.seen[-1].json["model"] == "m-vectors"
    assert len(found.data) == 2


def test_models(program: openai.OpenAI):
    assert [model.id for model in program.models.list() if "frail" not in model.id] == [
        "claude",
        "kept",
        "open",
        "scripted",
        "together",
        "vectors",
    ]
    assert program.models.retrieve("open").owned_by == "hotseat"
    with pytest.raises(openai.NotFoundError):
        program.models.retrieve("nobody")


def test_the_scripted_model_says_the_callers_words(program: openai.OpenAI):
    with program.chat.completions.create(model="scripted", messages=HI, stream=True) as stream:
        assert joined(stream)[0] == "Hi"


@pytest.mark.parametrize(
    ("secret", "model", "error", "code"),
    [
        ("sk-" + "x" * 43, "open", openai.AuthenticationError, "invalid_api_key"),
        (known.NARROW, "claude", openai.PermissionDeniedError, "permission_denied"),
        (known.SECRET, "nobody", openai.NotFoundError, "model_not_found"),
    ],
)
def test_refusals_are_the_clients_own_classes(data_plane: str, secret, model, error, code):
    with (
        openai.OpenAI(api_key=secret, base_url=f"{data_plane}/v1") as client,
        pytest.raises(error) as raised,
    ):
        client.chat.completions.create(model=model, messages=HI)
    assert raised.value.code == code
    assert raised.value.request_id


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, "context_length_exceeded", openai.BadRequestError),
        (400, "content_filter", openai.BadRequestError),
        (401, "invalid_api_key", openai.InternalServerError),  # our credentials, not the caller's
        (429, "insufficient_quota", openai.RateLimitError),
    ],
)
@pytest.mark.parametrize("is_streamed", [True, False])
def test_a_providers_refusals_keep_their_meaning(
    program: openai.OpenAI, upstream: Upstream, frail: str, status, code, error, is_streamed
):
    for _ in range(6):
        upstream.fail(status, code=code, message="you said: secret")
    with pytest.raises(error) as raised:
        program.chat.completions.create(model=frail, messages=HI, stream=is_streamed)
    assert "secret" not in str(raised.value)
    assert raised.value.response.headers["x-should-retry"] == "false"


def test_a_limit_is_waited_out_by_the_client(data_plane: str, upstream: Upstream):
    with openai.OpenAI(api_key=known.LIMITED, base_url=f"{data_plane}/v1", max_retries=1) as client:
        client.chat.completions.create(model="open", messages=HI)
        with pytest.raises(openai.RateLimitError) as raised:
            client.with_options(max_retries=0).chat.completions.create(model="open", messages=HI)
        told = raised.value.response.headers
        assert raised.value.code == "rate_limit_exceeded"
        assert told["x-ratelimit-limit-requests"] == "1"
        assert told["x-ratelimit-remaining-requests"] == "0"
        wait_seconds = int(told["retry-after-ms"]) / 1000
        assert 0 < wait_seconds <= 1.5
        began_at = time.monotonic()
        client.chat.completions.create(model="open", messages=HI)
        assert time.monotonic() - began_at > wait_seconds - 0.3


def test_a_stream_that_breaks_off_is_an_error_and_no_end(
    program: openai.OpenAI, upstream: Upstream, frail: str
):
    upstream.say("one two three four five", cut_after=3, cut=Cut.CLOSE)
    with (
        pytest.raises(openai.APIError) as raised,
        program.chat.completions.create(model=frail, messages=HI, stream=True) as stream,
    ):
        joined(stream)
    assert raised.value.code == "stream_truncated"


def test_another_provider_answers_before_anything_was_said(
    program: openai.OpenAI, upstream: Upstream, frail: str
):
    for _ in range(4):
        upstream.fail(503, model=f"{frail}-1")
    upstream.say("Well.", model=f"{frail}-2")
    raw = program.chat.completions.with_raw_response.create(model=frail, messages=HI, stream=True)
    assert raw.headers["x-gateway-model"] == f"{frail}-2"
    assert int(raw.headers["x-gateway-attempts"]) >= 2
    assert joined(raw.parse())[0] == "Well."


@pytest.mark.parametrize("is_streamed", [True, False])
async def test_a_client_that_leaves_early_closes_the_provider(
    data_plane: str, upstream: Upstream, is_streamed: bool
):
    upstream.say("late", first_delay_seconds=15.0, headers_delay_seconds=15.0)
    n_seen = len(upstream.seen)
    async with openai.AsyncOpenAI(
        api_key=known.SECRET, base_url=f"{data_plane}/v1", max_retries=0
    ) as client:
        asking = asyncio.create_task(
            client.chat.completions.create(model="open", messages=HI, stream=is_streamed)
        )
        await until(upstream, lambda: len(upstream.seen) > n_seen)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    await until(upstream, lambda: upstream.seen[-1].is_gone)


async def test_a_client_that_leaves_in_mid_stream_closes_the_provider(
    data_plane: str, upstream: Upstream
):
    upstream.say("word " * 500, token_delay_seconds=0.02)
    async with (
        openai.AsyncOpenAI(
            api_key=known.SECRET, base_url=f"{data_plane}/v1", max_retries=0
        ) as client,
        await client.chat.completions.create(model="open", messages=HI, stream=True) as stream,
    ):
        n_chunks = 0
        async for _ in stream:
            n_chunks += 1
            if n_chunks == 5:
                break
    await until(upstream, lambda: upstream.seen[-1].is_gone)
    assert upstream.seen[-1].n_tokens < 100


async def test_many_at_once(data_plane: str, upstream: Upstream):
    upstream.always(upstream.otherwise)
    async with openai.AsyncOpenAI(
        api_key=known.SECRET, base_url=f"{data_plane}/v1", max_retries=0
    ) as client:

        async def ask() -> str:
            stream = await client.chat.completions.create(model="open", messages=HI, stream=True)
            said = [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
            return "".join(said)

        answers = await asyncio.gather(*(ask() for _ in range(40)))
    assert set(answers) == {"Show me the number."}


async def until(upstream: Upstream, is_so: Callable[[], bool]) -> None:
    """Return as soon as it is so on the model server, which has a loop of its own."""
    assert upstream._server is not None
    waiting = asyncio.run_coroutine_threadsafe(upstream.until(is_so), upstream._server.get_loop())
    await asyncio.wrap_future(waiting)


@pytest.mark.parametrize("model", ["open", "claude"])
@pytest.mark.parametrize("is_streamed", [True, False])
def test_thoughts_have_a_field_of_their_own(
    program: openai.OpenAI, upstream: Upstream, model, is_streamed
):
    upstream.say("Forty.", reasoning="Who counts?")
    asked = {"model": model, "messages": HI}
    if is_streamed:
        with program.chat.completions.create(**asked, stream=True) as chunks:
            deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
        thought = "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas)
        said = "".join(delta.content or "" for delta in deltas)
    else:
        message = program.chat.completions.create(**asked).choices[0].message
        thought, said = message.reasoning_content, message.content
    assert (thought, said) == ("Who counts?", "Forty.")
