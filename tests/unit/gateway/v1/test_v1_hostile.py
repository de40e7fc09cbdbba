"""What somebody with a key and no good in mind sends, and what becomes of it."""

import asyncio
import tracemalloc

import pytest

from gateway.domain.errors import ProviderUnavailableError
from gateway.domain.messages import Dialect, Finish, FinishReason, Start
from gateway.v1 import errors, exchange, headers
from gateway.v1.headers import Account
from tests.unit.gateway.v1.asgi import SECRET, Answer, Client, Engine, make_plane, make_scope

CHAT = "/v1/chat/completions"
MESSAGES = "/v1/messages"


def chat(given: bytes) -> bytes:
    return b'{"model": "open", "messages": [], ' + given + b"}"


async def sent(body, *, path=CHAT, said_in=None):
    """The answer, and whether anybody was asked."""
    engine = Engine([Start("1", "acme", "m-1"), Finish(FinishReason.STOP)])
    answer = await Client(make_plane(engine)).ask(path, body, headers=said_in)
    return answer, bool(engine.asked)


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize("figure", [b"-1000000000", b"0", b"2147483648", b"1" + b"0" * 30])
async def test_an_answer_cannot_be_so_short_or_long_that_limits_lose_count(name, figure):
    answer, is_asked = await sent(chat(b'"%s": %s' % (name.encode(), figure)))
    assert (answer.status, answer.json["error"]["param"], is_asked) == (400, name, False)


@pytest.mark.parametrize("figure", [-1, 2**31])
async def test_nor_can_a_message(figure):
    body = {"model": "open", "max_tokens": figure, "messages": []}
    answer, is_asked = await sent(body, path=MESSAGES)
    assert (answer.status, is_asked) == (400, False)


@pytest.mark.parametrize("figure", [b"-1", b"0", b"129"])
async def test_answers_are_asked_for_by_the_dozen_at_most(figure):
    answer, is_asked = await sent(chat(b'"n": ' + figure))
    assert (answer.status, answer.json["error"]["param"], is_asked) == (400, "n", False)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (CHAT, {"model": "m" * 257, "messages": []}),
        (CHAT, {"model": "open", "messages": [], "user": "u" * 513}),
        (MESSAGES, {"model": "m" * 257, "max_tokens": 9, "messages": []}),
        (
            MESSAGES,
            {
                "model": "open",
                "max_tokens": 9,
                "messages": [],
                "metadata": {"user_id": "u" * 513},
            },
        ),
        ("/v1/messages/count_tokens", {"model": "m" * 257, "messages": []}),
        ("/v1/embeddings", {"model": "m" * 257, "input": "x"}),
        ("/v1/embeddings", {"model": "vectors", "input": "x", "user": "u" * 513}),
    ],
)
async def test_what_is_remembered_by_its_name_has_a_length(path, body):
    answer, is_asked = await sent(body, path=path)
    assert (answer.status, is_asked) == (400, False)
    assert len(answer.body) < 1000


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (CHAT, chat(b'"strange": "\xff"')),
        (CHAT, chat(b'"tools": [{"function": {"name": "f", "parameters": {"x": "\xff"}}}]')),
        (CHAT, chat(b'"response_format": {"type": "json_object", "x": "\xff"}')),
        (CHAT, b'{"model": "mixed", "messages": [], "strange": "\xc3"}'),
        (CHAT, b'{"model": "open", "messages": [{"content": "\xed\xa0\x80"}]}'),
        (MESSAGES, b'{"model": "claude", "max_tokens": 9, "messages": [], "strange": "\xff"}'),
    ],
)
async def test_bytes_that_are_no_text_are_refused_wherever_they_are(path, body):
    answer, is_asked = await sent(body, path=path)
    assert (answer.status, is_asked) == (400, False)
    assert answer.json["error"]["message"] == "The body is not valid UTF-8."


async def test_a_budget_of_more_digits_than_python_reads_is_refused():
    answer, is_asked = await sent(chat(b'"n": 1'), said_in={"x-request-budget-ms": "9" * 5000})
    assert (answer.status, is_asked) == (400, False)


async def test_a_body_of_a_million_parts_is_refused_before_it_is_read():
    parts = b",".join([b'{"role":"user","content":""}'] * 60_000)
    answer, is_asked = await sent(b'{"model": "mixed", "messages": [' + parts + b"]}")
    assert (answer.status, is_asked) == (400, False)
    assert answer.json["error"]["message"] == "The body has more parts than anybody needs."


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 64 + b"]" * 64 + b",[]" * 9,
        b"[" + b"[{}]," * 20_000 + b"[]]",
        b'{"a": "' + b"[{" * 200_000 + b'"}',
        b'{"a": "\\"[[[[\\\\"}' * 100,
    ],
)
def test_what_is_wide_but_not_deep_passes(body):
    exchange.check_depth(body)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 65 + b"]" * 65,
        b"[]" * 90 + b'{"a":' * 65 + b"1" + b"}" * 65,
        b",".join([b"[" * 60 + b"]" * 60] * 1000),
        b"[" * 70 + b'"",' * 200_000,
    ],
)
def test_what_is_deep_or_too_much_does_not(body):
    with pytest.raises(exchange.RequestError):
        exchange.check_depth(body)


def test_a_vendor_that_says_to_wait_for_ever_is_heard_for_a_month():
    error = ProviderUnavailableError("busy", retry_after_seconds=1e308)
    told = dict(errors.headers_of(error))
    assert told == {b"retry-after": b"2678400", b"retry-after-ms": b"2678400000"}
    assert errors.status_of(error, Dialect.OPENAI) == 503


def test_a_name_with_bytes_nobody_sees_is_shown_without_them():
    told = dict(headers.of_answer(Account(model="a\0b\x1b[31m\x7fc\u2028")))
    assert told == {b"x-gateway-model": b"a?b?[31m?c?"}


@pytest.mark.parametrize(
    ("given", "n_answers"), [(b'"n": 4', 4), (b'"n": null', 1), (b'"a": 1', 1)]
)
async def test_the_pipeline_knows_how_many_answers_are_asked_for(given, n_answers):
    engine = Engine([Start("1", "acme", "m-1"), Finish(FinishReason.STOP)])
    await Client(make_plane(engine)).ask(CHAT, chat(given))
    assert engine.asked[0].n_answers == n_answers


@pytest.mark.parametrize("first", [[], [b'{"model": "open",']])
async def test_a_body_that_drips_in_is_not_waited_for(first):
    engine, answer = Engine(), Answer()
    waiting = list(first)

    async def receive():
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": True}
        return await asyncio.Event().wait()

    said_in = {"authorization": f"Bearer {SECRET}"}
    scope = make_scope(CHAT, method="POST", headers=said_in, query="")
    await make_plane(engine, body_seconds=0.0)(scope, receive, answer.send)
    assert (answer.status, answer.json["error"]["code"]) == (408, "request_timeout")
    assert engine.asked == []


async def test_a_body_in_tiny_pieces_weighs_no_more_than_it_is():
    n_pieces = 100_000

    async def receive():
        nonlocal n_pieces
        n_pieces -= 1
        return {"type": "http.request", "body": bytes((32, 33)), "more_body": n_pieces > 0}

    said_in = {"authorization": f"Bearer {SECRET}"}
    scope, answer = make_scope(CHAT, method="POST", headers=said_in, query=""), Answer()
    tracemalloc.start()
    await make_plane(Engine())(scope, receive, answer.send)
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (answer.status, n_pieces) == (400, 0)
    assert most_bytes < 2_000_000
