"""What Anthropic and Gemini say in words where their codes say next to nothing."""

import json

import pytest

from gateway.adapters.providers.failures import failure
from gateway.domain.errors import (
    ContentFilteredError,
    ContextTooLongError,
    CredentialError,
    InvalidRequestError,
    ProviderError,
    QuotaExhaustedError,
)


def anthropic(message: str) -> ProviderError:
    body = {"type": "error", "error": {"type": "invalid_request_error", "message": message}}
    return failure(vendor="anthropic", status=400, body=json.dumps(body).encode())


def gemini(status: str, message: str) -> ProviderError:
    body = [{"error": {"code": 400, "status": status, "message": message}}]
    return failure(vendor="gemini", status=400, body=json.dumps(body).encode())


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("prompt is too long: 210000 tokens > 200000 maximum", ContextTooLongError),
        ("input length and `max_tokens` exceed context limit: 1 + 2 > 3", ContextTooLongError),
        ("Your credit balance is too low to use the API.", QuotaExhaustedError),
        ("You have reached your specified API usage limits.", QuotaExhaustedError),
        ("Output blocked by content filtering policy", ContentFilteredError),
        ("messages.0: text content blocks must be non-empty", InvalidRequestError),
    ],
)
def test_anthropics_one_code_for_nearly_everything_is_told_apart_by_its_words(
    message: str, kind: type[ProviderError]
):
    assert type(anthropic(message)) is kind


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (
            "INVALID_ARGUMENT",
            "The input token count (9) exceeds the maximum number of tokens allowed (8).",
            ContextTooLongError,
        ),
        ("INVALID_ARGUMENT", "API key not valid. Please pass another.", CredentialError),
        ("FAILED_PRECONDITION", "User location is not supported for the API.", CredentialError),
        ("INVALID_ARGUMENT", "Invalid value at 'contents'.", InvalidRequestError),
    ],
)
def test_geminis_one_code_for_nearly_everything_is_told_apart_by_its_words(
    status: str, message: str, kind: type[ProviderError]
):
    assert type(gemini(status, message)) is kind


@pytest.mark.parametrize(
    ("said", "param", "code"),
    [
        (
            {"code": "unsupported_parameter", "param": "logprobs", "type": "invalid_request_error"},
            "logprobs",
            "unsupported_parameter",
        ),
        ({"code": "invalid_value", "param": "messages[0].content"}, "messages[0].content", None),
        ({"code": None, "param": None, "type": "invalid_request_error"}, None, ""),
        ({"code": 400, "param": "", "type": "BadRequestError"}, None, ""),
        ({"code": "you said: my secret", "param": "my secret"}, None, ""),
        ({"code": "sk-1234567890", "param": "a" * 81}, None, ""),
        ({"code": "context_length_exceeded", "param": "messages"}, "messages", ""),
    ],
)
def test_of_a_refusal_the_field_and_the_code_are_kept_where_they_are_single_words(
    said: dict[str, object], param: str | None, code: str | None
):
    body = json.dumps({"error": {"message": "my secret", **said}}).encode()
    error = failure(vendor="openai", status=400, body=body)
    assert isinstance(error, InvalidRequestError)
    assert error.param == param
    assert error.told_code == (said["code"] if code is None else code)
    assert "secret" not in f"{error.param} {error.told_code}"
