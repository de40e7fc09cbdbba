"""Anthropic's messages as a ChatProvider: one request, one answer, translated both ways."""

from collections.abc import AsyncGenerator, Iterable, Iterator
from fnmatch import fnmatchcase

from gateway.adapters.providers.anthropic.passing import Passing
from gateway.adapters.providers.anthropic.reading import VENDOR, Reading, message_of
from gateway.adapters.providers.anthropic.request import passed_on, swallowed, translated
from gateway.adapters.providers.arriving import Arriving, is_whole
from gateway.adapters.providers.failures import failure
from gateway.adapters.providers.http import Http
from gateway.domain.catalog import Provider, Target
from gateway.domain.errors import InvalidRequestError
from gateway.domain.messages import ChatRequest, Deadlines, Delta, Dialect, Operation

BASE_URL = "https://api.anthropic.com"
VERSION = "2023-06-01"
#: Trials that make the same tokens cost more than any price we know.
DEARER_BETAS = ("fast-mode-*",)

_OK = 200


class AnthropicProvider:
    """Speaks to Anthropic and to whoever answers as it does.

    A provider's ``options``: ``auth`` bearer instead of the key's own header; ``version`` and
    ``beta`` of the API; ``client_betas`` which betas a client of the same dialect may add
    (patterns, by comma; without it all but those that change the price); ``thinking`` adaptive
    for models that take an effort instead of a budget; ``drop_params`` fields never to send.
    """

    name = VENDOR

    def __init__(self, http: Http) -> None:
        self._http = http

    async def stream(self, request: ChatRequest, target: Target) -> AsyncGenerator[Delta, None]:
        """Yield the answer in the normal form, or as it comes to a client of the same dialect."""
        if request.operation is not Operation.CHAT:
            raise InvalidRequestError("this provider only chats")
        original = request.original
        passes = original is not None and original.dialect is Dialect.ANTHROPIC
        if original is not None and passes:
            body = passed_on(request, original.body, target)
        else:
            body = translated(request, target)
        deadlines = request.deadlines or target.provider.deadlines or Deadlines()
        reading = (Passing if passes else Reading)(
            request_id=request.request_id,
            provider=target.provider.name,
            model=target.model,
            swallowed="" if passes else swallowed(request),
        )
        with await self._http.post(
            url_of(target.provider),
            provider=target.provider.name,
            headers=_headers(target.provider, original.headers if original and passes else ()),
            body=body,
            connect_seconds=deadlines.connect_seconds,
        ) as reply:
            if reply.status != _OK:
                complaint = await reply.complaint()
                raise failure(
                    vendor=VENDOR, body=complaint, status=reply.status, headers=reply.headers
                )
            if is_whole(reply) or (passes and not request.is_streamed):
                for delta in _whole(reading, await reply.whole(), is_streamed=request.is_streamed):
                    yield delta
            else:
                arriving = Arriving(reply, reading)
                while (frames := await arriving.frames()) is not None:
                    for delta in reading.take(frames):
                        yield delta
            finish = reading.end()
            reply.ended()
            yield finish


def url_of(provider: Provider) -> str:
    """Return where messages are posted to, given the vendor's door or any step on the way."""
    url = (provider.base_url or BASE_URL).rstrip("/")
    if url.endswith("/messages"):
        return url
    return f"{url}/messages" if url.endswith("/v1") else f"{url}/v1/messages"


def _headers(provider: Provider, brought: Iterable[tuple[str, str]]) -> dict[str, str]:
    key, options = provider.credential.reveal(), provider.options
    given = dict(brought)
    usual = options.get("version", VERSION)  # and no older one: its frames would be strange to us
    headers = {"anthropic-version": max(given.get("anthropic-version", ""), usual)}
    betas = _words(options.get("beta", ""))
    allowed = _words(options["client_betas"]) if "client_betas" in options else None
    betas += [beta for beta in _words(given.get("anthropic-beta", "")) if _may(beta, allowed)]
    if betas:
        headers["anthropic-beta"] = ",".join(dict.fromkeys(betas))
    if options.get("auth") == "bearer":
        headers["Authorization"] = f"Bearer {key}"
    elif key:
        headers["x-api-key"] = key
    return headers


def _words(listed: str) -> list[str]:
    return [word for word in map(str.strip, listed.split(",")) if word]


def _may(beta: str, allowed: list[str] | None) -> bool:
    """Return whether a client may ask for the beta: by the operator's list, or if it is free."""
    if allowed is None:
        return not any(fnmatchcase(beta, dear) for dear in DEARER_BETAS)
    return any(fnmatchcase(beta, pattern) for pattern in allowed)


def _whole(reading: Reading, body: bytes, *, is_streamed: bool) -> Iterator[Delta]:
    message = message_of(body)
    if isinstance(reading, Passing) and not is_streamed:
        return reading.passed_whole(body, message)
    return reading.whole(message)
