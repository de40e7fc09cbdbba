"""The adapter of OpenAI's wire against a server that misbehaves."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import pytest

from gateway.adapters.providers import arriving
from gateway.adapters.providers.http import Http
from gateway.adapters.providers.openai_chat import OpenAIChatProvider
from gateway.domain.catalog import Provider, Secret, Target
from gateway.domain.errors import (
    ConnectionFailedError,
    ContextTooLongError,
    CredentialError,
    InvalidRequestError,
    ProviderError,
    ProviderUnavailableError,
    QuotaExhaustedError,
    RateLimitedError,
    StreamTruncatedError,
    UpstreamError,
)
from gateway.domain.messages import (
    ChatRequest,
    Delta,
    Dialect,
    Finish,
    FinishReason,
    Message,
    Operation,
    Original,
    Passthrough,
    ReasoningDelta,
    Role,
    Start,
    TextDelta,
    ToolCallDelta,
    Usage,
    UsageSource,
    UsageUpdate,
)
from tests.fakes.upstream import Cut, Reply, Upstream

WORDS = "Show me the number."
USED = Usage(7, 4, UsageSource.PROVIDER)


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    async with Upstream() as found:
        yield found


@pytest.fixture
async def provider() -> AsyncIterator[OpenAIChatProvider]:
    http = Http()
    yield OpenAIChatProvider(http)
    await http.aclose()


def target(upstream: Upstream, vendor: str = "openai", **options: str) -> Target:
    found = Provider(
        "p",
        "openai_chat",
        Dialect.OPENAI,
        vendor=vendor,
        base_url=upstream.base_url,
        credential=Secret("sk-1"),
        options=options,
    )
    return Target(found, "gpt")


def request(*, body: dict[str, object] | None = None, is_streamed: bool = True) -> ChatRequest:
    """Return a request in the normal form, or one that is a client's own body."""
    if body is None:
        asked = (Message.plain(Role.USER, "Hi"),)
        return ChatRequest("q", "", "m", messages=asked, is_streamed=is_streamed)
    given = {"stream": True} if is_streamed else {}
    original = Original(Dialect.OPENAI, json.dumps({"model": "m", **body, **given}).encode())
    return ChatRequest("q", "", "m", original=original, is_streamed=is_streamed)


async def told(
    provider: OpenAIChatProvider, asked: ChatRequest, at: Target
) -> tuple[list[Delta], ProviderError | None]:
    """Return the deltas of a call, and how it failed."""
    deltas: list[Delta] = []
    try:
        async with aclosing(provider.stream(asked, at)) as stream:
            async for delta in stream:
                deltas.append(delta)
    except ProviderError as error:
        return deltas, error
    return deltas, None


def words(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))


def passed(deltas: list[Delta]) -> bytes:
    return b"".join(delta.data for delta in deltas if isinstance(delta, Passthrough))


async def test_a_streamed_answer(provider: OpenAIChatProvider, upstream: Upstream) -> None:
    upstream.say(WORDS, reasoning="Hm.", n_comments=2, write_bytes=7)

    deltas, error = await told(provider, request(), target(upstream))

    assert error is None
    assert deltas[:2] == [Start("chatcmpl-1", "p", "gpt"), ReasoningDelta("Hm.")]
    assert words(deltas) == WORDS
    assert deltas[-2:] == [UsageUpdate(USED), Finish(FinishReason.STOP, USED, "stop")]
    assert upstream.seen[0].headers["authorization"] == "Bearer sk-1"
    assert upstream.seen[0].json == {
        "model": "gpt",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


async def test_an_answer_in_one_piece(provider: OpenAIChatProvider, upstream: Upstream) -> None:
    upstream.say(WORDS, tool_calls=(("roll", '{"n":6}'),))

    deltas, error = await told(provider, request(is_streamed=False), target(upstream))

    assert error is None
    assert deltas == [
        Start("chatcmpl-1", "p", "gpt"),
        TextDelta(WORDS),
        ToolCallDelta(0, '{"n":6}', "call_0", "roll"),
        UsageUpdate(USED),
        Finish(FinishReason.TOOL_CALLS, USED, "tool_calls"),
    ]
    assert "stream" not in upstream.seen[0].json


async def test_streams_reuse_their_connection(
    provider: OpenAIChatProvider, upstream: Upstream
) -> None:
    for _ in range(5):
        _, error = await told(provider, request(), target(upstream))
        assert error is None
        await upstream.until(lambda: not upstream.n_in_flight)
    await told(provider, request(is_streamed=False), target(upstream))

    assert upstream.n_connections <= 2


async def test_a_stream_is_passed_on_as_it_came(
    provider: OpenAIChatProvider, upstream: Upstream
) -> None:
    body = {"stream_options": {"include_usage": True}, "logprobs": True}

    deltas, error = await told(provider, request(body=body), target(upstream))

    frames = passed(deltas).split(b"\n\n")
    assert error is None
    assert isinstance(deltas[0], Start)
    assert deltas[-1] == Finish(FinishReason.STOP, USED, "stop")
    assert words(deltas) == ""
    assert sum(delta.n_contents for delta in deltas if isinstance(delta, Passthrough)) == 4
    assert len(frames) == 1 + 4 + 2 + 1  # the role, the words, reason and usage, the end
    assert b"[DONE]" not in passed(deltas)
    assert json.loads(frames[-2].removeprefix(b"data: "))["usage"]["total_tokens"] == 11
    assert upstream.seen[0].json["logprobs"] is True


async def test_usage_that_only_we_asked_for_is_hidden(
    provider: OpenAIChatProvider, upstream: Upstream
) -> None:
    deltas, _ = await told(provider, request(body={}), target(upstream))

    assert b"prompt_tokens" not in passed(deltas)
    assert deltas[-1] == Finish(FinishReason.STOP, USED, "stop")
    assert upstream.seen[0].json["stream_options"] == {"include_usage": True}


async def test_a_body_is_passed_on_as_it_came(
    provider: OpenAIChatProvider, upstream: Upstream
) -> None:
    deltas, error = await told(provider, request(body={}, is_streamed=False), target(upstream))

    assert error is None
    assert [type(delta) for delta in deltas] == [Start, Passthrough, Finish]
    assert deltas[2] == Finish(FinishReason.STOP, USED, "stop")
    assert isinstance(deltas[1], Passthrough)
    assert deltas[1].is_whole
    assert json.loads(deltas[1].data)["choices"][0]["message"]["content"] == WORDS


async def test_an_answer_whose_stop_text_has_to_go_is_not_passed_on(
    provider: OpenAIChatProvider, upstream: Upstream
) -> None:
    upstream.say("Well, then END")
    asked = replace(request(body={"stop": ["END"]}), stop=("END",))

    deltas, error = await told(provider, asked, target(upstream, "hunyuan"))

    assert error is None
    assert passed(deltas) == b""
    assert words(deltas) == "Well, then "


async def test_a_body_where_a_stream_was_wanted_is_understood(
    provider: OpenAIChatProvider, upstream: Upstream
) -> None:
    at = target(upstream, extra_body='{"stream":false}', drop_params="stream")

    deltas, error = await told(provider, request(body={}), at)

    assert error is None
    assert words(deltas) == WORDS


REFUSALS: list[tuple[dict[str, object], type[ProviderError], float | None]] = [
    ({"status": 429, "headers": {"Retry-After": "2"}}, RateLimitedError, 2.0),
    ({"status": 429, "headers": {"retry-after-ms": "1500"}}, RateLimitedError, 1.5),
    ({"status": 429, "code": "insufficient_quota"}, QuotaExhaustedError, None),
    ({"status": 429, "message": "Please retry after 37 seconds"}, RateLimitedError, 37.0),
    ({"status": 400, "code": "context_length_exceeded"}, ContextTooLongError, None),
    ({"status": 401, "code": "invalid_api_key"}, CredentialError, None),
    ({"status": 500}, UpstreamError, None),
    ({"status": 503, "headers": {"Retry-After": "1"}}, ProviderUnavailableError, 1.0),
    ({"hangs_up": True}, ConnectionFailedError, None),
]


@pytest.mark.parametrize(("how", "kind", "wait"), REFUSALS)
@pytest.mark.parametrize("body", [None, {}], ids=["understood", "passed"])
@pytest.mark.parametrize("is_streamed", [True, False], ids=["streamed", "whole"])
async def test_a_refusal_is_one_of_our_errors(
    provider: OpenAIChatProvider,
    upstream: Upstream,
    how: dict[str, object],
    kind: type[ProviderError],
    wait: float | None,
    body: dict[str, object] | None,
    is_streamed: bool,
) -> None:
    upstream.reply(Reply(**how))  # type: ignore[arg-type]

    deltas, error = await told(
        provider, request(body=body, is_streamed=is_streamed), target(upstream)
    )

    assert deltas == []
    assert type(error) is kind
    assert error is not None
    assert error.retry_after_seconds == wait
    assert "sk-1" not in repr(error)


@pytest.mark.parametrize("cut", [Cut.END, Cut.CLOSE, Cut.RESET])
@pytest.mark.parametrize("body", [None, {}], ids=["understood", "passed"])
async def test_a_cut_answer_is_truncated_and_what_was_shown_counts(
    provider: OpenAIChatProvider,
    upstream: Upstream,
    cut: Cut,
    body: dict[str, object] | None,
) -> None:
    upstream.say(WORDS, cut_after=3, cut=cut, token_delay_seconds=0.001)

    deltas, error = await told(provider, request(body=body), target(upstream))

    assert type(error) is StreamTruncatedError
    assert isinstance(deltas[0], Start)
    if cut is not Cut.RESET:  # a reset may overtake what was sent before it
        assert words(deltas) == "Show me the" or passed(deltas).count(b'"content":') == 4
    assert not any(isinstance(delta, Finish) for delta in deltas)


@pytest.mark.parametrize("cut", [Cut.CLOSE, Cut.RESET])
async def test_a_body_that_is_cut_is_truncated(
    provider: OpenAIChatProvider, upstream: Upstream, cut: Cut
) -> None:
    upstream.say(WORDS, cut_after=0, cut=cut)

    deltas, error = await told(provider, request(is_streamed=False), target(upstream))

    assert deltas == []
    assert type(error) is StreamTruncatedError


@pytest.mark.parametrize(
    ("how", "kind"),
    [
        ({"malformed_after": 2}, UpstreamError),
        ({"error_after": 2, "code": "server_error"}, UpstreamError),
        ({"error_after": 2, "message": "overloaded"}, ProviderUnavailableError),
    ],
)
@pytest.mark.parametrize("body", [None, {}], ids=["understood", "passed"])
async def test_a_failure_in_the_middle_comes_after_what_was_said(
    provider: OpenAIChatProvider,
    upstream: Upstream,
    how: dict[str, object],
    kind: type[ProviderError],
    body: dict[str, object] | None,
) -> None:
    upstream.say(WORDS, **how)

    deltas, error = await told(provider, request(body=body), target(upstream))

    assert type(error) is kind
    assert words(deltas) == "Show me" or passed(deltas).endswith(
        b' me"},"finish_reason":null}],"usage":null}\n\n'
    )


async def test_an_end_without_its_mark_is_an_end_once_the_reason_is_known(
    provider: OpenAIChatProvider, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arriving, "LAST_WORDS_SECONDS", 0.05)
    upstream.say(WORDS, has_done=False)
    upstream.reply(
        Reply(
            frames=(
                b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"Well"},'
                b'"finish_reason":"stop"}]}\n\n',
            ),
            stall_after=0,
        )
    )

    for said in (WORDS, "Well"):
        deltas, error = await told(provider, request(), target(upstream))
        assert error is None
        assert words(deltas) == said
        assert isinstance(deltas[-1], Finish)


@pytest.mark.parametrize("body", [None, {}], ids=["understood", "passed"])
async def test_comments_of_a_stalled_answer_say_nothing_and_cancelling_closes_it(
    provider: OpenAIChatProvider, upstream: Upstream, body: dict[str, object] | None
) -> None:
    upstream.say(WORDS, stall_after=1, comment_every_seconds=0.001)
    deltas: list[Delta] = []

    async def take() -> None:
        async for delta in provider.stream(request(body=body), target(upstream)):
            deltas.append(delta)

    task = asyncio.create_task(take())
    await upstream.until(lambda: bool(upstream.seen) and upstream.seen[0].n_bytes > 1000)
    n_deltas = len(deltas)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    await upstream.until_idle()
    assert upstream.seen[0].is_gone
    assert len(deltas) == n_deltas <= 3


async def test_leaving_the_stream_closes_the_connection(
    provider: OpenAIChatProvider, upstream: Upstream
) -> None:
    upstream.say(WORDS, stall_after=1)

    async with aclosing(provider.stream(request(), target(upstream))) as stream:
        async for delta in stream:
            if isinstance(delta, TextDelta):
                break

    await upstream.until_idle()
    assert upstream.seen[0].is_gone


async def test_azure_is_asked_in_its_own_way(
    provider: OpenAIChatProvider, upstream: Upstream
) -> None:
    found = Provider(
        "az",
        "openai_chat",
        Dialect.OPENAI,
        vendor="azure",
        base_url=upstream.url,
        credential=Secret("k"),
        options={"url_style": "deployments"},
    )

    _, error = await told(provider, request(), Target(found, "dep"))

    assert error is None
    assert upstream.seen[0].path == (
        "/openai/deployments/dep/chat/completions?api-version=2024-10-21"
    )
    assert upstream.seen[0].headers["api-key"] == "k"
    assert "authorization" not in upstream.seen[0].headers


def vectors(body: bytes, dialect: Dialect = Dialect.OPENAI) -> ChatRequest:
    return ChatRequest(
        "q",
        "",
        "m",
        is_streamed=False,
        max_output_tokens=0,
        original=Original(dialect, body, is_readable=False),
        operation=Operation.EMBEDDINGS,
    )


async def test_vectors_come_as_the_vendor_wrote_them(
    provider: OpenAIChatProvider, upstream: Upstream
) -> None:
    body = b'{"model":"public","input":["a","b"],"encoding_format":"float"}'

    deltas, error = await told(provider, vectors(body), target(upstream))

    used = Usage(7, 0, UsageSource.PROVIDER)
    assert error is None
    assert deltas[0] == Start("q", "p", "gpt")
    assert isinstance(deltas[1], Passthrough)
    assert deltas[1].is_whole
    assert [row["index"] for row in json.loads(deltas[1].data)["data"]] == [0, 1]
    assert deltas[2:] == [UsageUpdate(used), Finish(FinishReason.STOP, used)]
    assert upstream.seen[0].path == "/v1/embeddings"
    assert upstream.seen[0].json == {
        "model": "gpt",
        "input": ["a", "b"],
        "encoding_format": "float",
    }


@pytest.mark.parametrize(
    ("how", "kind"),
    [
        ({"status": 429}, RateLimitedError),
        ({"whole": b'{"error":{"code":"insufficient_quota"}}'}, QuotaExhaustedError),
        ({"whole": b"<html>"}, UpstreamError),
    ],
)
async def test_vectors_that_do_not_come_are_an_error(
    provider: OpenAIChatProvider,
    upstream: Upstream,
    how: dict[str, object],
    kind: type[ProviderError],
) -> None:
    upstream.reply(Reply(**how))  # type: ignore[arg-type]

    deltas, error = await told(provider, vectors(b"{}"), target(upstream))

    assert deltas == []
    assert type(error) is kind


async def test_vectors_are_not_asked_for_in_other_words(
    provider: OpenAIChatProvider, upstream: Upstream
) -> None:
    _, error = await told(provider, vectors(b"{}", Dialect.ANTHROPIC), target(upstream))

    assert type(error) is InvalidRequestError
    assert upstream.seen == []
