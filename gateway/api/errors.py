"""Refusals as RFC 9457 problem documents: the one place where errors become responses."""

import json
import logging
from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from gateway.domain.configuration import ConfigurationError
from gateway.domain.errors import (
    GatewayError,
    InvalidInputError,
    NotThereError,
    RequestTooLargeError,
    StateUnavailableError,
)

CONTENT_TYPE = "application/problem+json"

logger = logging.getLogger(__name__)


def add_handlers(api: NinjaAPI) -> None:
    """Map every error the API may raise; an unknown one is logged and tells nothing."""

    @api.exception_handler(GatewayError)
    def refused(request: HttpRequest, error: GatewayError) -> HttpResponse:
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
        return refusal(request, NotThereError("There is nothing here."))

    @api.exception_handler(RequestDataTooBig)
    def too_large(request: HttpRequest, _error: RequestDataTooBig) -> HttpResponse:
        return refusal(request, RequestTooLargeError("This request is larger than any we take."))

    @api.exception_handler(OperationalError)
    @api.exception_handler(InterfaceError)
    def away(request: HttpRequest, error: Exception) -> HttpResponse:
        logger.warning("api.database_away", extra={"error_type": type(error).__name__})
        return refusal(request, StateUnavailableError("The tables are away for a moment."))

    @api.exception_handler(Exception)
    def broken(request: HttpRequest, error: Exception) -> HttpResponse:
        logger.error("api.failed", exc_info=error, extra={"path": request.path})
        return refusal(request, GatewayError("This is our fault; it has been noted."))


def refusal(request: HttpRequest, error: GatewayError) -> HttpResponse:
    """Return the error as a problem document; a refused change names each thing wrong."""
    title = HTTPStatus(error.status).phrase
    document: dict[str, object] = {
        "type": f"urn:hotseat:problem:{error.code}",
        "title": title,
        "status": error.status,
        "detail": str(error) or title,
        "code": error.code,
        "request_id": getattr(request, "request_id", ""),
    }
    if isinstance(error, ConfigurationError):
        document["problems"] = [
            {
                "subject": problem.subject,
                "field": problem.field,
                "message": gettext(problem.pattern) % problem.values,
            }
            for problem in error.problems
        ]
    if error.retry_after_seconds is not None:
        document["retry_after_s"] = error.retry_after_seconds
    return HttpResponse(json.dumps(document), status=error.status, content_type=CONTENT_TYPE)
