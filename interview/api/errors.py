"""Refusals as problem documents; the one place where errors become responses."""

import json
import logging

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from interview.domain.errors import (
    GameError,
    InvalidInputError,
    RequestTooLargeError,
    RoomNotFoundError,
    UnavailableError,
)
from interview.domain.problems import CONTENT_TYPE, problem

logger = logging.getLogger(__name__)


def add_handlers(api: NinjaAPI) -> None:
    """Map every error the API may raise; an unknown one is logged and tells nothing."""

    @api.exception_handler(GameError)
    def refused(request: HttpRequest, error: GameError) -> HttpResponse:
        return refusal(request, error)

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        places = ("/".join(map(str, item["loc"][1:])) + ": " + item["msg"] for item in error.errors)
        return refusal(request, InvalidInputError("; ".join(places)))

    @api.exception_handler(HttpError)
    def malformed(request: HttpRequest, error: HttpError) -> HttpResponse:
        return refusal(request, InvalidInputError(str(error)))

    @api.exception_handler(Http404)
    def missing(request: HttpRequest, _error: Http404) -> HttpResponse:
        return refusal(request, RoomNotFoundError("There is nothing here."))

    @api.exception_handler(MultiPartParserError)
    @api.exception_handler(SuspiciousOperation)
    def unreadable(request: HttpRequest, _error: Exception) -> HttpResponse:
        return refusal(request, InvalidInputError("This form cannot be read."))

    @api.exception_handler(RequestDataTooBig)
    def too_large(request: HttpRequest, _error: RequestDataTooBig) -> HttpResponse:
        return refusal(request, RequestTooLargeError("This request is larger than any we take."))

    @api.exception_handler(OperationalError)
    @api.exception_handler(InterfaceError)
    def away(request: HttpRequest, error: Exception) -> HttpResponse:
        logger.warning("api.database_away", extra={"error_type": type(error).__name__})
        return refusal(request, UnavailableError("The archive is away for a moment; try again."))

    @api.exception_handler(Exception)
    def broken(request: HttpRequest, error: Exception) -> HttpResponse:
        logger.error("api.failed", exc_info=error, extra={"path": request.path})
        return refusal(request, GameError("This is our fault; it has been noted."))


def refusal(request: HttpRequest, error: GameError) -> HttpResponse:
    """Return the error as a problem document."""
    response = HttpResponse(
        json.dumps(problem(error, request_id=getattr(request, "request_id", ""))),
        status=error.status,
        content_type=CONTENT_TYPE,
    )
    if error.retry_after_seconds is not None:
        response["Retry-After"] = str(error.retry_after_seconds)
    return response
