"""Answers that are kept: found for whoever asks the same again, and kept when they are whole.

Exact matches only, of one account, on routes whose operator said for how long. Whether an answer
would come out the same twice is no condition: who switches the cache on wants the first one.
"""

import time
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import aclosing

from gateway import metrics
from gateway.domain import request_key
from gateway.domain.catalog import Route
from gateway.domain.kept import Gathering, Kept
from gateway.domain.messages import Delta, Failed, Finish, Usage
from gateway.domain.money import AttemptEnd, AttemptState, Entry
from gateway.domain.ports import Ports
from gateway.services import admitting
from gateway.services.calls import Call

HIT, MISS = "hit", "miss"
_REMEMBERED_BODIES = 8192
_NO_USAGE = Usage()
_spared_by_cache = metrics.SPARED.labels("kept")
_near, _far, _nowhere = (metrics.CACHE_LOOK_UPS.labels(at) for at in ("near", "far", "nowhere"))
# What equal bodies come to: reading one costs more than everything else a hit does.
_read_bodies: OrderedDict[bytes, bytes | None] = OrderedDict()


def key_of(call: Call, route: Route) -> str:
    """Return the key of what is asked, empty when it has none.

    Streamed and whole answers are apart: a vendor's own bytes fit one of them only.
    """
    request = call.request
    content = (
        request_key.body_digest(request_key.canonical_of(request))
        if request.original is None
        else _content_of(request.original.body)
    )
    if content is None:
        return ""
    key = request_key.key_of(request, route, tenant=call.caller.tenant, content=content)
    return _slot(key, is_streamed=request.is_streamed)


async def find(call: Call, key: str, route: Route, *, ports: Ports) -> Kept | None:
    """Return a fresh answer, from here or from the store; note on the call whether there was."""
    cache = ports.cache
    if cache is None or route.cache_seconds <= 0:
        return None
    at, found, where = time.time(), cache.near(key), _near
    if found is None or not found.is_fresh(at=at, seconds=route.cache_seconds):
        found, where = await cache.find(key), _far
        if found is not None and not found.is_fresh(at=at, seconds=route.cache_seconds):
            found = None
    if found is None:
        where = _nowhere
    where.inc()
    call.spared.cache = MISS if found is None else HIT
    return found


async def admit(call: Call, kept: Kept, *, ports: Ports) -> None:
    """Let a call be given what was kept: it counts as a request and costs nothing.

    Raise which limit on requests is used up.
    """
    await admitting.enter_spared(call, ports=ports)
    call.spared.given_by = (kept.provider, kept.model)
    write_down(call, AttemptEnd.CACHED, ports=ports)
    _spared_by_cache.inc()


async def gathered(
    call: Call, key: str, route: Route, deltas: AsyncGenerator[Delta, None], *, ports: Ports
) -> AsyncGenerator[Delta, None]:
    """Yield the deltas of an answer that is being asked for, and keep it when it is whole."""
    gathering = Gathering()
    async with aclosing(deltas):
        async for delta in deltas:
            if isinstance(delta, Finish | Failed):
                keep(call, key, route, gathering, delta, ports=ports)
            else:
                gathering.take(delta)
            yield delta


def keep(
    call: Call, key: str, route: Route, gathering: Gathering, terminal: Delta, *, ports: Ports
) -> None:
    """Keep what was gathered, if the route keeps answers and this one is worth it."""
    target = call.target
    if ports.cache is None or route.cache_seconds <= 0 or target is None:
        return
    kept = gathering.kept(
        terminal, provider=target.provider.name, model=target.model, at=time.time()
    )
    if kept is None:
        return
    bare = key.rpartition(":")[0]
    slots = (
        {key} if kept.is_bound else {_slot(bare, is_streamed=either) for either in (True, False)}
    )
    for slot in slots:
        ports.cache.keep(slot, kept, seconds=route.cache_seconds)


def write_down(call: Call, end: AttemptEnd, *, ports: Ports) -> None:
    """Note in the ledger that the request was answered without asking: no tokens, no cost."""
    provider, model = call.spared.given_by
    now = time.time()
    ports.ledger.record(
        Entry(
            id=f"{call.request.request_id}/{end.value}",
            request_id=call.request.request_id,
            state=AttemptState.SETTLED,
            end=end,
            tenant=call.caller.tenant,
            key_id=call.caller.key_id,
            route=call.request.model,
            provider=provider,
            model=model,
            usage=_NO_USAGE,
            cost_microusd=0,
            price_id="",
            began_at=now,
            ended_at=now,
            room_id=call.caller.room_id,
        )
    )


def _slot(key: str, *, is_streamed: bool) -> str:
    return f"{key}:{'s' if is_streamed else 'w'}"


def _content_of(body: bytes) -> bytes | None:
    """Return the digest of what a body asks for, None when nobody can say what that is."""
    came_as = request_key.body_digest(body)
    if came_as in _read_bodies:
        return _read_bodies[came_as]
    try:
        content = request_key.body_digest(request_key.canonical(body))
    except (ValueError, RecursionError):
        content = None
    _read_bodies[came_as] = content
    if len(_read_bodies) > _REMEMBERED_BODIES:
        _read_bodies.popitem(last=False)
    return content
