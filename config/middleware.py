"""Small middlewares that work in both colours, so no request pays a thread hop for them."""

import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponseBadRequest
from django.http.response import HttpResponseBase

from config import metrics, request_id, telemetry

logger = logging.getLogger(__name__)

_STRANGE_HOST = "No site of this name is served here; see ALLOWED_HOSTS.\n"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
Answer: TypeAlias = HttpResponseBase | Awaitable[HttpResponseBase]


class TwoColouredMiddleware:
    """A step before and a step after each request, in whichever colour the chain has."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Answer]) -> None:
        """Remember the rest of the chain and take its colour."""
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Answer:
        """Answer the request, or return a coroutine that will."""
        self.before(request)
        answer = self.get_response(request)
        if isinstance(answer, HttpResponseBase):
            self.after(request, answer)
            return answer
        return self._finish(request, answer)

    async def _finish(
        self, request: HttpRequest, answer: Awaitable[HttpResponseBase]
    ) -> HttpResponseBase:
        response = await answer
        self.after(request, response)
        return response

    def before(self, request: HttpRequest) -> None:
        """Prepare the request."""

    def after(self, request: HttpRequest, response: HttpResponseBase) -> None:
        """Complete the response."""


class RequestContext(TwoColouredMiddleware):
    """Gives each request its id (``request.request_id``) and its trace the name of its route."""

    def before(self, request: HttpRequest) -> None:
        """Take the id the ASGI edge made, or make one where Django runs without it."""
        given = request.headers.get(request_id.HEADER)
        setattr(request, "request_id", given or request_id.new())  # noqa: B010  a name mypy cannot know
        setattr(request, "begun_at", time.perf_counter())  # noqa: B010  as above

    def after(self, request: HttpRequest, response: HttpResponseBase) -> None:
        """Send the id back and name the span by its route, never by the raw path."""
        response.headers.setdefault(request_id.HEADER, getattr(request, "request_id", ""))
        method = request.method if request.method in _METHODS else "other"
        match = request.resolver_match
        if match is not None:
            telemetry.name_span(method=method, route=match.route)
        if not response.streaming:
            metrics.HTTP_REQUEST_SECONDS.labels(
                method, match.route if match else "none", f"{response.status_code // 100}xx"
            ).observe(time.perf_counter() - getattr(request, "begun_at", time.perf_counter()))


class KnownHost(TwoColouredMiddleware):
    """Answers 400 to hosts that are not ours, at the price of one short line in the log.

    Django's own refusal is an error with a traceback, and scanners try names all day.
    """

    def __call__(self, request: HttpRequest) -> Answer:
        """Answer the request, or return a coroutine that will."""
        try:
            request.get_host()
        except DisallowedHost:
            logger.warning("host.refused")
            refusal = HttpResponseBadRequest(_STRANGE_HOST, content_type="text/plain")
            setattr(refusal, "_has_been_logged", True)  # noqa: B010  Django's own mark
            return _at_once(refusal) if iscoroutinefunction(self) else refusal
        return super().__call__(request)


async def _at_once(response: HttpResponseBase) -> HttpResponseBase:
    return response


class ContentSecurityPolicy(TwoColouredMiddleware):
    """Sends the policy of the settings; ``request.csp_nonce`` admits one inline script."""

    def before(self, request: HttpRequest) -> None:
        """Make the nonce a template may put on its import map."""
        setattr(request, "csp_nonce", secrets.token_urlsafe(16))  # noqa: B010  as above

    def after(self, request: HttpRequest, response: HttpResponseBase) -> None:
        """Add the header unless the view chose its own."""
        policy: dict[str, str] = settings.CONTENT_SECURITY_POLICY
        nonce = getattr(request, "csp_nonce", "")
        value = "; ".join(f"{name} {sources}" for name, sources in policy.items())
        response.headers.setdefault("Content-Security-Policy", value.format(nonce=nonce))
