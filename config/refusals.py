"""How a refusal leaves an API: what Django, ninja and the database raise, told in the API's words.

Each app has its own tree of errors and its own document for one. What may go wrong before either
is reached is the same for both: a body that is too large, a form nobody can read, a field of the
wrong form, a path that leads nowhere, a database that is away, a bug. `tell` sorts all of it into
the few errors an app names in its `Dialect`, so that neither forgets one. This module knows no
app, and is the only one of this package that apps import: docs/adr/0032.
"""

import json
import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

CONTENT_TYPE = "application/problem+json"

logger = logging.getLogger(__name__)


ErrorT = TypeVar("ErrorT", bound=Exception)


@dataclass(frozen=True, slots=True)
class Dialect(Generic[ErrorT]):
    """The words an API has for what it did not raise itself, and its document for an error."""

    root: type[ErrorT]
    invalid: Callable[[str], ErrorT]
    missing: Callable[[str], ErrorT]
    too_large: Callable[[str], ErrorT]
    away: Callable[[str], ErrorT]
    respond: Callable[[HttpRequest, ErrorT], HttpResponse]


def tell(api: NinjaAPI, dialect: Dialect[ErrorT]) -> None:
    """Map every error the API may raise; an unknown one is logged and tells nothing."""
    respond = dialect.respond

    @api.exception_handler(dialect.root)
    def refused(request: HttpRequest, error: ErrorT) -> HttpResponse:
        return respond(request, error)

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        places = ("/".join(map(str, item["loc"][1:])) + ": " + item["msg"] for item in error.errors)
        return respond(request, dialect.invalid("; ".join(places)))

    @api.exception_handler(HttpError)
    def malformed(request: HttpRequest, error: HttpError) -> HttpResponse:
        return respond(request, dialect.invalid(str(error)))

    @api.exception_handler(MultiPartParserError)
    @api.exception_handler(SuspiciousOperation)
    def unreadable(request: HttpRequest, _error: Exception) -> HttpResponse:
        return respond(request, dialect.invalid("This form cannot be read."))

    @api.exception_handler(RequestDataTooBig)
    def too_large(request: HttpRequest, _error: RequestDataTooBig) -> HttpResponse:
        return respond(request, dialect.too_large("This request is larger than any we take."))

    @api.exception_handler(Http404)
    def missing(request: HttpRequest, _error: Http404) -> HttpResponse:
        return respond(request, dialect.missing("There is nothing here."))

    @api.exception_handler(OperationalError)
    @api.exception_handler(InterfaceError)
    def away(request: HttpRequest, error: Exception) -> HttpResponse:
        logger.warning("api.database_away", extra={"error_type": type(error).__name__})
        return respond(request, dialect.away("The database is away for a moment; try again."))

    @api.exception_handler(Exception)
    def broken(request: HttpRequest, error: Exception) -> HttpResponse:
        logger.error("api.failed", exc_info=error, extra={"path": request.path})
        return respond(request, dialect.root("This is our fault; it has been noted."))


def response(
    document: Mapping[str, object], *, status: int, wait_seconds: float | None
) -> HttpResponse:
    """Return a problem document; where waiting helps, `Retry-After` says how long.

    The header knows whole seconds only. They are rounded up: who comes back early is refused again.
    """
    answer = HttpResponse(json.dumps(document), status=status, content_type=CONTENT_TYPE)
    if wait_seconds is not None:
        answer["Retry-After"] = str(math.ceil(wait_seconds))
    return answer
