"""The adapter of Gemini's wire against a server that misbehaves."""

from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from gateway.adapters.providers import arriving
from gateway.adapters.providers.gemini import GeminiProvider
from gateway.adapters.providers.http import Http
from gateway.domain.catalog import Provider, Secret, Target
from gateway.domain.errors import (
    ConnectionFailedError,
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

USED = Usage(7, 4, UsageSource.PROVIDER)
LAST = (
    b'data: {"candidates":[{"content":{"parts":[{"text":"Well."}]},"finishReason":"STOP"}]}\r\n\r\n'
)


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    async with Upstream() as found:
        yield found


@pytest.fixture
async def provider() -> AsyncIterator[GeminiProvider]:
    http = Http()
    yield GeminiProvider(http)
    await http.aclose()


def target(upstream: Upstream, vendor: str = "") -> Target:
    found = Provider(
        "p",
        "gemini",
        Dialect.GEMINI,
        vendor=vendor,
        base_url=f"{upstream.url}/v1beta",
        credential=Secret("key-1"),
    )
    return Target(found, "gemini-2.5-flash")


def request(**changes: object) -> ChatRequest:
    asked = (Message.plain(Role.USER, "Hi"),)
    return ChatRequest("q", "p", "m", asked, **changes)  # type: ignore[arg-type]


async def said(provider: GeminiProvider, to: Target) -> list[Delta]:
    async with aclosing(provider.stream(request(), to)) as deltas:
        return [delta async for delta in deltas]


async def failed(
    provider: GeminiProvider, to: Target, asked: ChatRequest | None = None
) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        async for _ in provider.stream(asked or request(), to):
            pass
    return raised.value


async def test_an_answer_is_told_in_the_normal_form(
    upstream: Upstream, provider: GeminiProvider
) -> None:
    upstream.say("Well.", reasoning="Who?", tool_calls=(("find", '{"q":1}'),), usage=(7, 4))

    deltas = await said(provider, target(upstream))

    assert [delta for delta in deltas if not isinstance(delta, UsageUpdate)] == [
        Start("resp-1", "p", "gemini-m"),
        ReasoningDelta("Who?"),
        TextDelta("Well."),
        ToolCallDelta(0, '{"q":1}', "call_q_0", "find"),
        Finish(FinishReason.TOOL_CALLS, USED, "STOP"),
    ]


async def test_the_question_goes_out_with_the_key_and_the_model_in_the_address(
    upstream: Upstream, provider: GeminiProvider
) -> None:
    await said(provider, target(upstream))

    [seen] = upstream.seen
    assert seen.path == "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
    assert seen.headers["x-goog-api-key"] == "key-1"
    assert seen.json == {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}


async def test_at_vertex_the_key_is_a_token(upstream: Upstream, provider: GeminiProvider) -> None:
    await said(provider, target(upstream, vendor="vertex"))

    assert upstream.seen[0].headers["authorization"] == "Bearer key-1"
    assert "x-goog-api-key" not in upstream.seen[0].headers


async def test_responses_that_come_as_one_list_are_read_all_the_same(
    upstream: Upstream, provider: GeminiProvider
) -> None:
    body = b"[" + LAST.removeprefix(b"data: ").strip() + b"]"
    upstream.reply(Reply(frames=(body,), headers={"Content-Type": "application/json"}))

    assert await said(provider, target(upstream)) == [
        Start("q", "p", "gemini-2.5-flash"),
        TextDelta("Well."),
        Finish(FinishReason.STOP, None, "STOP"),
    ]


@pytest.mark.parametrize("n_bytes", [0, 1, 7])
async def test_frames_are_whole_again_however_they_arrive(
    upstream: Upstream, provider: GeminiProvider, n_bytes: int
) -> None:
    upstream.say("谁负责？ Who?", write_bytes=n_bytes)

    deltas = await said(provider, target(upstream))

    assert "".join(d.text for d in deltas if isinstance(d, TextDelta)) == "谁负责？ Who?"


async def test_the_line_is_used_again_after_an_answer(
    upstream: Upstream, provider: GeminiProvider
) -> None:
    for _ in range(3):
        await said(provider, target(upstream))
        await upstream.until(lambda: not upstream.n_in_flight)

    assert upstream.n_connections == 1


# --- What goes wrong --------------------------------------------------------------------------


async def test_a_rate_says_in_its_details_when_to_come_back(
    upstream: Upstream, provider: GeminiProvider
) -> None:
    body = (
        b'[{"error":{"code":429,"message":"slow down","status":"RESOURCE_EXHAUSTED","details":['
        b'{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.4s"}]}}]'
    )
    upstream.fail(429, error=body)

    error = await failed(provider, target(upstream))

    assert isinstance(error, RateLimitedError)
    assert error.retry_after_seconds == 34.4


async def test_a_quota_of_the_day_is_no_rate(upstream: Upstream, provider: GeminiProvider) -> None:
    body = (
        b'{"error":{"code":429,"message":"no","status":"RESOURCE_EXHAUSTED","details":['
        b'{"violations":[{"quotaId":"GenerateRequestsPerDayPerProject"}]}]}}'
    )
    upstream.fail(429, error=body)

    assert isinstance(await failed(provider, target(upstream)), QuotaExhaustedError)


async def test_a_key_that_is_not_valid_is_not_the_callers_fault(
    upstream: Upstream, provider: GeminiProvider
) -> None:
    upstream.fail(400, code="INVALID_ARGUMENT", message="API key not valid. Please pass another.")

    assert isinstance(await failed(provider, target(upstream)), CredentialError)


@pytest.mark.parametrize("cut", list(Cut))
async def test_a_cut_is_never_an_end(
    upstream: Upstream, provider: GeminiProvider, cut: Cut
) -> None:
    upstream.say(cut_after=2, cut=cut)

    error = await failed(provider, target(upstream))

    assert isinstance(error, StreamTruncatedError | ConnectionFailedError)


async def test_a_failure_in_the_stream_is_raised(
    upstream: Upstream, provider: GeminiProvider
) -> None:
    upstream.say(error_after=2, code="UNAVAILABLE")

    assert isinstance(await failed(provider, target(upstream)), ProviderUnavailableError)


async def test_half_a_frame_fails_cleanly(upstream: Upstream, provider: GeminiProvider) -> None:
    upstream.say(malformed_after=2)

    error = await failed(provider, target(upstream))

    assert (type(error), error.raw_code) == (UpstreamError, "malformed_event")


async def test_the_reason_is_an_end_when_the_line_is_not_closed(
    upstream: Upstream, provider: GeminiProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arriving, "LAST_WORDS_SECONDS", 0.0)
    upstream.reply(Reply(frames=(LAST,), cut_after=0, cut=Cut.RESET))

    deltas = await said(provider, target(upstream))

    assert deltas[-1] == Finish(FinishReason.STOP, None, "STOP")


async def test_only_chats_are_understood(upstream: Upstream, provider: GeminiProvider) -> None:
    error = await failed(provider, target(upstream), request(operation=Operation.EMBEDDINGS))

    assert isinstance(error, InvalidRequestError)
    assert upstream.seen == []
