"""POST /v1/messages and /v1/messages/count_tokens: Anthropic's dialect, any provider behind."""

import msgspec

from gateway.domain.catalog import Route, Scope
from gateway.domain.messages import ChatRequest, Dialect, Original
from gateway.domain.tokens import estimated_tokens_of_json
from gateway.v1 import anthropic_request, streams, wire
from gateway.v1.anthropic_answer import EventEncoder, MessageFolder
from gateway.v1.anthropic_headers import brought
from gateway.v1.reading import has_pictures, is_translated, with_script
from gateway.v1.visit import Visit

_messages = wire.decoder(wire.Messages)
_counting = wire.decoder(wire.Counting)


async def create(visit: Visit) -> None:
    """Answer with a message, streamed or whole."""
    visit.authenticate(Scope.CHAT)
    body = await visit.exchange.body()
    asked = wire.read(body, _messages)
    request = _request(visit, visit.route(asked.model), asked, body)
    deltas = visit.ask(request, api="messages")
    async with visit.exchange:
        if request.is_streamed:
            encoder = EventEncoder(request.request_id, request.input_estimate)
            await streams.send(visit, deltas, encoder)
        else:
            await visit.delivery.whole(deltas, MessageFolder(request.request_id))


async def count_tokens(visit: Visit) -> None:
    """Answer with the prompt's tokens as the gateway counts them: an estimate, and it says so."""
    visit.authenticate(Scope.CHAT)
    body = await visit.exchange.body()
    asked = wire.read(body, _counting)
    visit.route(asked.model)
    counted = msgspec.json.encode({"input_tokens": estimated_tokens_of_json(body)})
    await visit.exchange.answer(200, counted, [(b"x-gateway-count", b"estimated")])


def _request(visit: Visit, route: Route, asked: wire.Messages, body: bytes) -> ChatRequest:
    must_read = is_translated(route, Dialect.ANTHROPIC)
    request = ChatRequest(
        request_id=visit.exchange.request_id,
        provider="",
        model=asked.model,
        max_output_tokens=asked.max_tokens,
        is_streamed=bool(asked.stream),
        tools=anthropic_request.tools(asked),
        user=(asked.metadata.user_id or "") if asked.metadata else "",
        session=visit.session,
        original=Original(
            Dialect.ANTHROPIC, body, must_read, brought(visit.exchange.scope["headers"])
        ),
        input_estimate=estimated_tokens_of_json(body),
        has_pictures=not must_read and has_pictures(body, asked.messages),
    )
    if must_read:
        request = with_script(anthropic_request.readable(request, body), route)
    return request
