"""Gemini's generateContent as a ChatProvider: one request, one answer, translated both ways."""

from collections.abc import AsyncGenerator
from urllib.parse import quote

from gateway.adapters.providers.arriving import Arriving, is_whole
from gateway.adapters.providers.failures import failure
from gateway.adapters.providers.gemini.reading import VENDOR, Reading
from gateway.adapters.providers.gemini.request import translated
from gateway.adapters.providers.http import Http
from gateway.domain.catalog import Provider, Target
from gateway.domain.errors import InvalidRequestError
from gateway.domain.messages import ChatRequest, Deadlines, Delta, Operation

BASE_URL = "https://generativelanguage.googleapis.com/v1beta"
VERTEX = "vertex"
VERTEX_HOST = "aiplatform.googleapis.com"
GLOBAL = "global"

_OK = 200


class GeminiProvider:
    """Speaks to Gemini, at Google's AI door with a key or at Vertex's with an access token.

    A provider's ``options``: ``project`` and ``location`` at Vertex (global unless given),
    ``safety`` the threshold for every kind of harm, ``drop_params`` settings never to send.
    """

    name = VENDOR

    def __init__(self, http: Http) -> None:
        self._http = http

    async def stream(self, request: ChatRequest, target: Target) -> AsyncGenerator[Delta, None]:
        """Yield the answer in the normal form."""
        if request.operation is not Operation.CHAT:
            raise InvalidRequestError("this provider only chats")
        provider = target.provider
        body = translated(request, target)
        deadlines = request.deadlines or provider.deadlines or Deadlines()
        reading = Reading(request_id=request.request_id, provider=provider.name, model=target.model)
        with await self._http.post(
            url_of(target),
            provider=provider.name,
            headers=_headers(provider),
            body=body,
            connect_seconds=deadlines.connect_seconds,
        ) as reply:
            if reply.status != _OK:
                complaint = await reply.complaint()
                raise failure(
                    vendor=VENDOR, body=complaint, status=reply.status, headers=reply.headers
                )
            if is_whole(reply):
                for delta in reading.whole(await reply.whole()):
                    yield delta
            else:
                arriving = Arriving(reply, reading)
                while (frames := await arriving.frames()) is not None:
                    for delta in reading.take(frames, arriving.read):
                        yield delta
            finish = reading.end()
            reply.ended()
            yield finish


def url_of(target: Target) -> str:
    """Return where the model is asked; both doors continue alike once inside."""
    provider = target.provider
    base = provider.base_url or (_vertex_url(provider) if provider.vendor == VERTEX else BASE_URL)
    model = quote(target.model.removeprefix("models/"), safe="")
    return f"{base.rstrip('/')}/models/{model}:streamGenerateContent?alt=sse"


def _vertex_url(provider: Provider) -> str:
    location = provider.options.get("location", GLOBAL)
    host = VERTEX_HOST if location == GLOBAL else f"{location}-{VERTEX_HOST}"
    project = provider.options.get("project", "")
    return f"https://{host}/v1beta1/projects/{project}/locations/{location}/publishers/google"


def _headers(provider: Provider) -> dict[str, str]:
    key = provider.credential.reveal()
    headers = {"Accept": "text/event-stream"}
    if provider.vendor == VERTEX:
        headers["Authorization"] = f"Bearer {key}"
    elif key:
        headers["x-goog-api-key"] = key
    return headers
