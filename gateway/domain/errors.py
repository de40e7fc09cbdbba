"""Every failure the gateway reports on purpose, as one tree.

GatewayError
├── StateUnavailableError          the shared state store did not answer
├── AccessError                    no key, a key that is not valid, or one that may not do this
│   ├── UnauthenticatedError
│   └── ForbiddenError
├── RequestError                   the request cannot be served as it is, whoever asks
│   ├── RequestTooLargeError
│   ├── RequestTooSlowError
│   ├── InvalidInputError
│   ├── MediaTypeError
│   ├── UnknownModelError          no route leads from this name
│   ├── PathNotFoundError
│   └── MethodNotAllowedError
├── AdmissionError                 not now: ``retry_after_seconds`` says when
│   ├── QueueFullError             too many wait already
│   ├── QueueExpiredError          waited for a slot longer than its budget
│   ├── LimitExceededError         a rate limit is used up; ``limit`` names it
│   │   └── LargerThanLimitError   nobody's whole limit would be enough for the request
│   └── BudgetExceededError        the money of the period is spent
├── NoTargetError                  no target of the route can take the request
├── ProviderBusyError              every place at the provider is taken
│   └── LineFullError              and as many wait for one as may
├── BreakerOpenError               the target failed too often and is being left alone
├── StoppedError                   somebody ordered the stream to stop
├── ShuttingDownError              this process ends, and the stream with it
├── AnswerNotKeptError             the answer was longer than what is kept of one
├── ManagementError                a change of the configuration was refused
│   ├── NotThereError              there is nothing of that name
│   ├── ConflictError              it is there already, or others still need it
│   └── ConfigurationError         it breaks the rules of `gateway.domain.configuration`
├── LeaseError
│   ├── LeaseHeldError             somebody else speaks this very epoch
│   └── FencedError                a newer epoch has taken over
└── ProviderError                  the provider failed
    ├── UnknownProviderError       no adapter by that name
    ├── InvalidRequestError        it will never accept this request
    │   ├── ContextTooLongError    a model with more room may
    │   └── ContentFilteredError   its policy forbids the content
    ├── ModelNotFoundError         it does not know the model
    ├── CredentialError            it does not accept our key, or not for this
    ├── QuotaExhaustedError        our account there is empty
    ├── RateLimitedError           we ask too often
    ├── ProviderUnavailableError   overloaded or down
    ├── UpstreamError              it broke
    ├── ConnectionFailedError      it could not be reached, or hung up before the first byte
    ├── ProviderTimeoutError       connect, first, idle or total deadline passed
    └── StreamTruncatedError       the stream stopped without its terminal mark

``code``, ``status`` and the verdicts on what to try next are data for programs; the message is
for people. A vendor's own words are kept in ``raw_code``, never in the message: they may quote
the request.
"""

from enum import StrEnum
from typing import ClassVar


class DeadlinePhase(StrEnum):
    """Which of the four deadlines passed."""

    CONNECT = "connect"
    FIRST = "first"
    IDLE = "idle"
    TOTAL = "total"


class Failover(StrEnum):
    """Whether another target of the route may be asked instead."""

    NEVER = "never"
    ANY = "any"
    LARGER_CONTEXT = "larger_context"


class Blame(StrEnum):
    """What a failure says about the target: nothing, a mark against it, or leave it alone."""

    NONE = "none"
    COUNTS = "counts"
    SHORT = "short"
    LONG = "long"


_TIMEOUT_TYPES = {
    DeadlinePhase.CONNECT: "connection",
    DeadlinePhase.FIRST: "ttft_timeout",
    DeadlinePhase.IDLE: "idle_timeout",
    DeadlinePhase.TOTAL: "total_timeout",
}


class GatewayError(Exception):
    """Base of every failure the gateway reports on purpose.

    ``retryable`` says that the same request to the same place may succeed soon;
    ``retry_after_seconds`` when, if anybody knows.
    """

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False
    error_type: str = "_OTHER"

    def __init__(self, message: str = "", *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class StateUnavailableError(GatewayError):
    """The store that processes share did not answer; nothing is known to have changed."""

    code, status, retryable = "state_unavailable", 503, True


# --- The caller -----------------------------------------------------------------------------


class AccessError(GatewayError):
    """The caller may not."""

    code, status, error_type = "access_denied", 403, "rejected_auth"


class UnauthenticatedError(AccessError):
    """No key was given, or none that is valid (any more)."""

    code, status = "invalid_api_key", 401


class ForbiddenError(AccessError):
    """The key is good, but not for this model or this call."""

    code = "permission_denied"


class RequestError(GatewayError):
    """The request cannot be served as it is; ``param`` names the field at fault."""

    code, status, error_type = "invalid_request", 400, "rejected_request"

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


class RequestTooLargeError(RequestError):
    """The body is larger than anybody may send."""

    code, status = "request_too_large", 413


class RequestTooSlowError(RequestError):
    """The body did not arrive in the time there is for it."""

    code, status = "request_timeout", 408


class InvalidInputError(RequestError):
    """The request's words do not fit the form."""

    code, status = "invalid", 422


class MediaTypeError(RequestError):
    """The body is not JSON."""

    code, status = "unsupported_media_type", 415


class UnknownModelError(RequestError):
    """No route leads from this model name."""

    code, status = "unknown_model", 404


class PathNotFoundError(RequestError):
    """Nothing is served under this path."""

    code, status = "not_found", 404


class MethodNotAllowedError(RequestError):
    """The path is served, but not by this method; ``allowed`` is the one it is served by."""

    code, status = "method_not_allowed", 405

    def __init__(self, message: str, *, allowed: str) -> None:
        super().__init__(message)
        self.allowed = allowed


# --- Admission ------------------------------------------------------------------------------


class AdmissionError(GatewayError):
    """The work was not let in."""

    code, status, retryable = "admission", 503, True


class QueueFullError(AdmissionError):
    """Too many wait already."""

    code, error_type = "queue_full", "queue_full"


class QueueExpiredError(AdmissionError):
    """A place was promised, and did not come free in time."""

    code, error_type = "queue_expired", "queue_expired"


class LimitExceededError(AdmissionError):
    """A limit is used up; ``limit`` names it (``rpm:key`` ...)."""

    code, status, error_type = "rate_limit_exceeded", 429, "rate_limited"

    def __init__(self, message: str, *, limit: str, retry_after_seconds: float | None) -> None:
        super().__init__(message, retry_after_seconds=retry_after_seconds)
        self.limit = limit


class LargerThanLimitError(LimitExceededError):
    """The request alone asks for more than the whole limit holds: it can never pass."""

    code, status, retryable = "larger_than_limit", 413, False


class BudgetExceededError(AdmissionError):
    """The money of the period is spent or promised to others; ``budget`` names it."""

    code, status, retryable, error_type = "budget_exceeded", 429, False, "budget_exceeded"

    def __init__(self, message: str, *, budget: str, retry_after_seconds: float | None) -> None:
        super().__init__(message, retry_after_seconds=retry_after_seconds)
        self.budget = budget


# --- The way to a target --------------------------------------------------------------------


class NoTargetError(GatewayError):
    """No target of the route can take the request now; ``cause`` of the last one is chained."""

    code, status, error_type = "no_target", 503, "no_target"


class ProviderBusyError(GatewayError):
    """Every place at the provider was taken, and stayed taken."""

    code, status, retryable, error_type = "provider_busy", 503, True, "queue_expired"


class LineFullError(ProviderBusyError):
    """Every place at the provider is taken, and too many wait for one already."""

    error_type = "queue_full"


class BreakerOpenError(GatewayError):
    """The target failed too often and is left alone until ``retry_after_seconds`` have passed."""

    code, status, error_type = "breaker_open", 503, "breaker_open"


class ShuttingDownError(GatewayError):
    """This process ends before the answer could; another one takes it from the beginning."""

    code, status, retryable, error_type = "shutting_down", 503, True, "shutdown"


class AnswerNotKeptError(GatewayError):
    """More was said than is kept for who comes back for it; the beginning is there."""

    code, status = "answer_not_kept", 410


class StoppedError(GatewayError):
    """The stream was ordered to stop: no fault of anybody's."""

    code, status = "cancelled", 499


class ManagementError(GatewayError):
    """A change of the configuration was refused, or could not be made.

    ``pattern`` % ``values`` is the sentence; kept apart to be translated.
    """

    code, status, error_type = "management", 422, "rejected_request"

    def __init__(self, pattern: str = "", **values: str | int) -> None:
        super().__init__(pattern % values if values else pattern)
        self.pattern, self.values = pattern, values


class NotThereError(ManagementError):
    """There is nothing of that name."""

    code, status = "not_there", 404


class ConflictError(ManagementError):
    """It is there already, is over, or others still need it."""

    code, status = "conflict", 409


class LeaseError(GatewayError):
    """This caller may not speak the turn."""

    code, status = "lease", 409


class LeaseHeldError(LeaseError):
    """Another worker speaks, or has spoken, this epoch of the turn."""

    code = "lease_held"


class FencedError(LeaseError):
    """A newer epoch exists; whatever this caller still says is dropped."""

    code = "fenced"


# --- The provider ---------------------------------------------------------------------------


class ProviderError(GatewayError):
    """The provider failed; subclasses say how, and what to try next.

    ``raw_code`` and ``raw_status`` are the vendor's; ``failover`` says who else may be asked,
    ``blame`` what the failure says about the target.
    """

    code, status, error_type = "provider_error", 502, "bad_response"
    failover: ClassVar[Failover] = Failover.ANY
    blame: ClassVar[Blame] = Blame.COUNTS

    def __init__(
        self,
        message: str = "",
        *,
        raw_code: str = "",
        raw_status: int | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message, retry_after_seconds=retry_after_seconds)
        self.raw_code = raw_code
        self.raw_status = raw_status


class UnknownProviderError(ProviderError):
    """No adapter is registered under the name."""

    code, status, blame = "unknown_provider", 404, Blame.NONE


class InvalidRequestError(ProviderError):
    """The provider refuses the request as such; asking again changes nothing.

    ``param`` is the field the provider finds at fault, ``told_code`` its own name for what is
    wrong with it: both are single words that may be told to the caller, or nothing.
    """

    code, status, error_type = "invalid_request", 400, "provider_4xx"
    failover, blame = Failover.NEVER, Blame.NONE
    param: str | None = None
    told_code: str = ""


class ContextTooLongError(InvalidRequestError):
    """The prompt does not fit the model; one with more room may take it."""

    code, failover = "context_length_exceeded", Failover.LARGER_CONTEXT


class ContentFilteredError(InvalidRequestError):
    """The provider's policy forbids what was asked or what would be answered."""

    code = "content_filter"


class ModelNotFoundError(ProviderError):
    """The provider does not know the model, or not for this account."""

    code, status, error_type, blame = "model_not_found", 404, "provider_4xx", Blame.LONG


class CredentialError(ProviderError):
    """The provider does not accept our key, or does not allow it this; not the caller's fault."""

    code, error_type, blame = "upstream_credentials", "provider_4xx", Blame.LONG


class QuotaExhaustedError(ProviderError):
    """Our account at the provider is empty or over its spending limit."""

    code, status, error_type, blame = "insufficient_quota", 429, "provider_4xx", Blame.LONG


class RateLimitedError(ProviderError):
    """We ask the provider too often; ``retry_after_seconds`` is its own word when it gave one."""

    code, status, retryable, error_type = "rate_limited", 429, True, "provider_429"
    blame = Blame.SHORT


class ProviderUnavailableError(ProviderError):
    """Overloaded or down; another attempt may succeed."""

    code, status, retryable, error_type = "provider_unavailable", 503, True, "provider_5xx"


class UpstreamError(ProviderError):
    """The provider broke over the request."""

    code, retryable, error_type = "upstream_error", True, "provider_5xx"


class ConnectionFailedError(ProviderError):
    """Name, door, handshake or a line cut before the first byte."""

    code, retryable, error_type = "connection_failed", True, "connection"


class ProviderTimeoutError(ProviderError):
    """One of the four deadlines passed; ``phase`` says which."""

    code, status, retryable = "provider_timeout", 504, True

    def __init__(self, message: str, *, phase: DeadlinePhase) -> None:
        super().__init__(message)
        self.phase = phase
        self.error_type = _TIMEOUT_TYPES[phase]


class StreamTruncatedError(ProviderError):
    """The connection ended, the answer did not; or an error came in its place."""

    code, retryable = "stream_truncated", True
