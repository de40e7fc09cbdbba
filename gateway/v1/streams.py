"""GET /v1/streams/{id}: where a stream that broke off on the way is taken up again."""

from urllib.parse import parse_qs

from gateway.domain.catalog import Scope
from gateway.domain.errors import PathNotFoundError, RequestError
from gateway.v1.visit import Visit


async def resume(visit: Visit, stream_id: str) -> None:
    """Answer with what followed; today no stream is kept, and none is found."""
    visit.authenticate(Scope.CHAT)
    after(visit)
    raise PathNotFoundError(f"No stream {stream_id!r} is kept here (any more).")


def after(visit: Visit) -> int:
    """Return the last seq the client has: ``Last-Event-ID`` if it sent one, else ``after``."""
    query = parse_qs(visit.exchange.scope.get("query_string", b"").decode("latin-1"))
    header = visit.exchange.headers.get(b"last-event-id", b"").decode("latin-1")
    given = header.rpartition(":")[2] or query.get("after", ["0"])[-1]
    if not (given.isascii() and given.isdigit()):
        raise RequestError("The position is a whole number.", param="after")
    return int(given)
