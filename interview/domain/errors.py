"""What the game refuses, and how it says so.

GameError
├── CsrfFailedError            403 csrf_failed
├── RoomNotFoundError          404 not_found
├── SceneryNotFoundError       404 scenery_not_found
├── ResumeNotFoundError        404 resume_not_found
├── RoomSettledError           409 room_settled
├── MethodNotAllowedError      405 method_not_allowed
├── NotYourTurnError           409 not_your_turn
├── IdempotencyConflictError   409 idempotency_conflict
├── NothingToCancelError       409 nothing_to_cancel
├── NothingToRetryError        409 nothing_to_retry
├── EngineUnavailableError     409 engine_unavailable
├── EpochChangedError          410 epoch_changed
├── OffsetOutOfRangeError      416 offset_out_of_range
├── InvalidInputError          422 invalid
│   └── ResumeUnreadableError  422 resume_unreadable
├── RequestTooLargeError       413 request_too_large
├── ResumeTooLargeError        413 resume_too_large
├── RateLimitedError           429 rate_limited
├── QueueFullError             503 queue_full
├── UnavailableError           503 unavailable
└── IllegalTransitionError     500 internal (a bug, not a refusal)
"""


class GameError(Exception):
    """Base of every refusal; code, status and retryable are data, the message is for people."""

    code = "internal"
    status = 500
    title = "Something broke on our side"
    retry_after_seconds: int | None = None


class CsrfFailedError(GameError):
    """A write by cookie without the page's token."""

    code, status, title = "csrf_failed", 403, "Reload the page and try again"


class RoomNotFoundError(GameError):
    """There is no such room, or it is somebody else's."""

    code, status, title = "not_found", 404, "No such room"


class SceneryNotFoundError(GameError):
    """There is no such scenery, or it is not offered in this mode or language."""

    code, status, title = "scenery_not_found", 404, "No such scenery"


class ResumeNotFoundError(GameError):
    """There is no such résumé, or it is somebody else's."""

    code, status, title = "resume_not_found", 404, "No such résumé"


class RoomSettledError(GameError):
    """The verdict has fallen."""

    code, status, title = "room_settled", 409, "This room is settled"


class MethodNotAllowedError(GameError):
    """The path is right, the verb is not."""

    code, status, title = "method_not_allowed", 405, "Not like that"


class NotYourTurnError(GameError):
    """The panel is speaking, or has not asked anything yet."""

    code, status, title = "not_your_turn", 409, "It is not your turn"


class IdempotencyConflictError(GameError):
    """The same client_id came with other words."""

    code, status, title = (
        "idempotency_conflict",
        409,
        "This client_id was used for another answer",
    )


class NothingToCancelError(GameError):
    """Nobody is speaking."""

    code, status, title = "nothing_to_cancel", 409, "Nothing to interrupt"


class NothingToRetryError(GameError):
    """The last turn ended well."""

    code, status, title = "nothing_to_retry", 409, "Nothing to ask again"


class EngineUnavailableError(GameError):
    """A model was asked for, and this house has none to play with."""

    code, status, title = "engine_unavailable", 409, "No model plays here"


class EpochChangedError(GameError):
    """The reader's position belongs to another log."""

    code, status, title = "epoch_changed", 410, "This room's log was replaced"


class OffsetOutOfRangeError(GameError):
    """The reader asks for a position beyond the top."""

    code, status, title = "offset_out_of_range", 416, "The log does not reach that far"


class InvalidInputError(GameError):
    """Empty, too long, or not of the form asked for."""

    code, status, title = "invalid", 422, "That cannot be taken as it is"


class ResumeUnreadableError(InvalidInputError):
    """No text could be read from the file."""

    code, title = "resume_unreadable", "This résumé cannot be read"


class RequestTooLargeError(GameError):
    """More than anything we take could need."""

    code, status, title = "request_too_large", 413, "That is too much at once"


class ResumeTooLargeError(GameError):
    """Over the size limit, packed or unpacked."""

    code, status, title = "resume_too_large", 413, "This résumé is too large"


class RateLimitedError(GameError):
    """Too many at once from one player."""

    code, status, title = "rate_limited", 429, "Slow down a little"

    def __init__(self, detail: str, *, retry_after_seconds: int) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class QueueFullError(GameError):
    """The panel has too many candidates at once."""

    code, status, title = "queue_full", 503, "The panel is busy"

    def __init__(self, detail: str, *, retry_after_seconds: int) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class UnavailableError(GameError):
    """A part we depend on is away; nothing was recorded, the same call may be made again."""

    code, status, title = "unavailable", 503, "Back in a moment"
    retry_after_seconds = 2


class IllegalTransitionError(GameError):
    """A fact that cannot follow the state; raised before anything is written."""
