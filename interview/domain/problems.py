"""Refusals as RFC 9457 problem documents: the same body from every interface."""

from interview.domain.errors import GameError

CONTENT_TYPE = "application/problem+json"


def problem(error: GameError, *, request_id: str) -> dict[str, str | int]:
    """Return the problem document of a refusal."""
    document: dict[str, str | int] = {
        "type": f"urn:hotseat:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": str(error) or error.title,
        "code": error.code,
        "request_id": request_id,
    }
    if error.retry_after_seconds is not None:
        document["retry_after_s"] = error.retry_after_seconds
    return document
