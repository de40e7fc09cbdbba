"""Refusals as problem documents; the one place where errors become responses."""

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI

from config import refusals
from interview.domain.errors import (
    GameError,
    InvalidInputError,
    RequestTooLargeError,
    RoomNotFoundError,
    UnavailableError,
)
from interview.domain.problems import problem


def add_handlers(api: NinjaAPI) -> None:
    """Map every error the API may raise; an unknown one is logged and tells nothing."""
    refusals.tell(
        api,
        refusals.Dialect(
            root=GameError,
            invalid=InvalidInputError,
            missing=RoomNotFoundError,
            too_large=RequestTooLargeError,
            away=UnavailableError,
            respond=refusal,
        ),
    )


def refusal(request: HttpRequest, error: GameError) -> HttpResponse:
    """Return the error as a problem document."""
    document = problem(error, request_id=getattr(request, "request_id", ""))
    return refusals.response(document, status=error.status, wait_seconds=error.retry_after_seconds)
