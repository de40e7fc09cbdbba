"""Django under ASGI, each request in one thread from its first middleware to its last.

Django's own handler goes back and forth: middlewares on the loop, every step of them that blocks
in a thread, the view in the same one. All views here block, so all that travelling bought
nothing, and it cost as much as what a short request computes.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import IO, Any, cast

from asgiref.sync import sync_to_async
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.signals import request_started
from django.db import close_old_connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

# Far more than are let in at once; those who wait for another process are not counted.
N_THREADS = 32


class Handler(ASGIHandler):
    """Answers a request in a thread of its own pool; whoever leaves meanwhile is not waited for."""

    def __init__(self) -> None:
        """Load the middlewares and make the pool; its threads come when they are needed."""
        super().__init__()
        self._threads = ThreadPoolExecutor(N_THREADS, thread_name_prefix="django")

    def load_middleware(self, is_async: bool = False) -> None:
        """Build the chain in the blocking colour, whatever it is asked for."""
        super().load_middleware(is_async=False)

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        """Serve one HTTP request."""
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        with body:
            here = asyncio.get_running_loop()
            answer = copy_context().run
            response = await here.run_in_executor(self._threads, answer, self._answer, scope, body)
            try:
                await self.send_response(response, send)
            finally:
                if response.streaming:
                    await sync_to_async(response.close, thread_sensitive=False)()

    def _answer(self, scope: dict[str, Any], body: IO[bytes]) -> HttpResponseBase:
        """Return the response; a file's content is still to be read from it."""
        set_script_prefix(get_script_prefix(scope))
        request_started.send(sender=self.__class__, scope=scope)
        try:
            request, refusal = self.create_request(scope, body)
            response = refusal or self.get_response(cast("HttpRequest", request))  # one of the two
            setattr(response, "_handler_class", self.__class__)  # noqa: B010  Django's own mark
            if not response.streaming:
                response.close()
            return response
        finally:
            close_old_connections()
