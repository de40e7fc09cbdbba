"""OpenAI's chat completions and embeddings, and all who copied them, as a ChatProvider."""

from collections.abc import AsyncGenerator, Awaitable

from gateway.adapters.providers.arriving import Arriving
from gateway.adapters.providers.failures import failure
from gateway.adapters.providers.http import Http, Reply
from gateway.adapters.providers.openai_chat import request as requests
from gateway.adapters.providers.openai_chat.passing import Passing
from gateway.adapters.providers.openai_chat.reading import Reading
from gateway.adapters.providers.openai_chat.vectors import Vectors
from gateway.adapters.providers.vendors import Vendor, headers_of, url_of, vendor_of
from gateway.domain.catalog import Target
from gateway.domain.errors import InvalidRequestError, ProviderError
from gateway.domain.messages import (
    ChatRequest,
    Deadlines,
    Delta,
    Dialect,
    Operation,
)

_OK = 200
_CHAT, _EMBEDDINGS = "chat/completions", "embeddings"


class OpenAIChatProvider:
    """Speaks to OpenAI and to whoever answers as it does; `vendors` knows the accents."""

    name = "openai"

    def __init__(self, http: Http) -> None:
        self._http = http

    async def stream(self, request: ChatRequest, target: Target) -> AsyncGenerator[Delta, None]:
        """Yield the answer in the normal form, or as it comes to a client of the same dialect."""
        vendor = vendor_of(target.provider)
        path, reading, body = _prepared(request, target, vendor)
        deadlines = request.deadlines or target.provider.deadlines or Deadlines()
        with await self._post(path, body, target, vendor, deadlines) as reply:
            if reply.status != _OK:
                raise await _failure(reply, vendor)
            if not request.is_streamed or _is_json(reply):
                if request.is_streamed:  # a client that waits for frames gets the normal form
                    reading = Reading(request, target, vendor)
                for delta in reading.whole(await reply.whole()):
                    yield delta
            else:
                arriving = Arriving(reply, reading)
                while (frames := await arriving.frames()) is not None:
                    for delta in reading.take(frames):
                        yield delta
            last = list(reading.end())
            reply.ended()
            for delta in last:
                yield delta

    def _post(
        self, path: str, body: bytes, target: Target, vendor: Vendor, deadlines: Deadlines
    ) -> Awaitable[Reply]:
        return self._http.post(
            url_of(target.provider, vendor, model=target.model, path=path),
            provider=target.provider.name,
            headers=headers_of(target.provider, vendor),
            body=body,
            connect_seconds=deadlines.connect_seconds,
        )


def _prepared(request: ChatRequest, target: Target, vendor: Vendor) -> tuple[str, Reading, bytes]:
    """Return where to ask, what reads the answer, and the body to ask with."""
    original = request.original
    is_own = original is not None and original.dialect is Dialect.OPENAI
    if request.operation is Operation.EMBEDDINGS:
        if original is None or not is_own:
            raise InvalidRequestError("vectors are asked for in OpenAI's words only")
        body = requests.embedding(original.body, target, vendor)
        return _EMBEDDINGS, Vectors(request, target, vendor), body
    # A stop text that has to be cut off cannot be passed on unread.
    is_cut = vendor.stop_is_said and bool(request.stop)
    if original is None or not is_own or is_cut:
        body = requests.translated(request, target, vendor)
        return _CHAT, Reading(request, target, vendor), body
    body, hides_usage = requests.passed_on(request, original.body, target, vendor)
    return _CHAT, Passing(request, target, vendor, hides_usage=hides_usage), body


async def _failure(reply: Reply, vendor: Vendor) -> ProviderError:
    complaint = await reply.complaint()
    return failure(vendor=vendor.name, body=complaint, status=reply.status, headers=reply.headers)


def _is_json(reply: Reply) -> bool:
    return reply.headers.get("Content-Type", "").startswith("application/json")
