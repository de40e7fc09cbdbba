"""When a body has to be read in full, and what the scripted provider makes of it."""

from dataclasses import replace

from gateway.domain.catalog import Route
from gateway.domain.messages import ChatRequest, Dialect, Role, Script

_PICTURE = b'"image'
_SCRIPT_PACE_CPS = 200.0
_SCRIPT_CHARACTERS = 2_000


def is_translated(route: Route, dialect: Dialect, body: bytes) -> bool:
    """Return whether the body must become the normal form.

    So it must when somebody on the route speaks another dialect; and when it may hold pictures,
    because whoever gets it has to be able to see them.
    """
    return bool(route.dialects - {dialect}) or _PICTURE in body


def with_script(request: ChatRequest, route: Route) -> ChatRequest:
    """Return the request with something to say for a provider that only reads aloud.

    It is the caller's own last words: a gateway without a single model can still be tried.
    """
    if Dialect.SCRIPT not in route.dialects:
        return request
    said = [message.text for message in request.messages if message.role is Role.USER]
    words = (said[-1] if said else "")[:_SCRIPT_CHARACTERS] or "…"
    return replace(request, script=Script(text=words, pace_cps=_SCRIPT_PACE_CPS))
