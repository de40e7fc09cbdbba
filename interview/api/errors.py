"""Refusals as problem documents; the one place where errors become responses."""

import json
import logging

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from interview.domain.errors import GameError, InvalidInputError, RoomNotFoundError
from interview.domain.problems import CONTENT_TYPE, problem

logger = logging.getLogger(__name__)


def add_handlers(api: NinjaAPI) -> None:
    """Map every error the API may raise; an unknown one is logged and tells nothing."""

    @api.exception_handler(GameError)
    def refused(request: HttpRequest, error: GameError) -> HttpResponse:
        return _answer(request, error)

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        places = ("/".join(map(str, item["loc"][1:])) + ": " + item["msg"] for item in error.errors)
        return _answer(request, InvalidInputError("; ".join(places)))

    @api.exception_handler(HttpError)
    def malformed(request: HttpRequest, error: HttpError) -> HttpResponse:
        return _answer(request, InvalidInputError(str(error)))

    @api.exception_handler(Http404)
    def missing(request: HttpRequest, _error: Http404) -> HttpResponse:
        return _answer(request, RoomNotFoundError("There is nothing here."))

    @api.exception_handler(Exception)
    def broken(request: HttpRequest, error: Exception) -> HttpResponse:
        logger.error("api.failed", exc_info=error, extra={"path": request.path})
        return _answer(request, GameError("This is our fault; it has been noted."))


def _answer(request: HttpRequest, refusal: GameError) -> HttpResponse:
    response = HttpResponse(
        json.dumps(problem(refusal, request_id=getattr(request, "request_id", ""))),
        status=refusal.status,
        content_type=CONTENT_TYPE,
    )
    if refusal.retry_after_seconds is not None:
        response["Retry-After"] = str(refusal.retry_after_seconds)
    return response
