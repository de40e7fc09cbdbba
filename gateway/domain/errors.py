"""Every failure the gateway reports on purpose, as one tree.

GatewayError
├── StateUnavailableError        the shared state store did not answer
├── AdmissionError
│   └── QueueExpiredError        waited for a slot longer than its budget
├── ProviderBusyError            every place at the provider is taken
├── StoppedError                 somebody ordered the stream to stop
├── LeaseError
│   ├── LeaseHeldError           somebody else speaks this very epoch
│   └── FencedError              a newer epoch has taken over
└── ProviderError
    ├── UnknownProviderError     no adapter by that name
    ├── InvalidRequestError      the provider will never accept this request
    ├── ProviderUnavailableError timed out at the door or answered 5xx
    ├── ProviderTimeoutError     connect, first, idle or total deadline passed
    └── StreamTruncatedError     the stream stopped without its terminal mark

``code``, ``status`` and ``retryable`` are data for programs; the message is for people.
"""

from enum import StrEnum
from typing import ClassVar


class DeadlinePhase(StrEnum):
    """Which of the four deadlines passed."""

    CONNECT = "connect"
    FIRST = "first"
    IDLE = "idle"
    TOTAL = "total"


_TIMEOUT_TYPES = {
    DeadlinePhase.CONNECT: "connection",
    DeadlinePhase.FIRST: "ttft_timeout",
    DeadlinePhase.IDLE: "idle_timeout",
    DeadlinePhase.TOTAL: "total_timeout",
}


class GatewayError(Exception):
    """Base of every failure the gateway reports on purpose."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False
    error_type: str = "_OTHER"


class StateUnavailableError(GatewayError):
    """The store that processes share did not answer; nothing is known to have changed."""

    code, status, retryable = "state_unavailable", 503, True


class AdmissionError(GatewayError):
    """The work was not let in."""

    code, status, retryable = "admission", 503, True


class QueueExpiredError(AdmissionError):
    """A place was promised, and did not come free in time."""

    code, error_type = "queue_expired", "queue_expired"


class ProviderBusyError(GatewayError):
    """The bulkhead around this provider is full and stayed full."""

    code, status, retryable, error_type = "provider_busy", 503, True, "queue_expired"


class StoppedError(GatewayError):
    """The stream was ordered to stop: no fault of anybody's."""

    code, status = "cancelled", 499


class LeaseError(GatewayError):
    """This caller may not speak the turn."""

    code, status = "lease", 409


class LeaseHeldError(LeaseError):
    """Another worker speaks, or has spoken, this epoch of the turn."""

    code = "lease_held"


class FencedError(LeaseError):
    """A newer epoch exists; whatever this caller still says is dropped."""

    code = "fenced"


class ProviderError(GatewayError):
    """The provider failed; subclasses say how."""

    code, status, error_type = "provider_error", 502, "bad_response"


class UnknownProviderError(ProviderError):
    """No adapter is registered under the name."""

    code, status = "unknown_provider", 404


class InvalidRequestError(ProviderError):
    """The provider refuses the request as such; asking again changes nothing."""

    code, status, error_type = "invalid_request", 400, "provider_4xx"


class ProviderUnavailableError(ProviderError):
    """Timed out or answered 5xx; another attempt may succeed."""

    code, status, retryable, error_type = ("provider_unavailable", 503, True, "provider_5xx")


class ProviderTimeoutError(ProviderError):
    """One of the four deadlines passed; ``phase`` says which."""

    code, status, retryable = "provider_timeout", 504, True

    def __init__(self, message: str, *, phase: DeadlinePhase) -> None:
        super().__init__(message)
        self.phase = phase
        self.error_type = _TIMEOUT_TYPES[phase]


class StreamTruncatedError(ProviderError):
    """The connection ended cleanly, the answer did not."""

    code, status, retryable = "stream_truncated", 502, True
