"""POST /v1/chat/completions."""

import time

from gateway.domain.catalog import Route, Scope
from gateway.domain.messages import ChatRequest, Dialect, Original
from gateway.domain.tokens import estimated_tokens_of_json
from gateway.v1 import openai_request, streams, wire
from gateway.v1.openai_answer import ChunkEncoder, CompletionFolder
from gateway.v1.reading import has_pictures, is_translated, with_script
from gateway.v1.visit import Visit

_chat = wire.decoder(wire.Chat)


async def complete(visit: Visit) -> None:
    """Answer with a chat completion, streamed or whole."""
    visit.authenticate(Scope.CHAT)
    body = await visit.exchange.body()
    asked = wire.read(body, _chat)
    request = _request(visit, visit.route(asked.model), asked, body)
    deltas = visit.ask(request, api="chat")
    request_id, created_at = request.request_id, int(time.time())
    async with visit.exchange:
        if request.is_streamed:
            encoder = ChunkEncoder(request_id, created_at, asked.wants_usage)
            await streams.send(visit, deltas, encoder)
        else:
            await visit.delivery.whole(deltas, CompletionFolder(request_id, created_at))


def _request(visit: Visit, route: Route, asked: wire.Chat, body: bytes) -> ChatRequest:
    must_read = is_translated(route, Dialect.OPENAI)
    request = ChatRequest(
        request_id=visit.exchange.request_id,
        provider="",
        model=asked.model,
        max_output_tokens=asked.max_output_tokens,
        n_answers=asked.n or 1,
        is_streamed=bool(asked.stream),
        tools=openai_request.tools(asked),
        response_format=openai_request.response_format(asked),
        user=asked.user or "",
        session=visit.session,
        original=Original(Dialect.OPENAI, body, is_readable=must_read),
        input_estimate=estimated_tokens_of_json(body),
        has_pictures=not must_read and has_pictures(body, asked.messages),
    )
    if must_read:
        request = with_script(openai_request.readable(request, body), route)
    return request
