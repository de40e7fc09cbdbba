"""Refusals as RFC 9457 problem documents: the one place where errors become responses."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from ninja import NinjaAPI

from config import refusals
from gateway.domain.configuration import ConfigurationError
from gateway.domain.errors import (
    GatewayError,
    InvalidInputError,
    ManagementError,
    NotThereError,
    RequestTooLargeError,
    StateUnavailableError,
)

_DATABASE_BACK_SECONDS = 2


def add_handlers(api: NinjaAPI) -> None:
    """Map every error the API may raise; an unknown one is logged and tells nothing."""
    refusals.tell(
        api,
        refusals.Dialect(
            root=GatewayError,
            invalid=InvalidInputError,
            missing=NotThereError,
            too_large=RequestTooLargeError,
            away=_away,
            respond=refusal,
        ),
    )


def refusal(request: HttpRequest, error: GatewayError) -> HttpResponse:
    """Return the error as a problem document; a refused change names each thing wrong."""
    title = HTTPStatus(error.status).phrase
    document: dict[str, object] = {
        "type": f"urn:hotseat:problem:{error.code}",
        "title": title,
        "status": error.status,
        "detail": _said(error) or title,
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
    return refusals.response(document, status=error.status, wait_seconds=error.retry_after_seconds)


def nothing_here(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Return the refusal of an address that leads nowhere."""
    return refusal(request, NotThereError("There is nothing here."))


def _said(error: GatewayError) -> str:
    """Return the sentence; what is said of a change, in the language that was asked for."""
    if isinstance(error, ConfigurationError):
        return " ".join(gettext(one.pattern) % one.values for one in error.problems)
    if isinstance(error, ManagementError) and error.pattern:
        return gettext(error.pattern) % error.values
    return str(error)


def _away(detail: str) -> StateUnavailableError:
    return StateUnavailableError(detail, retry_after_seconds=_DATABASE_BACK_SECONDS)
