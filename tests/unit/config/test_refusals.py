"""One table for both APIs: whatever is raised is told in the API's own words."""

import json
from http import HTTPStatus

import pytest
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.test import RequestFactory
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, ValidationError

from config import refusals

SECRET = "the password is hunter2"


class ToldError(Exception):
    """The root of a small tree of errors."""

    status, seconds = 500, None


class InvalidError(ToldError):
    status = 422


class MissingError(ToldError):
    status = 404


class TooLargeError(ToldError):
    status = 413


class AwayError(ToldError):
    status, seconds = 503, 0.2


def respond(_request: HttpRequest, error: ToldError) -> HttpResponse:
    return refusals.response(
        {"detail": str(error)}, status=error.status, wait_seconds=error.seconds
    )


DIALECT = refusals.Dialect(
    root=ToldError,
    invalid=InvalidError,
    missing=MissingError,
    too_large=TooLargeError,
    away=AwayError,
    respond=respond,
)


def told(error: Exception) -> HttpResponse:
    """Return what an API answers when a call of it raises this."""
    api = NinjaAPI(urls_namespace=f"refusals-{id(error)}")
    refusals.tell(api, DIALECT)
    return api.on_exception(RequestFactory().get("/anywhere"), error)


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (InvalidError("Not like that."), 422, "Not like that."),
        (
            ValidationError([{"loc": ("body", "wish", "name"), "msg": "too long"}]),
            422,
            "wish/name: too long",
        ),
        (AuthenticationError(), 422, "Unauthorized"),
        (MultiPartParserError(SECRET), 422, "This form cannot be read."),
        (SuspiciousOperation(SECRET), 422, "This form cannot be read."),
        (RequestDataTooBig(SECRET), 413, "This request is larger than any we take."),
        (Http404(SECRET), 404, "There is nothing here."),
        (OperationalError(SECRET), 503, "The database is away for a moment; try again."),
        (InterfaceError(SECRET), 503, "The database is away for a moment; try again."),
        (RuntimeError(SECRET), 500, "This is our fault; it has been noted."),
    ],
)
def test_whatever_is_raised_is_told_and_nothing_slips_out(
    error: Exception, status: HTTPStatus, detail: str
):
    response = told(error)

    assert (response.status_code, json.loads(response.content)) == (status, {"detail": detail})
    assert response["Content-Type"] == "application/problem+json"


def test_a_part_of_a_second_is_a_second_in_the_header():
    assert told(OperationalError())["Retry-After"] == "1"


def test_where_waiting_does_not_help_nothing_is_said_of_it():
    assert "Retry-After" not in told(Http404())
