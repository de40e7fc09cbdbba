"""One key for what two requests must share to be given one answer; the cache and sharing use it.

Two requests have one key when the same account asks the same route, in the same dialect, for the
same thing. What only says who asks, or whether the answer comes in pieces, is left out; so is the
order of fields. Everything else counts, also what the gateway has no word for.
"""

import json
from dataclasses import asdict
from functools import lru_cache
from hashlib import blake2b

from gateway.domain.catalog import Route
from gateway.domain.messages import ChatRequest

#: Fields that change nothing in the answer; ``model`` is the route's name by another path.
LEFT_OUT = frozenset(
    {"model", "stream", "user", "metadata", "safety_identifier", "prompt_cache_key"}
)
_NOT_ASKED = (
    *("request_id", "model", "deadlines", "metadata", "is_streamed", "user", "session"),
    *("original", "input_estimate"),
)
_DIGEST_BYTES = 20


class AmbiguousError(ValueError):
    """The body names a field twice: which of the two counts is the provider's to say."""


def body_digest(body: bytes) -> bytes:
    """Return the digest of a body as it came: equal bodies need not be read twice."""
    return blake2b(body, digest_size=_DIGEST_BYTES).digest()


def canonical(body: bytes) -> bytes:
    """Return a JSON object without what does not count, its fields in one order.

    Raise AmbiguousError when a field stands there twice, ValueError when it is no object.
    """
    fields = json.loads(body, object_pairs_hook=_once)
    if not isinstance(fields, dict):
        raise ValueError("a request is an object")
    return _written({name: value for name, value in fields.items() if name not in LEFT_OUT})


def canonical_of(request: ChatRequest) -> bytes:
    """Return the same of a request that never was a program's body."""
    fields = asdict(request)
    for name in _NOT_ASKED:
        del fields[name]
    return _written(fields)


def key_of(request: ChatRequest, route: Route, *, tenant: str, content: bytes) -> str:
    """Return the key, 40 hexadecimal digits; ``content`` is the canonical request.

    A route whose targets change asks somebody else, so the targets are part of it.
    """
    original = request.original
    scope = _scope_digest(
        tenant,
        route.model,
        request.provider,
        request.operation,
        original.dialect if original else "",
        original.headers if original else (),
        route.target_ids,
    )
    return blake2b(scope + content, digest_size=_DIGEST_BYTES).hexdigest()


@lru_cache(maxsize=4096)
def _scope_digest(*scope: str | tuple[str, ...] | tuple[tuple[str, str], ...]) -> bytes:
    """Return the digest of who may share an answer; all that one program asks has the same."""
    return body_digest(_written(scope))


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise AmbiguousError("a field is named twice")
    return found


def _written(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
