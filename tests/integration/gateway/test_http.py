"""The way out to a vendor, against a server that misbehaves."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway.adapters.providers import http
from gateway.adapters.providers.http import Http, Reply
from gateway.domain.errors import (
    ConnectionFailedError,
    DeadlinePhase,
    ProviderTimeoutError,
    StreamTruncatedError,
    UpstreamError,
)
from tests.fakes.upstream import Cut, Upstream
from tests.fakes.upstream import Reply as Answer

STREAMED = b'{"model":"m","stream":true}'
WHOLE = b'{"model":"m"}'


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    async with Upstream() as found:
        yield found


@pytest.fixture
async def sent() -> AsyncIterator[Http]:
    found = Http()
    yield found
    await found.aclose()


async def ask(sent: Http, upstream: Upstream, body: bytes = STREAMED, **changes: object) -> Reply:
    given = {"provider": "p", "headers": {"Authorization": "Bearer k"}, "connect_seconds": 5.0}
    url = str(changes.pop("url", f"{upstream.base_url}/chat/completions"))
    return await sent.post(url, body=body, **{**given, **changes})  # type: ignore[arg-type]


async def read_all(reply: Reply) -> bytes:
    found = b""
    while read := await reply.read():
        found += read
    return found


async def test_an_answer_comes_with_its_status_and_is_read_as_it_arrives(
    sent: Http, upstream: Upstream
) -> None:
    with await ask(sent, upstream) as reply:
        body = await read_all(reply)

    assert (reply.status, reply.is_stream) == (200, True)
    assert body.endswith(b"data: [DONE]\n\n")
    assert upstream.seen[0].headers["authorization"] == "Bearer k"
    assert upstream.seen[0].headers["accept-encoding"] == "identity"


async def test_a_line_is_used_again_when_its_answer_was_read_to_the_end(
    sent: Http, upstream: Upstream
) -> None:
    for _ in range(3):
        with await ask(sent, upstream, WHOLE) as reply:
            await reply.whole()

    assert upstream.n_connections == 1


async def test_a_line_is_used_again_when_only_its_last_bytes_are_missing(
    sent: Http, upstream: Upstream
) -> None:
    for _ in range(3):
        with await ask(sent, upstream) as reply:
            await reply.read()
            reply.ended()
        await upstream.until(lambda: not upstream.n_in_flight)
        with await ask(sent, upstream, WHOLE) as reply:
            await reply.whole()

    assert upstream.n_connections <= 2


async def test_a_line_whose_last_bytes_do_not_come_is_closed(
    sent: Http, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "LINGER_SECONDS", 0.0)
    upstream.say(stall_after=1)

    with await ask(sent, upstream) as reply:
        await reply.read()
        reply.ended()

    await upstream.until(lambda: upstream.seen[0].is_gone)


async def test_closing_does_not_wait_for_last_bytes(sent: Http, upstream: Upstream) -> None:
    upstream.say(stall_after=1)
    with await ask(sent, upstream) as reply:
        await reply.read()
        reply.ended()

    await sent.aclose()

    await upstream.until(lambda: upstream.seen[0].is_gone)


async def test_leaving_early_closes_the_connection(sent: Http, upstream: Upstream) -> None:
    upstream.say(stall_after=1)

    with await ask(sent, upstream) as reply:
        await reply.read()

    await upstream.until_idle()
    assert upstream.seen[0].is_gone


@pytest.mark.parametrize("answer", [Answer(never_answers=True), Answer(stall_after=0)])
async def test_cancelling_the_wait_closes_the_connection(
    sent: Http, upstream: Upstream, answer: Answer
) -> None:
    upstream.reply(answer)

    async def take() -> None:
        with await ask(sent, upstream) as reply:
            await read_all(reply)

    task = asyncio.create_task(take())
    await upstream.until(lambda: bool(upstream.seen))
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    await upstream.until_idle()
    assert upstream.seen[0].is_gone


async def test_more_answers_than_any_pool_holds_are_open_at_once(
    sent: Http, upstream: Upstream
) -> None:
    upstream.always(Answer(stall_after=0))

    replies = await asyncio.gather(*[ask(sent, upstream) for _ in range(150)])

    assert upstream.n_in_flight == 150
    for reply in replies:
        with reply:
            pass
    await upstream.until_idle()


async def test_a_reset_before_the_headers_is_a_failed_connection(
    sent: Http, upstream: Upstream
) -> None:
    upstream.reply(Answer(hangs_up=True))

    with pytest.raises(ConnectionFailedError) as raised:
        await ask(sent, upstream)
    assert "127.0.0.1" not in str(raised.value)


async def test_a_closed_door_is_a_failed_connection(sent: Http, upstream: Upstream) -> None:
    await upstream.stop_listening()

    with pytest.raises(ConnectionFailedError):
        await ask(sent, upstream)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/x", "nowhere", "http://"])
async def test_an_address_that_is_none_is_a_failed_connection(
    sent: Http, upstream: Upstream, url: str
) -> None:
    with pytest.raises(ConnectionFailedError):
        await ask(sent, upstream, url=url)


async def test_a_key_that_is_no_header_is_a_failed_connection_without_the_key(
    sent: Http, upstream: Upstream
) -> None:
    with pytest.raises(ConnectionFailedError) as raised:
        await ask(sent, upstream, headers={"Authorization": "sk-1\r\nX: y"})
    assert "sk-1" not in repr(raised.value)


async def test_a_connection_that_does_not_come_about_is_out_of_time(
    sent: Http, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def for_ever(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("aiohttp.TCPConnector._create_connection", for_ever)

    with pytest.raises(ProviderTimeoutError) as raised:
        await ask(sent, upstream, connect_seconds=0.001)
    assert raised.value.phase is DeadlinePhase.CONNECT


async def test_what_is_no_http_is_a_broken_provider(sent: Http) -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(UpstreamError):
            await sent.post(
                f"http://127.0.0.1:{port}/",
                provider="p",
                headers={},
                body=b"",
                connect_seconds=5.0,
            )


@pytest.mark.parametrize("cut", [Cut.CLOSE, Cut.RESET])
@pytest.mark.parametrize("body", [STREAMED, WHOLE], ids=["streamed", "whole"])
async def test_an_answer_cut_inside_is_truncated(
    sent: Http, upstream: Upstream, cut: Cut, body: bytes
) -> None:
    upstream.say(cut_after=1, cut=cut)

    with (
        pytest.raises((StreamTruncatedError, ConnectionFailedError)),
        await ask(sent, upstream, body) as reply,
    ):
        await reply.whole()


async def test_a_redirect_is_not_followed(sent: Http, upstream: Upstream) -> None:
    upstream.fail(307, headers={"Location": f"{upstream.base_url}/chat/completions"})

    with await ask(sent, upstream) as reply:
        await reply.complaint()

    assert reply.status == 307
    assert len(upstream.seen) == 1


async def test_no_more_of_an_error_is_read_than_is_worth_reading(
    sent: Http, upstream: Upstream
) -> None:
    upstream.fail(500, error=b"x" * (http.LARGEST_COMPLAINT_BYTES * 3))

    with await ask(sent, upstream) as reply:
        assert len(await reply.complaint()) == http.LARGEST_COMPLAINT_BYTES


async def test_an_error_that_is_cut_is_what_there_is_of_it(sent: Http, upstream: Upstream) -> None:
    upstream.fail(500, error=b"broken", headers={"Content-Length": "9"})

    with await ask(sent, upstream) as reply:
        complaint = asyncio.create_task(reply.complaint())
        await upstream.until(lambda: upstream.seen[0].is_answered)
        upstream.hang_up()
        assert await complaint == b"broken"


async def test_an_answer_without_end_is_refused(
    sent: Http, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "LARGEST_ANSWER_BYTES", 10)

    with pytest.raises(UpstreamError), await ask(sent, upstream, WHOLE) as reply:
        await reply.whole()


async def test_a_large_question_is_sent_whole(sent: Http, upstream: Upstream) -> None:
    body = b'{"model":"m","x":"' + b"y" * http.LARGE_BODY_BYTES + b'"}'

    with await ask(sent, upstream, body) as reply:
        await reply.whole()

    assert upstream.seen[0].body == body


async def test_a_cookie_is_not_kept(sent: Http, upstream: Upstream) -> None:
    upstream.say(headers={"Set-Cookie": "a=b; Path=/"})
    for _ in range(2):
        with await ask(sent, upstream, WHOLE) as reply:
            await reply.whole()

    assert "cookie" not in upstream.seen[1].headers


async def test_two_providers_share_no_connection(sent: Http, upstream: Upstream) -> None:
    for provider in ("p", "q"):
        with await ask(sent, upstream, WHOLE, provider=provider) as reply:
            await reply.whole()

    assert upstream.n_connections == 2


async def test_each_loop_closes_only_what_is_its_own(sent: Http, upstream: Upstream) -> None:
    upstream.say(stall_after=1)
    stalled = await ask(sent, upstream)
    with stalled:
        await stalled.read()

        async def ask_elsewhere() -> None:
            with await ask(sent, upstream, WHOLE) as reply:
                await reply.whole()
            await sent.aclose()

        await asyncio.to_thread(asyncio.run, ask_elsewhere())

        assert not upstream.seen[0].is_gone
    await upstream.until_idle()
