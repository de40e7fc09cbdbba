"""The edge: who may, what is refused, and in whose words."""

import pytest

from gateway.domain.catalog import Key, Scope, Tenant
from gateway.domain.errors import LimitExceededError
from gateway.domain.messages import Failed, Finish, FinishReason, Start, TextDelta
from gateway.domain.rate_limit import Level
from gateway.v1.runs import Shelf
from tests.fakes.gateway import MemoryRelay
from tests.unit.gateway.v1.asgi import Answer, Client, Engine, make_catalog, make_plane

CHAT = {"model": "open", "messages": [{"role": "user", "content": "Hi"}]}
MESSAGE = {**CHAT, "model": "claude", "max_tokens": 5}
SAID = [Start("1", "acme", "m-1"), TextDelta("Hello."), Finish(FinishReason.STOP)]
ANTHROPIC = {"anthropic-version": "2023-06-01"}


def client(**changes):
    engine = changes.pop("engine", None) or Engine(list(SAID))
    return Client(make_plane(engine, **changes))


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"authorization": "", "x-api-key": "sk-" + "t" * 43}, 200),
        ({"authorization": "bearer  sk-" + "t" * 43}, 200),
        ({"authorization": ""}, 401),
        ({"authorization": "Basic abc"}, 401),
        ({"authorization": "Bearer sk-" + "u" * 43}, 401),
    ],
)
async def test_a_key_comes_in_either_dialects_header(headers, status):
    answer = await client().ask("/v1/chat/completions", CHAT, headers=headers)
    assert answer.status == status
    if status == 401:
        assert answer.json["error"]["code"] == "invalid_api_key"
        assert answer.headers["x-should-retry"] == "false"


@pytest.mark.parametrize(
    ("key", "path", "status", "code"),
    [
        (Key("k", Tenant("a"), models=("cl*",)), "/v1/chat/completions", 403, "permission_denied"),
        (
            Key("k", Tenant("a"), scopes=frozenset({Scope.MODELS})),
            "/v1/chat/completions",
            403,
            "permission_denied",
        ),
        (Key("k", Tenant("a"), expires_at=1.0), "/v1/chat/completions", 401, "invalid_api_key"),
    ],
)
async def test_a_key_opens_only_what_it_is_for(key, path, status, code):
    answer = await client(catalog=make_catalog(key=key)).ask(path, CHAT)
    assert (answer.status, answer.json["error"]["code"]) == (status, code)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/messages", MESSAGE),
        ("/v1/messages", {**MESSAGE, "stream": True}),
        ("/v1/messages", {**MESSAGE, "model": "nobody's"}),
        ("/v1/messages/count_tokens", MESSAGE),
    ],
)
async def test_anthropics_clients_find_the_requests_id_where_they_look_for_it(path, body):
    answer = await client().ask(path, body)
    assert answer.headers["request-id"] == answer.headers["x-request-id"]


async def test_openais_clients_get_the_requests_id_once():
    answer = await client().ask("/v1/chat/completions", CHAT)
    assert "request-id" not in answer.headers


async def test_a_stream_that_can_be_taken_up_names_its_id_as_well():
    relay = MemoryRelay()
    shelf = Shelf(relay, relay, 1.0)
    numbered = {"x-gateway-resumable": "true"}
    asking = client(shelf=lambda: shelf)
    answer = await asking.ask("/v1/messages", {**MESSAGE, "stream": True}, headers=numbered)
    assert answer.headers["request-id"] == answer.headers["x-request-id"]


async def test_a_model_nobody_routes_is_not_found():
    answer = await client().ask("/v1/chat/completions", {**CHAT, "model": "gpt-99"})
    assert (answer.status, answer.json["error"]["code"]) == (404, "model_not_found")
    assert answer.json["error"]["param"] == "model"


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        (b"{", 400, None),
        (b"[]", 400, None),
        (b'{"model": "open"}', 400, "messages"),
        (b'{"model": 3, "messages": []}', 400, "model"),
        (b'{"model": "open", "messages": [], "stream": "yes"}', 400, "stream"),
        (b'{"model": "open", "messages": ' + b"[" * 65 + b"]" * 65 + b"}", 400, None),
        (b'{"model": "open", "messages": ' + b"[" * 9999 + b"]" * 9999 + b"}", 400, None),
        (b'{"model": "open", "messages": "' + b"x" * 1000 + b'"}', 413, None),
    ],
)
async def test_a_body_that_is_wrong_is_refused_with_the_field(body, status, param):
    limit = 600 if status == 413 else 100_000
    answer = await client(max_body_bytes=limit).ask("/v1/chat/completions", body)
    assert answer.status == status
    assert answer.json["error"]["type"] == "invalid_request_error"
    assert answer.json["error"]["param"] == param


@pytest.mark.parametrize("pieces", [1, 7])
async def test_a_body_is_counted_also_when_it_comes_in_pieces(pieces):
    body = {**CHAT, "user": "u" * 500}
    large = client(max_body_bytes=400)
    assert (await large.ask("/v1/chat/completions", body, pieces=pieces)).status == 413
    assert (await client().ask("/v1/chat/completions", body, pieces=pieces)).status == 200


async def test_a_body_that_says_it_is_too_large_is_not_read():
    answer = await client(max_body_bytes=400).ask(
        "/v1/chat/completions", CHAT, headers={"content-length": "401"}
    )
    assert answer.status == 413


@pytest.mark.parametrize(
    ("kind", "status"),
    [("application/json; charset=utf-8", 200), ("application/x-www-form-urlencoded", 415)],
)
async def test_only_json_is_read(kind, status):
    answer = await client().ask("/v1/chat/completions", CHAT, headers={"content-type": kind})
    assert answer.status == status


async def test_strings_full_of_brackets_are_not_deep():
    text = '"[{\\' * 100
    body = {**CHAT, "messages": [{"role": "user", "content": text}]}
    assert (await client().ask("/v1/chat/completions", body)).status == 200


@pytest.mark.parametrize(
    ("path", "method", "headers", "status", "kind"),
    [
        ("/v1/nothing", "GET", {}, 404, "invalid_request_error"),
        ("/v1/nothing", "GET", ANTHROPIC, 404, "not_found_error"),
        ("/v1/models/", "GET", {}, 404, "invalid_request_error"),
        ("/v1/chat/completions", "GET", {}, 405, "invalid_request_error"),
        ("/v1/messages", "PUT", {}, 405, "invalid_request_error"),
        ("/v1/models", "POST", ANTHROPIC, 405, "invalid_request_error"),
        ("/v1/streams/abc", "GET", {}, 404, "invalid_request_error"),
    ],
)
async def test_paths_and_methods_are_refused_in_the_callers_dialect(
    path, method, headers, status, kind
):
    answer = await client().ask(path, method=method, headers=headers)
    assert (answer.status, answer.json["error"]["type"]) == (status, kind)
    assert ("allow" in answer.headers) == (status == 405)
    assert ("request_id" in answer.json) == (
        headers == ANTHROPIC or path.startswith("/v1/messages")
    )


async def test_every_answer_has_the_requests_id():
    for body in (CHAT, b"{"):
        answer = await client().ask("/v1/chat/completions", body)
        assert len(answer.headers["x-request-id"]) == 24
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_limit_says_exactly_when_and_what_is_left():
    engine = Engine(
        [Failed(LimitExceededError("", limit="requests:key", retry_after_seconds=1.5))],
        account={"levels": (Level("requests:key", 10, 0, 1.5),)},
    )
    answer = await client(engine=engine).ask("/v1/chat/completions", {**CHAT, "stream": True})
    assert answer.status == 429
    assert answer.headers["retry-after"] == "2"
    assert answer.headers["retry-after-ms"] == "1500"
    assert answer.headers["x-ratelimit-limit-requests"] == "10"
    assert answer.headers["x-ratelimit-remaining-requests"] == "0"
    assert answer.headers["x-ratelimit-reset-requests"] == "1.5s"
    assert "x-should-retry" not in answer.headers
    assert answer.json["error"]["type"] == "requests"


@pytest.mark.parametrize("is_streamed", [True, False])
async def test_a_fault_of_ours_is_told_without_its_words(is_streamed, caplog):
    engine = Engine([RuntimeError("secret")])
    body = {**CHAT, "stream": is_streamed}
    answer = await client(engine=engine).ask("/v1/chat/completions", body)
    assert (answer.status, answer.json["error"]["code"]) == (500, "internal")
    assert b"secret" not in answer.body
    assert "secret" not in caplog.text


async def test_a_fault_in_mid_stream_is_the_last_frame():
    engine = Engine([Start("1", "acme", "m-1"), TextDelta("Hel"), RuntimeError("secret")])
    answer = await client(engine=engine).ask("/v1/chat/completions", {**CHAT, "stream": True})
    assert (answer.status, answer.is_whole) == (200, True)
    assert answer.data[-2]["error"]["code"] == "internal"
    assert answer.data[-1] == "[DONE]"


async def test_the_caller_is_told_to_the_pipeline():
    engine = Engine(list(SAID))
    await client(engine=engine).ask(
        "/v1/chat/completions",
        {**CHAT, "user": "u-7"},
        headers={"x-session-key": "s-1", "x-request-budget-ms": "2500"},
    )
    (request,), (told,) = engine.asked, engine.told
    caller = told["caller"]
    assert (caller.key_id, caller.tenant, caller.ip, caller.api) == (
        "k1",
        "acme",
        "192.0.2.1",
        "chat",
    )
    assert (request.user, request.session) == ("u-7", "acme:s-1")
    assert told["budget_seconds"] == 2.5
    assert request.input_estimate > 0


@pytest.mark.parametrize("budget", ["0", "-1", "soon", "3600001"])
async def test_a_budget_that_is_none_is_refused(budget):
    answer = await client().ask(
        "/v1/chat/completions", CHAT, headers={"x-request-budget-ms": budget}
    )
    assert answer.status == 400


async def test_a_session_key_has_a_length():
    answer = await client().ask("/v1/chat/completions", CHAT, headers={"x-session-key": "s" * 201})
    assert answer.status == 400


async def test_models_are_those_the_key_may_ask():
    key = Key("k", Tenant("a"), models=("open", "vec*"))
    asking = client(catalog=make_catalog(key=key))
    answer = await asking.ask("/v1/models", method="GET")
    assert [model["id"] for model in answer.json["data"]] == ["open", "vectors"]
    assert answer.json["object"] == "list"
    one = await asking.ask("/v1/models/open", method="GET")
    assert one.json == {
        "id": "open",
        "object": "model",
        "created": 1767225600,
        "owned_by": "hotseat",
    }
    assert (await asking.ask("/v1/models/claude", method="GET")).status == 404


@pytest.mark.parametrize(
    ("query", "names", "has_more"),
    [
        ("limit=2", ["claude", "mixed"], True),
        ("limit=2&after_id=mixed", ["open", "scripted"], True),
        ("limit=2&after_id=scripted", ["vectors"], False),
        ("limit=1&before_id=open", ["mixed"], True),
        ("limit=9&before_id=open", ["claude", "mixed"], False),
        ("after_id=gone", ["mixed", "open", "scripted", "vectors"], False),
        ("limit=5", ["claude", "mixed", "open", "scripted", "vectors"], False),
        ("after_id=zzz", [], False),
    ],
)
async def test_models_come_in_pages_for_who_asks_for_pages(query, names, has_more):
    answer = await client().ask("/v1/models", method="GET", headers=ANTHROPIC, query=query)
    assert [model["id"] for model in answer.json["data"]] == names
    assert answer.json["has_more"] is has_more
    edges = (names[0], names[-1]) if names else (None, None)
    assert (answer.json["first_id"], answer.json["last_id"]) == edges


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "two", "9" * 5000])
async def test_a_page_has_a_size_that_can_be(limit):
    asked = {"method": "GET", "headers": ANTHROPIC, "query": f"limit={limit}"}
    answer = await client().ask("/v1/models", **asked)
    assert (answer.status, answer.json["error"]["type"]) == (400, "invalid_request_error")


async def test_models_in_anthropics_words():
    answer = await client().ask("/v1/models", method="GET", headers=ANTHROPIC)
    assert answer.json["first_id"] == "claude"
    assert answer.json["data"][0] == {
        "type": "model",
        "id": "claude",
        "display_name": "claude",
        "created_at": "2026-01-01T00:00:00Z",
    }


async def test_tokens_are_counted_by_eye_and_it_is_said():
    answer = await client().ask("/v1/messages/count_tokens", MESSAGE)
    assert answer.status == 200
    assert 10 < answer.json["input_tokens"] < 30
    assert answer.headers["x-gateway-count"] == "estimated"


async def test_a_model_that_makes_no_embeddings_says_so():
    answer = await client().ask("/v1/embeddings", {"model": "open", "input": "x"})
    assert (answer.status, answer.json["error"]["param"]) == (400, "model")


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("after=5", {}, 404),
        ("after=x", {}, 400),
        ("after=x", {"last-event-id": "run:7"}, 404),
        ("", {"last-event-id": "run:x"}, 400),
    ],
)
async def test_a_stream_that_is_not_kept_is_not_found(query, headers, status):
    answer = await client().ask("/v1/streams/abc", method="GET", query=query, headers=headers)
    assert answer.status == status


async def test_a_client_that_leaves_before_its_body_is_whole_is_not_answered():
    plane = make_plane(Engine())
    answer = Answer()

    async def receive():
        return {"type": "http.disconnect"}

    scope = {
        "type": "http",
        "path": "/v1/chat/completions",
        "method": "POST",
        "headers": [(b"authorization", b"Bearer sk-" + b"t" * 43)],
        "query_string": b"",
    }
    await plane(scope, receive, answer.send)
    assert answer.messages == []
    assert plane.n_open == 0
