"""Refusals that never reached the API: no such path, a wrong method, a request cut off earlier."""

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from interview.api.errors import refusal
from interview.domain.errors import (
    CsrfFailedError,
    GameError,
    InvalidInputError,
    MethodNotAllowedError,
    RequestTooLargeError,
    RoomNotFoundError,
)
from interview.domain.problems import CONTENT_TYPE

Answer = HttpResponseBase | Awaitable[HttpResponseBase]
API = "/api/"
_ERRORS: dict[int, GameError] = {
    400: InvalidInputError("This request cannot be read."),
    403: CsrfFailedError("The page's token is missing or old; reload the page."),
    404: RoomNotFoundError("There is nothing here."),
    405: MethodNotAllowedError("This path answers to other methods; see Allow."),
    413: RequestTooLargeError("This request is larger than any we take."),
}


class Strays:
    """A middleware that makes every refusal under ``/api/`` a problem document, in both colours."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Answer]) -> None:
        """Remember the rest of the chain and take its colour."""
        self._get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Answer:
        """Answer the request, or return a coroutine that will."""
        answer = self._get_response(request)
        if isinstance(answer, HttpResponseBase):
            return _told(request, answer)
        return _later(request, answer)


async def _later(request: HttpRequest, answer: Awaitable[HttpResponseBase]) -> HttpResponseBase:
    return _told(request, await answer)


def _told(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    error = _ERRORS.get(response.status_code)
    is_told = response.headers.get("Content-Type", "").startswith(CONTENT_TYPE)
    if error is None or is_told or not request.path.startswith(API):
        return response
    document = refusal(request, error)
    if "Allow" in response.headers:
        document["Allow"] = response.headers["Allow"]
    return document
