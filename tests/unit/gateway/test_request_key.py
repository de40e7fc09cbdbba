"""One key for two requests exactly when they ask the same account's same question."""

import json
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.domain import request_key
from gateway.domain.catalog import Provider, Route, Target
from gateway.domain.messages import ChatRequest, Dialect, Message, Operation, Original, Role

TARGET = Target(Provider("acme", "openai", Dialect.OPENAI), "m-1")
ROUTE = Route("open", (TARGET,))
REQUEST = ChatRequest("r1", "", "open", original=Original(Dialect.OPENAI, b"{}"))

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e6, 1e6) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
bodies = st.dictionaries(st.text(max_size=12), values, max_size=6)


def shuffled(value: object, draw: st.DataObject) -> object:
    if isinstance(value, dict):
        names = draw.draw(st.permutations(sorted(value)))
        return {name: shuffled(value[name], draw) for name in names}
    return [shuffled(each, draw) for each in value] if isinstance(value, list) else value


def asked(body: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in body.items() if name not in request_key.LEFT_OUT}


@given(body=bodies, draw=st.data())
def test_the_order_of_fields_and_blanks_between_them_do_not_count(body, draw):
    other = json.dumps(shuffled(body, draw), indent=2).encode()
    assert request_key.canonical(json.dumps(body).encode()) == request_key.canonical(other)


@given(one=bodies, other=bodies)
def test_whatever_else_differs_counts(one, other):
    one_text, other_text = (json.dumps(asked(each), sort_keys=True) for each in (one, other))
    assume(one_text != other_text)
    assert request_key.canonical(json.dumps(one).encode()) != request_key.canonical(
        json.dumps(other).encode()
    )


@pytest.mark.parametrize("name", sorted(request_key.LEFT_OUT))
def test_who_asks_and_in_which_form_does_not_count(name):
    body = {"messages": [{"role": "user", "content": "Why?"}], "temperature": 0.2}
    assert request_key.canonical(json.dumps({**body, name: "x"}).encode()) == (
        request_key.canonical(json.dumps(body).encode())
    )


@pytest.mark.parametrize("name", sorted(request_key.LEFT_OUT))
def test_a_field_of_that_name_inside_the_content_does_count(name):
    inside = {"messages": [{"role": "user", "content": "Why?", name: "x"}]}
    without = {"messages": [{"role": "user", "content": "Why?"}]}
    assert request_key.canonical(json.dumps(inside).encode()) != (
        request_key.canonical(json.dumps(without).encode())
    )


@pytest.mark.parametrize("body", [b'{"a": 1, "a": 2}', b'{"a": [{"b": 1, "b": 1}]}'])
def test_a_field_that_stands_there_twice_has_no_key(body):
    with pytest.raises(request_key.AmbiguousError):
        request_key.canonical(body)


def test_what_is_no_object_has_no_key():
    with pytest.raises(ValueError, match="object"):
        request_key.canonical(b"[1]")


def key(request: ChatRequest = REQUEST, route: Route = ROUTE, tenant: str = "acme") -> str:
    return request_key.key_of(request, route, tenant=tenant, content=b"{}")


def test_a_key_is_forty_digits_and_the_same_every_time():
    assert key() == key(replace(REQUEST, request_id="r2", user="somebody", session="s"))
    assert len(key()) == 40


@pytest.mark.parametrize(
    "other",
    [
        key(tenant="other"),
        key(route=replace(ROUTE, model="other")),
        key(route=replace(ROUTE, targets=(replace(TARGET, model="m-2"),))),
        key(replace(REQUEST, provider="acme")),
        key(replace(REQUEST, operation=Operation.EMBEDDINGS)),
        key(replace(REQUEST, original=Original(Dialect.ANTHROPIC, b"{}"))),
        key(replace(REQUEST, original=None)),
    ],
    ids=["tenant", "route", "targets", "pinned", "operation", "dialect", "no dialect"],
)
def test_another_account_route_target_or_dialect_has_another_key(other):
    assert other != key()


def test_a_request_of_the_houses_own_is_told_apart_by_what_it_asks():
    one = ChatRequest("r1", "", "m", messages=(Message.plain(Role.USER, "Why?"),))
    same = replace(one, request_id="r2", is_streamed=False, user="x", metadata={"room": "1"})
    assert request_key.canonical_of(one) == request_key.canonical_of(same)
    for changes in ({"temperature": 0.5}, {"messages": ()}, {"max_output_tokens": 5}):
        assert request_key.canonical_of(replace(one, **changes)) != request_key.canonical_of(one)


def test_what_a_client_asks_for_in_a_header_counts():
    plain = Original(Dialect.ANTHROPIC, b"{}")
    trial = replace(plain, headers=(("anthropic-beta", "a"),))

    keys = {
        request_key.key_of(replace(REQUEST, original=each), ROUTE, tenant="t", content=b"{}")
        for each in (plain, trial)
    }
    assert len(keys) == 2
