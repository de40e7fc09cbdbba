"""A client's own body on its way to a vendor: what stands in it, and what may not decide.

Whose answer is paid for is settled before a body is passed on. Some vendors' parsers do not mind
the case of a name, so that ``Model`` would win over the ``model`` we put there; and some take
fields that name another model, or another server, to ask instead. Neither is passed on.
"""

import msgspec

from gateway.domain.errors import InvalidRequestError

Fields = dict[str, object]

_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
#: Fields by which a request was let in, or that say what is asked at all.
_SETTLED = frozenset(
    {
        "max_completion_tokens",
        "max_tokens",
        "messages",
        "model",
        "n",
        "response_format",
        "stream",
        "stream_options",
        "tools",
        "user",
    }
)
#: Fields by which routers that stand behind us are told to ask somebody else.
_ELSEWHERE = frozenset(
    {"api_base", "api_key", "base_url", "custom_llm_provider", "fallbacks", "models"}
)


def fields_of(body: bytes) -> dict[str, msgspec.Raw]:
    """Return the top of a JSON object; raise InvalidRequestError when it is none."""
    try:
        fields = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidRequestError("the body is not a JSON object") from None
    for name in [name for name in fields if is_smuggled(name)]:
        del fields[name]
    return fields


def without(fields: dict[str, msgspec.Raw], settled: str) -> Fields:
    """Return the fields without one of them, in whatever case its name is written."""
    return {name: value for name, value in fields.items() if name.casefold() != settled}


def is_smuggled(name: str) -> bool:
    """Return whether the field could decide what has been decided already."""
    if name in _SETTLED:
        return False
    folded = name.casefold()  # as Go folds names: also the long s and the sign of the Kelvin
    return folded in _SETTLED or folded in _ELSEWHERE
