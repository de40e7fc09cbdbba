"""OpenAI's chat completions, and all who copied them, as a ChatProvider and EmbeddingProvider."""

from collections.abc import AsyncGenerator

import msgspec

from gateway.adapters.providers.arriving import Arriving
from gateway.adapters.providers.failures import failure
from gateway.adapters.providers.http import Http, Reply
from gateway.adapters.providers.openai_chat import request as requests
from gateway.adapters.providers.openai_chat.chunks import decode_chunk, is_refusal
from gateway.adapters.providers.openai_chat.passing import Passing
from gateway.adapters.providers.openai_chat.reading import Reading
from gateway.adapters.providers.openai_chat.usage import usage_of
from gateway.adapters.providers.vendors import Vendor, headers_of, url_of, vendor_of
from gateway.domain.catalog import Target
from gateway.domain.errors import UpstreamError
from gateway.domain.messages import (
    ChatRequest,
    Deadlines,
    Delta,
    Dialect,
    Embedded,
    Usage,
    UsageSource,
)

_OK = 200
_CHAT, _EMBEDDINGS = "chat/completions", "embeddings"


class OpenAIChatProvider:
    """Speaks to OpenAI and to whoever answers as it does; `vendors` knows the accents."""

    name = "openai_chat"

    def __init__(self, http: Http) -> None:
        self._http = http

    async def stream(self, request: ChatRequest, target: Target) -> AsyncGenerator[Delta, None]:
        """Yield the answer in the normal form, or as it comes to a client of the same dialect."""
        vendor = vendor_of(target.provider)
        reading, body = _prepared(request, target, vendor)
        deadlines = request.deadlines or target.provider.deadlines or Deadlines()
        with await self._post(_CHAT, body, target, vendor, deadlines) as reply:
            await _refuse_failure(reply, vendor)
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

    async def embed(
        self, body: bytes, target: Target, *, deadlines: Deadlines | None = None
    ) -> Embedded:
        """Return the vectors as the vendor wrote them; raise ProviderError on failure."""
        vendor = vendor_of(target.provider)
        asked = requests.embedding(body, target, vendor)
        deadlines = deadlines or target.provider.deadlines or Deadlines()
        with await self._post(_EMBEDDINGS, asked, target, vendor, deadlines) as reply:
            await _refuse_failure(reply, vendor)
            answer = await reply.whole()
        return Embedded(answer, _embedding_usage(answer, vendor))

    async def _post(
        self, path: str, body: bytes, target: Target, vendor: Vendor, deadlines: Deadlines
    ) -> Reply:
        return await self._http.post(
            url_of(target.provider, vendor, model=target.model, path=path),
            provider=target.provider.name,
            headers=headers_of(target.provider, vendor),
            body=body,
            connect_seconds=deadlines.connect_seconds,
        )


def _prepared(request: ChatRequest, target: Target, vendor: Vendor) -> tuple[Reading, bytes]:
    """Return what reads the answer, and the body to ask with."""
    original = request.original
    # A stop text that has to be cut off cannot be passed on unread.
    is_cut = vendor.stop_is_said and bool(request.stop)
    if original is None or original.dialect is not Dialect.OPENAI or is_cut:
        body = requests.translated(request, target, vendor)
        return Reading(request, target, vendor), body
    body, hides_usage = requests.passed_on(request, original.body, target, vendor)
    return Passing(request, target, vendor, hides_usage=hides_usage), body


async def _refuse_failure(reply: Reply, vendor: Vendor) -> None:
    if reply.status != _OK:
        raise failure(
            vendor=vendor.name,
            body=await reply.complaint(),
            status=reply.status,
            headers=reply.headers,
        )


def _is_json(reply: Reply) -> bool:
    return reply.headers.get("Content-Type", "").startswith("application/json")


def _embedding_usage(answer: bytes, vendor: Vendor) -> Usage:
    try:
        found = decode_chunk(answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UpstreamError("the answer is malformed", raw_code="malformed_answer") from None
    if is_refusal(found):
        raise failure(vendor=vendor.name, body=answer)
    usage = None if found.usage is None else usage_of(found.usage)
    return usage or Usage(source=UsageSource.ESTIMATED)
