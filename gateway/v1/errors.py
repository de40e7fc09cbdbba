"""A failure in the words of each dialect: status, type, code, and whether to come again.

The table is by our own ``code``; what it does not list follows from the status. A vendor's own
message is never repeated: it may quote somebody's request or name our account there. Of what it
refuses as the caller's fault its code and the field's name are told, which are single words.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from gateway.domain.errors import (
    GatewayError,
    InvalidRequestError,
    LargerThanLimitError,
    LimitExceededError,
    MethodNotAllowedError,
    NoTargetError,
    ProviderError,
    RequestError,
)
from gateway.domain.messages import Dialect

Header = tuple[bytes, bytes]

#: What a dialect without a word for it gets.
_OPENAI_TYPES = {
    400: "invalid_request_error",
    401: "invalid_request_error",
    403: "permission_error",
    404: "invalid_request_error",
    405: "invalid_request_error",
    409: "conflict_error",
    408: "invalid_request_error",
    413: "invalid_request_error",
    415: "invalid_request_error",
    422: "invalid_request_error",
    429: "rate_limit_error",
    499: "client_disconnect",
    503: "overloaded_error",
    504: "timeout_error",
}
_ANTHROPIC_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    409: "conflict_error",
    408: "invalid_request_error",
    413: "request_too_large",
    415: "invalid_request_error",
    422: "invalid_request_error",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_OPENAI_CODES = {
    "unknown_model": "model_not_found",
    "rate_limited": "rate_limit_exceeded",
}
_OPENAI_TYPES_BY_CODE = {
    "budget_exceeded": "insufficient_quota",
    "insufficient_quota": "insufficient_quota",
}
_ANTHROPIC_TYPES_BY_CODE = {"budget_exceeded": "billing_error"}

_MESSAGES = {
    "budget_exceeded": "The budget of this key or its account is used up.",
    "cancelled": "The request was cancelled.",
    "connection_failed": "No provider could be reached.",
    "content_filter": "The provider's content policy forbids this.",
    "context_length_exceeded": "The prompt is longer than the model's context.",
    "insufficient_quota": "The gateway's account at the provider is used up.",
    "internal": "The gateway failed; the request id finds it in the logs.",
    "invalid_request": "The provider refuses this request.",
    "model_not_found": "The provider does not have this model.",
    "no_target": "No provider of this model can take the request now.",
    "provider_busy": "Every place at the provider is taken.",
    "provider_timeout": "The provider took too long.",
    "provider_unavailable": "The provider is overloaded or down.",
    "queue_full": "Too many requests wait already.",
    "rate_limit_exceeded": "A rate limit of this key, its account or the model is used up.",
    "rate_limited": "The provider takes no more requests from the gateway at the moment.",
    "shutting_down": "This gateway process is ending; ask again.",
    "state_unavailable": "The gateway's shared state is not available.",
    "stream_truncated": "The provider's answer broke off.",
    "upstream_credentials": "The provider does not accept the gateway's own credentials.",
    "upstream_error": "The provider failed.",
}
LONGEST_WAIT_SECONDS = 31 * 86_400.0  # the longest period there is; vendors name any number
_ANTHROPIC_OVERLOADED = 529  # its own clients read 503 as something else


@dataclass(frozen=True, slots=True)
class _OpenAIDetail:
    """The inner object of OpenAI's error, all four members always there."""

    message: str
    type: str
    param: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class _AnthropicDetail:
    """The inner object of Anthropic's error."""

    type: str
    message: str


def status_of(error: GatewayError, dialect: Dialect) -> int:
    """Return the HTTP status of the failure."""
    if dialect is Dialect.ANTHROPIC and error.status == 503:
        return _ANTHROPIC_OVERLOADED
    return error.status


def body_of(error: GatewayError, dialect: Dialect, *, request_id: str) -> bytes:
    """Return the failure as the dialect's JSON; the same object serves inside a stream."""
    if dialect is Dialect.ANTHROPIC:
        detail = _AnthropicDetail(_anthropic_type(error), _with_field(error))
        return msgspec.json.encode({"type": "error", "error": detail, "request_id": request_id})
    return msgspec.json.encode({"error": _openai_detail(error)})


def _with_field(error: GatewayError) -> str:
    """Return the message after the name of the field, for which this dialect has no other place."""
    message = message_of(error)
    field = error.param if isinstance(error, RequestError) else None
    return message if not field or field in message else f"{field}: {message}"


def message_of(error: GatewayError) -> str:
    """Return what people read: our own words about the caller's request, else one per code."""
    if isinstance(error, InvalidRequestError) and (error.told_code or error.param):
        fault = ": ".join(word for word in (error.told_code, error.param) if word)
        return f"{_MESSAGES[error.code].removesuffix('.')} ({fault})."
    if isinstance(error, ProviderError):
        return _MESSAGES.get(error.code, _MESSAGES["upstream_error"])
    return str(error) or _MESSAGES.get(error.code, _MESSAGES["internal"])


def headers_of(error: GatewayError) -> list[Header]:
    """Return when to come again, exactly, and whether to come again at all.

    A client that retries what our own fallbacks have already been through multiplies the load on
    whoever is failing; it is told not to, unless somebody knows when it will be better.
    """
    headers: list[Header] = []
    seconds = error.retry_after_seconds
    if seconds is not None:
        seconds = min(seconds, LONGEST_WAIT_SECONDS)
        headers.append((b"retry-after", b"%d" % max(1, math.ceil(seconds))))
        headers.append((b"retry-after-ms", b"%d" % max(1, math.ceil(seconds * 1000))))
    if is_final(error):
        headers.append((b"x-should-retry", b"false"))
    if isinstance(error, MethodNotAllowedError):
        headers.append((b"allow", error.allowed.encode()))
    return headers


def is_final(error: GatewayError) -> bool:
    """Return whether the same request again would only fail again, as far as anybody knows."""
    if error.retry_after_seconds is not None:
        return False
    if isinstance(error, ProviderError | NoTargetError | LimitExceededError):
        return True
    return not error.retryable


def in_stream(error: GatewayError, dialect: Dialect, *, request_id: str) -> bytes:
    """Return the last frames of a stream that breaks off."""
    body = body_of(error, dialect, request_id=request_id)
    if dialect is Dialect.ANTHROPIC:
        return b"event: error\ndata: " + body + b"\n\n"
    return b"data: " + body + b"\n\ndata: [DONE]\n\n"


def _openai_detail(error: GatewayError) -> _OpenAIDetail:
    return _OpenAIDetail(
        message=message_of(error),
        type=_openai_type(error),
        param=error.param if isinstance(error, RequestError | InvalidRequestError) else None,
        code=_openai_code(error),
    )


def _openai_code(error: GatewayError) -> str:
    if isinstance(error, InvalidRequestError) and error.told_code:
        return error.told_code
    return _OPENAI_CODES.get(error.code, error.code)


def _openai_type(error: GatewayError) -> str:
    if isinstance(error, LimitExceededError) and not isinstance(error, LargerThanLimitError):
        unit = error.limit.partition(":")[0]
        return unit if unit in {"requests", "tokens"} else "rate_limit_error"
    return _by_code_or_status(error, _OPENAI_TYPES_BY_CODE, _OPENAI_TYPES, "server_error")


def _anthropic_type(error: GatewayError) -> str:
    return _by_code_or_status(error, _ANTHROPIC_TYPES_BY_CODE, _ANTHROPIC_TYPES, "api_error")


def _by_code_or_status(
    error: GatewayError, codes: Mapping[str, str], statuses: Mapping[int, str], otherwise: str
) -> str:
    return codes.get(error.code) or statuses.get(error.status, otherwise)
