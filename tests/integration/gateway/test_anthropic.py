"""The adapter of Anthropic's wire against a server that misbehaves."""

import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import pytest

from gateway.adapters.providers import arriving
from gateway.adapters.providers.anthropic import AnthropicProvider
from gateway.adapters.providers.http import Http
from gateway.domain.catalog import Provider, Secret, Target
from gateway.domain.errors import (
    ConnectionFailedError,
    ContextTooLongError,
    InvalidRequestError,
    ProviderError,
    ProviderUnavailableError,
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

WORDS = ["Show", " me", " the", " number."]
USED = Usage(7, 4, UsageSource.PROVIDER)
BEGUN = Usage(7, 1, UsageSource.PROVIDER)


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    async with Upstream() as found:
        yield found


@pytest.fixture
async def provider() -> AsyncIterator[AnthropicProvider]:
    http = Http()
    yield AnthropicProvider(http)
    await http.aclose()


def target(upstream: Upstream, **options: str) -> Target:
    found = Provider(
        "p",
        "anthropic",
        Dialect.ANTHROPIC,
        base_url=upstream.url,
        credential=Secret("sk-1"),
        options=options,
    )
    return Target(found, "claude")


def request(*, is_streamed: bool = True, **changes: object) -> ChatRequest:
    asked = (Message.plain(Role.SYSTEM, "Be brief."), Message.plain(Role.USER, "Hi"))
    return ChatRequest("q", "p", "m", asked, is_streamed=is_streamed, **changes)  # type: ignore[arg-type]


def passed(*, is_streamed: bool = True, **fields: object) -> ChatRequest:
    """Return a request whose client speaks the dialect itself."""
    body = {
        "model": "m",
        "max_tokens": 50,
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": is_streamed,
        **fields,
    }
    original = Original(Dialect.ANTHROPIC, json.dumps(body).encode(), is_readable=False)
    return ChatRequest("q", "p", "m", is_streamed=is_streamed, original=original)


async def said(provider: AnthropicProvider, asked: ChatRequest, to: Target) -> list[Delta]:
    async with aclosing(provider.stream(asked, to)) as deltas:
        return [delta async for delta in deltas]


async def until_failure(
    provider: AnthropicProvider, asked: ChatRequest, to: Target
) -> tuple[list[Delta], ProviderError]:
    """Return what was said before it failed, and how it failed."""
    deltas: list[Delta] = []
    try:
        async for delta in provider.stream(asked, to):
            deltas.append(delta)
    except ProviderError as error:
        return deltas, error
    pytest.fail("it did not fail")


async def test_an_answer_is_told_in_the_normal_form(
    upstream: Upstream, provider: AnthropicProvider
) -> None:
    upstream.say(reasoning="Who?", tool_calls=(("find", '{"q":1}'),))

    deltas = await said(provider, request(), target(upstream))

    assert deltas == [
        Start("msg_1", "p", "claude"),
        UsageUpdate(BEGUN),
        ReasoningDelta("Who?"),
        ReasoningDelta("", "c2ln"),
        *(TextDelta(word) for word in WORDS),
        ToolCallDelta(0, "", "toolu_0", "find"),
        ToolCallDelta(0, '{"q":1}'),
        UsageUpdate(USED),
        Finish(FinishReason.TOOL_CALLS, USED, "tool_use"),
    ]


async def test_the_question_goes_out_with_key_version_and_a_bound(
    upstream: Upstream, provider: AnthropicProvider
) -> None:
    await said(provider, request(), target(upstream, beta="context-1m"))

    [seen] = upstream.seen
    assert seen.path == "/v1/messages"
    assert seen.headers["x-api-key"] == "sk-1"
    assert seen.headers["anthropic-version"] == "2023-06-01"
    assert seen.headers["anthropic-beta"] == "context-1m"
    assert "authorization" not in seen.headers
    assert seen.json == {
        "model": "claude",
        "max_tokens": 4096,
        "system": [{"type": "text", "text": "Be brief."}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
        "stream": True,
    }


async def test_a_token_goes_where_tokens_go(
    upstream: Upstream, provider: AnthropicProvider
) -> None:
    await said(provider, request(), target(upstream, auth="bearer"))

    assert upstream.seen[0].headers["authorization"] == "Bearer sk-1"
    assert "x-api-key" not in upstream.seen[0].headers


@pytest.mark.parametrize(
    ("options", "brought", "sent"),
    [
        ({}, "", None),
        ({}, "files-api,fast-mode-2026", "files-api"),
        ({"client_betas": "files-*, fast-mode-*"}, "a,fast-mode-2026", "fast-mode-2026"),
        ({"client_betas": ""}, "a", None),
        ({"beta": "x, y"}, "a,x", "x,y,a"),
    ],
)
async def test_a_clients_betas_are_asked_for_so_far_as_it_may(
    upstream: Upstream,
    provider: AnthropicProvider,
    options: dict[str, str],
    brought: str,
    sent: str | None,
) -> None:
    upstream.say()
    asking = passed()
    assert asking.original is not None
    original = replace(asking.original, headers=(("anthropic-beta", brought),))

    await said(provider, replace(asking, original=original), target(upstream, **options))

    assert upstream.seen[0].headers.get("anthropic-beta") == sent


@pytest.mark.parametrize(
    ("version", "sent"), [("2027-01-01", "2027-01-01"), ("2020-01-01", "2023-06-01")]
)
async def test_a_clients_version_is_asked_for_unless_it_is_older_than_ours(
    upstream: Upstream, provider: AnthropicProvider, version: str, sent: str
) -> None:
    upstream.say()
    asking = passed()
    assert asking.original is not None
    original = replace(asking.original, headers=(("anthropic-version", version),))

    await said(provider, replace(asking, original=original), target(upstream))

    assert upstream.seen[0].headers["anthropic-version"] == sent


async def test_headers_of_another_dialects_client_stay_behind(
    upstream: Upstream, provider: AnthropicProvider
) -> None:
    upstream.say()
    original = Original(Dialect.OPENAI, b"{}", headers=(("anthropic-beta", "a"),))

    await said(provider, request(original=original), target(upstream))

    assert "anthropic-beta" not in upstream.seen[0].headers


async def test_the_line_is_used_again_after_an_answer(
    upstream: Upstream, provider: AnthropicProvider
) -> None:
    for _ in range(3):
        await said(provider, request(), target(upstream))
        await upstream.until(lambda: not upstream.n_in_flight)

    assert upstream.n_connections <= 2


# --- A client of the same dialect -------------------------------------------------------------


async def test_frames_are_passed_on_as_they_came(
    upstream: Upstream, provider: AnthropicProvider
) -> None:
    asked = passed(top_k=5, unknown={"a": None})

    deltas = await said(provider, asked, target(upstream))

    frames = b"".join(delta.data for delta in deltas if isinstance(delta, Passthrough))
    events = [line for line in frames.decode().splitlines() if line.startswith("event: ")]
    assert events == [
        "event: message_start",
        "event: content_block_start",
        "event: ping",
        *["event: content_block_delta"] * 4,
        "event: content_block_stop",
        "event: message_delta",
    ]
    assert frames.endswith(b"\n\n")
    assert sum(delta.n_contents for delta in deltas if isinstance(delta, Passthrough)) == 4
    assert isinstance(deltas[0], Start)
    assert deltas[-1] == Finish(FinishReason.STOP, USED, "end_turn")
    assert not any(isinstance(delta, TextDelta) for delta in deltas)


async def test_a_body_is_passed_on_but_for_the_model(
    upstream: Upstream, provider: AnthropicProvider
) -> None:
    asked = passed(top_k=5, unknown={"a": None}, metadata={"user_id": "u"})

    await said(provider, asked, target(upstream, drop_params="metadata, nothing"))

    assert upstream.seen[0].json == {
        "model": "claude",
        "max_tokens": 50,
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": True,
        "top_k": 5,
        "unknown": {"a": None},
    }


async def test_an_answer_that_is_not_streamed_is_passed_on_whole(
    upstream: Upstream, provider: AnthropicProvider
) -> None:
    deltas = await said(provider, passed(is_streamed=False), target(upstream))

    start, whole, usage, finish = deltas
    assert start == Start("msg_1", "p", "claude")
    assert isinstance(whole, Passthrough)
    assert (whole.is_whole, whole.n_contents) == (True, 1)
    assert json.loads(whole.data)["content"] == [{"type": "text", "text": "Show me the number."}]
    assert usage == UsageUpdate(USED)
    assert finish == Finish(FinishReason.STOP, USED, "end_turn")


async def test_a_failure_is_raised_also_to_a_client_of_the_dialect(
    upstream: Upstream, provider: AnthropicProvider
) -> None:
    upstream.say(error_after=0, code="overloaded_error")

    deltas, error = await until_failure(provider, passed(), target(upstream))

    assert isinstance(error, ProviderUnavailableError)
    assert sum(delta.n_contents for delta in deltas if isinstance(delta, Passthrough)) == 0
    assert not any(b"error" in delta.data for delta in deltas if isinstance(delta, Passthrough))


# --- What goes wrong --------------------------------------------------------------------------


async def test_a_refusal_says_when_to_come_back(
    upstream: Upstream, provider: AnthropicProvider
) -> None:
    upstream.fail(429, retry_after="7", code="rate_limit_error", message="Who said Hi?")

    deltas, error = await until_failure(provider, request(), target(upstream))

    assert deltas == []
    assert isinstance(error, RateLimitedError)
    assert (error.retry_after_seconds, error.raw_code, error.raw_status) == (
        7.0,
        "rate_limit_error",
        429,
    )
    assert "Hi" not in str(error)


async def test_a_prompt_that_is_too_long_may_fit_elsewhere(
    upstream: Upstream, provider: AnthropicProvider
) -> None:
    upstream.fail(
        400, code="invalid_request_error", message="prompt is too long: 210000 tokens > 200000"
    )

    _, error = await until_failure(provider, request(), target(upstream))

    assert isinstance(error, ContextTooLongError)


@pytest.mark.parametrize("asked", [request(), passed()], ids=["read", "passed"])
@pytest.mark.parametrize("cut", list(Cut))
async def test_a_cut_is_never_an_end(
    upstream: Upstream, provider: AnthropicProvider, asked: ChatRequest, cut: Cut
) -> None:
    upstream.say(cut_after=2, cut=cut)

    _, error = await until_failure(provider, asked, target(upstream))

    assert isinstance(error, StreamTruncatedError | ConnectionFailedError)


async def test_a_failure_in_the_stream_follows_what_was_said(
    upstream: Upstream, provider: AnthropicProvider
) -> None:
    upstream.say(error_after=2, code="api_error")

    deltas, error = await until_failure(provider, request(), target(upstream))

    assert [delta.text for delta in deltas if isinstance(delta, TextDelta)] == WORDS[:2]
    assert isinstance(error, UpstreamError)


@pytest.mark.parametrize("asked", [request(), passed()], ids=["read", "passed"])
async def test_half_an_event_fails_cleanly(
    upstream: Upstream, provider: AnthropicProvider, asked: ChatRequest
) -> None:
    upstream.say(malformed_after=2)

    _, error = await until_failure(provider, asked, target(upstream))

    assert (type(error), error.raw_code) == (UpstreamError, "malformed_event")


async def test_the_reason_is_an_end_when_the_last_event_does_not_come(
    upstream: Upstream, provider: AnthropicProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arriving, "LAST_WORDS_SECONDS", 0.0)
    head = b'event: message_start\ndata: {"type":"message_start","message":{"id":"a"}}\n\n'
    end = b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}'
    upstream.reply(Reply(frames=(head, end + b"\n\n"), cut_after=0, cut=Cut.RESET))

    deltas = await said(provider, request(), target(upstream))

    assert deltas == [Start("a", "p", "claude"), Finish(FinishReason.STOP, None, "end_turn")]


@pytest.mark.parametrize("asked", [request(), passed()], ids=["read", "passed"])
async def test_a_whole_answer_to_who_waits_for_frames_is_told_in_the_normal_form(
    upstream: Upstream, provider: AnthropicProvider, asked: ChatRequest
) -> None:
    body = b'{"id":"a","content":[{"type":"text","text":"Hi."},{"type":"tool_use","id":"t",'
    body += b'"name":"f","input":{"q":1}}],"stop_reason":"tool_use"}'
    upstream.reply(Reply(frames=(body,), headers={"Content-Type": "application/json"}))

    assert await said(provider, asked, target(upstream)) == [
        Start("a", "p", "claude"),
        TextDelta("Hi."),
        ToolCallDelta(0, "", "t", "f"),
        ToolCallDelta(0, '{"q":1}'),
        Finish(FinishReason.TOOL_CALLS, None, "tool_use"),
    ]


@pytest.mark.parametrize("body", [b"<html>", b'{"content": 5}', b'"\xff"', b'{"a":"\xff'])
async def test_a_body_that_is_no_message_is_a_broken_provider(
    upstream: Upstream, provider: AnthropicProvider, body: bytes
) -> None:
    upstream.reply(Reply(frames=(body,), headers={"Content-Type": "application/json"}))

    _, error = await until_failure(provider, request(), target(upstream))

    assert (type(error), error.raw_code) == (UpstreamError, "malformed_answer")


async def test_a_failure_that_comes_as_a_success_is_one(
    upstream: Upstream, provider: AnthropicProvider
) -> None:
    body = b'{"type":"error","error":{"type":"overloaded_error","message":"no"}}'
    upstream.reply(Reply(frames=(body,), headers={"Content-Type": "application/json"}))

    _, error = await until_failure(provider, request(), target(upstream))

    assert isinstance(error, ProviderUnavailableError)


async def test_only_chats_are_understood(upstream: Upstream, provider: AnthropicProvider) -> None:
    asked = request(operation=Operation.EMBEDDINGS)

    _, error = await until_failure(provider, asked, target(upstream))

    assert isinstance(error, InvalidRequestError)
    assert upstream.seen == []
