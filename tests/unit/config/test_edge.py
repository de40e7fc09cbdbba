"""Request ids, headers of strangers, foreign pages and the three paths of operators."""

import asyncio
import json

import pytest
import structlog

from config import health, origin
from config.drain import Drain
from config.edge import Edge
from tests.unit.config.asgi import Client, fetch, http_scope, websocket_scope


async def echo_headers(scope, receive, send):
    seen = {name.decode(): value.decode() for name, value in scope["headers"]}
    seen["in the log"] = structlog.contextvars.get_contextvars().get("request_id")
    headers = [(b"x-request-id", b"an inner one"), (b"x-other", b"kept")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(seen).encode()})


async def test_every_answer_carries_the_id_that_the_code_and_the_log_saw():
    _, headers, body = await fetch(Edge(echo_headers))
    seen = json.loads(body)
    assert len(headers[b"x-request-id"]) == 24
    assert headers[b"x-request-id"].decode() == seen["x-request-id"] == seen["in the log"]
    assert headers[b"x-other"] == b"kept"
    assert structlog.contextvars.get_contextvars() == {}


async def test_two_requests_have_two_ids():
    first, second = [await fetch(Edge(echo_headers)) for _ in range(2)]
    assert first[1][b"x-request-id"] != second[1][b"x-request-id"]


async def test_a_stranger_s_trace_context_and_request_id_are_dropped():
    forged = [
        (b"traceparent", b"00-" + b"1" * 32 + b"-" + b"2" * 16 + b"-01"),
        (b"Baggage", b"room.id=theirs"),
        (b"x-request-id", b"theirs"),
        (b"accept", b"*/*"),
    ]
    _, _, body = await fetch(Edge(echo_headers), headers=forged)
    seen = json.loads(body)
    assert set(seen) == {"accept", "x-request-id", "in the log"}
    assert seen["x-request-id"] != "theirs"


async def test_an_answer_is_kept_by_nobody_and_read_as_what_it_says_unless_it_chose_otherwise():
    async def page(scope, receive, send):
        headers = [(b"Cache-Control", b"max-age=60")] if scope["path"] == "/static" else []
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    _, personal, _ = await fetch(Edge(page), "/rooms/1")
    _, static, _ = await fetch(Edge(page), "/static")

    assert personal[b"cache-control"] == b"private, no-store"
    assert b"cache-control" not in static
    assert static[b"Cache-Control"] == b"max-age=60"
    assert {personal[b"x-content-type-options"], static[b"x-content-type-options"]} == {b"nosniff"}


async def test_where_the_site_is_mounted_is_not_a_stranger_s_to_say():
    async def tell(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["root_path"].encode()})

    _, _, body = await fetch(Edge(tell), root_path="//evil.example")

    assert body == b""


async def test_a_socket_s_handshake_carries_the_id_too():
    async def accept(scope, receive, send):
        await send({"type": "websocket.accept"})

    (message,) = await Client(Edge(accept), websocket_scope()).finish()
    assert [name for name, _ in message["headers"]] == [b"x-request-id"]


@pytest.mark.parametrize(
    ("page", "host", "is_let_in"),
    [
        ("http://localhost:8000", "localhost:8000", True),
        ("https://Game.example", "game.example", True),
        (None, "localhost:8000", True),
        ("https://trusted.example", "inner:8000", True),
        ("http://localhost:9999", "localhost:8000", False),
        ("https://evil.example", "game.example", False),
        ("null", "game.example", False),
        ("file://", "", False),
        ("http://", "", False),
        ("http://[", "game.example", False),
    ],
)
def test_a_socket_is_for_pages_of_this_site(settings, page, host, is_let_in):
    settings.CSRF_TRUSTED_ORIGINS = ["https://trusted.example"]
    assert origin.is_same_origin(page, host=host) is is_let_in


async def test_a_foreign_page_is_refused_before_the_handshake_ends():
    async def never(scope, receive, send):
        raise AssertionError("reached")

    scope = websocket_scope(headers=[(b"origin", b"https://evil.example"), (b"host", b"game")])
    client = Client(origin.SameOrigin(never), scope)
    client.put({"type": "websocket.connect"})
    (message,) = await client.finish()
    assert (message["type"], message["code"]) == ("websocket.close", 4403)


async def test_a_page_of_ours_reaches_the_application():
    async def accept(scope, receive, send):
        await send({"type": "websocket.accept"})

    scope = websocket_scope(headers=[(b"origin", b"http://game"), (b"host", b"game")])
    (message,) = await Client(origin.SameOrigin(accept), scope).finish()
    assert message["type"] == "websocket.accept"


async def inner(scope, receive, send):
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": b"inner"})


async def fine():
    return None


async def broken():
    raise ConnectionError("password in here")


async def stuck():
    await asyncio.Event().wait()


async def test_liveness_asks_nobody():
    status, headers, body = await fetch(health.Health(inner, probes={"db": broken}), "/healthz")
    assert (status, json.loads(body)) == (200, {"status": "ok"})
    assert headers[b"cache-control"] == b"no-store"


async def test_readiness_names_each_part(monkeypatch):
    monkeypatch.setattr(health, "PROBE_SECONDS", 0.01)
    service = health.Health(inner, probes={"db": fine, "redis": broken, "workers": stuck})
    status, _, body = await fetch(service, "/readyz")
    assert status == 503
    assert json.loads(body) == {
        "status": "not ready",
        "db": "ok",
        "redis": "ConnectionError",
        "workers": "slow",
    }


async def test_readiness_is_asked_at_most_once_a_second():
    n_asked = 0

    async def counted():
        nonlocal n_asked
        n_asked += 1

    service = health.Health(inner, probes={"db": counted})
    answers = [await fetch(service, "/readyz") for _ in range(5)]
    assert [status for status, _, _ in answers] == [200] * 5
    assert n_asked == 1


async def test_a_draining_service_is_not_ready_but_alive():
    drain = Drain(inner)
    service = health.Health(inner, drain=drain, probes={"db": fine})
    drain.begin()
    status, _, body = await fetch(service, "/readyz")
    assert (status, json.loads(body)) == (503, {"status": "draining"})
    assert (await fetch(service, "/healthz"))[0] == 200


@pytest.mark.parametrize("path", ["/", "/healthz/", "/readyz2", "/metrics/x"])
async def test_other_paths_are_the_application_s(path):
    assert (await fetch(health.Health(inner), path))[0] == 299


async def test_metrics_are_for_this_machine():
    status, _, body = await fetch(health.Health(inner), "/metrics")
    assert status == 200
    assert b"asyncio_loop_lag_seconds_bucket" in body


@pytest.mark.parametrize(
    ("token", "headers", "address", "may"),
    [
        ("", [], "127.0.0.1", True),
        ("", [], "::1", True),
        ("", [], "10.0.0.7", False),
        ("", [], "somewhere", False),
        ("", [(b"X-Forwarded-For", b"6.6.6.6")], "127.0.0.1", False),
        ("", [(b"host", b"localhost:8000")], "127.0.0.1", True),
        ("", [(b"host", b"[::1]:8000")], "::1", True),
        ("", [(b"host", b"rebound.example:8000")], "127.0.0.1", False),
        ("", [(b"host", b"\xff")], "127.0.0.1", False),
        ("t0ken", [], "127.0.0.1", False),
        ("t0ken", [(b"authorization", b"Bearer wrong")], "127.0.0.1", False),
        ("t0ken", [(b"authorization", b"Bearer t0ken")], "10.0.0.7", True),
    ],
)
def test_who_may_read_the_metrics(settings, token, headers, address, may):
    settings.METRICS_TOKEN = token
    assert health.may_scrape(http_scope(headers=headers, client=(address, 1))) is may


async def test_strangers_do_not_learn_that_there_are_metrics():
    status, _, body = await fetch(health.Health(inner), "/metrics", client=("10.0.0.7", 1))
    assert (status, json.loads(body)) == (404, {"status": "not found"})


async def tell_client(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(scope["client"]).encode()})


@pytest.mark.parametrize(
    ("trusts", "hops", "told", "client"),
    [
        (False, 1, [b"6.6.6.6"], ["127.0.0.1", 5]),
        (True, 1, [b"203.0.113.9"], ["203.0.113.9", 0]),
        (True, 1, [b"6.6.6.6, 203.0.113.9"], ["203.0.113.9", 0]),
        (True, 1, [b"6.6.6.6", b"203.0.113.9"], ["203.0.113.9", 0]),
        (True, 2, [b"6.6.6.6, 203.0.113.9, 10.0.0.2"], ["203.0.113.9", 0]),
        (True, 2, [b"203.0.113.9"], ["127.0.0.1", 5]),
        (True, 1, [b"203.0.113.9:4711"], ["203.0.113.9", 0]),
        (True, 1, [b"[2001:db8::1]:4711"], ["2001:db8::", 0]),
        (True, 1, [b"2001:db8::1"], ["2001:db8::", 0]),
        (True, 1, [b"unknown"], ["127.0.0.1", 5]),
        (True, 1, [], ["127.0.0.1", 5]),
    ],
)
async def test_the_client_is_where_our_own_proxy_was_called_from(
    settings, trusts, hops, told, client
):
    settings.TRUST_PROXY, settings.PROXY_HOPS = trusts, hops
    headers = [(b"X-Forwarded-For", value) for value in told]

    _, _, body = await fetch(Edge(tell_client), headers=headers)

    assert json.loads(body) == client


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("2001:db8:1:2:ffff::9", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("203.0.113.9", "203.0.113.9"),
        ("::1", "::1"),
        ("no:address", "no:address"),
    ],
)
async def test_the_client_is_a_household_however_many_addresses_it_has(address, counted):
    _, _, body = await fetch(Edge(tell_client), client=(address, 5))

    assert json.loads(body) == [counted, 5]
