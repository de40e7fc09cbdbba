"""Failures in the words of each dialect."""

import json

import pytest

from gateway.domain import errors as failures
from gateway.domain.errors import (
    BreakerOpenError,
    BudgetExceededError,
    ContextTooLongError,
    CredentialError,
    DeadlinePhase,
    ForbiddenError,
    GatewayError,
    InvalidRequestError,
    LargerThanLimitError,
    LimitExceededError,
    NoTargetError,
    PathNotFoundError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    QueueFullError,
    QuotaExhaustedError,
    RateLimitedError,
    RequestError,
    RequestTooLargeError,
    StreamTruncatedError,
    UnauthenticatedError,
    UnknownModelError,
    UpstreamError,
)
from gateway.domain.messages import Dialect
from gateway.v1 import errors

REQUESTS = LimitExceededError("", limit="requests:key", retry_after_seconds=1.2)
TOKENS = LimitExceededError("", limit="tokens:tenant", retry_after_seconds=None)
PLACES = LimitExceededError("", limit="concurrent:key", retry_after_seconds=1.0)
LARGER = LargerThanLimitError("", limit="tokens:key", retry_after_seconds=None)
BUDGET = BudgetExceededError("", budget="key:k1", retry_after_seconds=None)

TABLE = [
    (RequestError("no", param="n"), 400, "invalid_request_error", "invalid_request"),
    (UnauthenticatedError(), 401, "invalid_request_error", "invalid_api_key"),
    (ForbiddenError("no"), 403, "permission_error", "permission_denied"),
    (UnknownModelError("no"), 404, "invalid_request_error", "model_not_found"),
    (PathNotFoundError("no"), 404, "invalid_request_error", "not_found"),
    (RequestTooLargeError("no"), 413, "invalid_request_error", "request_too_large"),
    (ContextTooLongError(), 400, "invalid_request_error", "context_length_exceeded"),
    (REQUESTS, 429, "requests", "rate_limit_exceeded"),
    (TOKENS, 429, "tokens", "rate_limit_exceeded"),
    (PLACES, 429, "rate_limit_error", "rate_limit_exceeded"),
    (LARGER, 413, "invalid_request_error", "larger_than_limit"),
    (BUDGET, 429, "insufficient_quota", "budget_exceeded"),
    (QuotaExhaustedError(), 429, "insufficient_quota", "insufficient_quota"),
    (RateLimitedError(), 429, "rate_limit_error", "rate_limit_exceeded"),
    (CredentialError(), 502, "server_error", "upstream_credentials"),
    (UpstreamError(), 502, "server_error", "upstream_error"),
    (StreamTruncatedError(), 502, "server_error", "stream_truncated"),
    (NoTargetError(), 503, "overloaded_error", "no_target"),
    (QueueFullError(), 503, "overloaded_error", "queue_full"),
    (ProviderTimeoutError(phase=DeadlinePhase.FIRST, message="x"), 504, "timeout_error", None),
    (GatewayError(), 500, "server_error", "internal"),
]


@pytest.mark.parametrize(("error", "status", "kind", "code"), TABLE)
def test_openais_form(error, status, kind, code):
    body = json.loads(errors.body_of(error, Dialect.OPENAI, request_id="r"))
    assert errors.status_of(error, Dialect.OPENAI) == status
    assert body["error"]["type"] == kind
    assert body["error"]["code"] == (code or error.code)
    assert set(body) == {"error"}
    assert set(body["error"]) == {"message", "type", "param", "code"}


def test_the_field_at_fault_is_named():
    body = json.loads(errors.body_of(RequestError("no", param="n"), Dialect.OPENAI, request_id="r"))
    assert body["error"] == {
        "message": "no",
        "type": "invalid_request_error",
        "param": "n",
        "code": "invalid_request",
    }


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (RequestError("no"), 400, "invalid_request_error"),
        (UnauthenticatedError(), 401, "authentication_error"),
        (ForbiddenError(), 403, "permission_error"),
        (UnknownModelError("no"), 404, "not_found_error"),
        (RequestTooLargeError("no"), 413, "request_too_large"),
        (REQUESTS, 429, "rate_limit_error"),
        (LARGER, 413, "request_too_large"),
        (BUDGET, 429, "billing_error"),
        (GatewayError(), 500, "api_error"),
        (UpstreamError(), 502, "api_error"),
        (ProviderUnavailableError(), 529, "overloaded_error"),
        (ProviderTimeoutError("x", phase=DeadlinePhase.TOTAL), 504, "timeout_error"),
    ],
)
def test_anthropics_form(error, status, kind):
    body = json.loads(errors.body_of(error, Dialect.ANTHROPIC, request_id="r1"))
    assert errors.status_of(error, Dialect.ANTHROPIC) == status
    assert (body["type"], body["error"]["type"], body["request_id"]) == ("error", kind, "r1")
    assert set(body["error"]) == {"type", "message"}


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (RequestError("Expected `int`.", param="max_tokens"), "max_tokens: Expected `int`."),
        (RequestError("max_tokens is a number.", param="max_tokens"), "max_tokens is a number."),
        (RequestError("The body is not JSON."), "The body is not JSON."),
    ],
)
def test_anthropics_form_names_the_field_in_its_message(error, message):
    body = json.loads(errors.body_of(error, Dialect.ANTHROPIC, request_id="r"))
    assert body["error"]["message"] == message


def test_what_a_provider_finds_wrong_is_told_in_its_single_words():
    error = InvalidRequestError("you said: my secret")
    error.param, error.told_code = "logprobs", "unsupported_parameter"
    body = json.loads(errors.body_of(error, Dialect.OPENAI, request_id="r"))
    assert body["error"] == {
        "message": "The provider refuses this request (unsupported_parameter: logprobs).",
        "type": "invalid_request_error",
        "param": "logprobs",
        "code": "unsupported_parameter",
    }
    body = json.loads(errors.body_of(error, Dialect.ANTHROPIC, request_id="r"))
    assert body["error"]["message"] == (
        "The provider refuses this request (unsupported_parameter: logprobs)."
    )


def test_a_prompt_too_long_keeps_our_own_code_beside_the_field():
    error = ContextTooLongError()
    error.param = "messages"
    body = json.loads(errors.body_of(error, Dialect.OPENAI, request_id="r"))
    assert (body["error"]["code"], body["error"]["param"]) == (
        "context_length_exceeded",
        "messages",
    )
    assert body["error"]["message"] == "The prompt is longer than the model's context (messages)."


def test_a_vendors_message_is_never_repeated():
    error = UpstreamError("you said: my secret")
    for dialect in (Dialect.OPENAI, Dialect.ANTHROPIC):
        assert b"secret" not in errors.body_of(error, dialect, request_id="r")
        assert b"secret" not in errors.in_stream(error, dialect, request_id="r")


def test_every_failure_has_words_for_people():
    def tree(root):
        return [root, *(found for child in root.__subclasses__() for found in tree(child))]

    for kind in tree(failures.GatewayError):
        bare = kind.__new__(kind)
        Exception.__init__(bare)
        assert errors.message_of(bare).endswith(".")


@pytest.mark.parametrize(
    ("error", "headers"),
    [
        (REQUESTS, {b"retry-after": b"2", b"retry-after-ms": b"1200"}),
        (TOKENS, {b"x-should-retry": b"false"}),
        (LARGER, {b"x-should-retry": b"false"}),
        (BUDGET, {b"x-should-retry": b"false"}),
        (UpstreamError(), {b"x-should-retry": b"false"}),
        (NoTargetError(), {b"x-should-retry": b"false"}),
        (
            RateLimitedError(retry_after_seconds=0.0004),
            {b"retry-after": b"1", b"retry-after-ms": b"1"},
        ),
        (QueueFullError(retry_after_seconds=3), {b"retry-after": b"3", b"retry-after-ms": b"3000"}),
        (QueueFullError(), {}),
        (RequestError("no"), {b"x-should-retry": b"false"}),
        (
            BreakerOpenError(retry_after_seconds=5),
            {b"retry-after": b"5", b"retry-after-ms": b"5000"},
        ),
    ],
)
def test_when_to_come_again_and_whether(error, headers):
    assert dict(errors.headers_of(error)) == headers


def test_a_broken_stream_ends_with_the_error_and_the_mark_of_the_end():
    frames = errors.in_stream(StreamTruncatedError(), Dialect.OPENAI, request_id="r")
    first, second, rest = frames.split(b"\n\n")
    assert json.loads(first.removeprefix(b"data: "))["error"]["code"] == "stream_truncated"
    assert (second, rest) == (b"data: [DONE]", b"")


def test_a_broken_stream_of_anthropics_ends_with_an_error_event():
    frames = errors.in_stream(StreamTruncatedError(), Dialect.ANTHROPIC, request_id="r")
    name, data = frames.removesuffix(b"\n\n").split(b"\n")
    assert name == b"event: error"
    assert json.loads(data.removeprefix(b"data: "))["error"]["type"] == "api_error"
