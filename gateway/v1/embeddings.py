"""POST /v1/embeddings: forwarded as it came, to providers of OpenAI's dialect."""

from gateway.domain.catalog import Ability, Scope
from gateway.domain.errors import RequestError
from gateway.domain.messages import ChatRequest, Dialect, Operation, Original
from gateway.domain.tokens import estimated_tokens_of_json
from gateway.v1 import wire
from gateway.v1.openai_answer import CompletionFolder
from gateway.v1.visit import Visit

_embedding = wire.decoder(wire.Embedding)


async def create(visit: Visit) -> None:
    """Answer with what the provider answers."""
    visit.authenticate(Scope.EMBEDDINGS)
    body = await visit.exchange.body()
    asked = wire.read(body, _embedding)
    route = visit.route(asked.model)
    if not any(Ability.EMBEDDINGS in target.abilities for target in route.targets):
        raise RequestError(f"The model {asked.model!r} makes no embeddings.", param="model")
    request = ChatRequest(
        request_id=visit.exchange.request_id,
        provider="",
        model=asked.model,
        max_output_tokens=0,
        is_streamed=False,
        user=asked.user or "",
        session=visit.session,
        original=Original(Dialect.OPENAI, body, is_readable=False),
        operation=Operation.EMBEDDINGS,
        input_estimate=estimated_tokens_of_json(body),
    )
    deltas = visit.ask(request, api="embeddings")
    async with visit.exchange:
        await visit.delivery.whole(deltas, CompletionFolder(request.request_id, 0))
