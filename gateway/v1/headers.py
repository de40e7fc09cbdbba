"""The headers of an answer: who served it, at what cost in time, and what is left to use."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from gateway.domain.rate_limit import Level
from gateway.domain.waiting import Standing

Header = tuple[bytes, bytes]

JSON = (b"content-type", b"application/json")
#: Nobody between here and the reader may keep or gather a stream.
EVENT_STREAM = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-store"),
    (b"x-accel-buffering", b"no"),
)
_NAMES = (
    b"x-gateway-route",
    b"x-gateway-provider",
    b"x-gateway-model",
    b"x-cache",
    b"x-gateway-coalesced",
)
_WHATS = ("limit", "remaining", "reset")
_LIMITS = {
    unit: tuple(f"x-ratelimit-{what}-{unit}".encode() for what in _WHATS)
    for unit in ("requests", "tokens")
}
_LONGEST_DECISION = 1024
_SEEN = bytes(code if 32 <= code < 127 else ord("?") for code in range(256))


@dataclass(slots=True)
class Account:
    """What is known of one call by now; ``overhead_seconds`` is the gateway's own time in it.

    ``standing`` says where it stands, while it waits in line for a provider; ``decision`` who was
    considered to answer, where there was a choice.
    """

    route: str = ""
    provider: str = ""
    model: str = ""
    n_attempts: int = 0
    cache: str = ""
    coalesced: str = ""
    is_degraded: bool = False
    levels: tuple[Level, ...] = ()
    overhead_seconds: float = 0.0
    standing: Callable[[], Standing] | None = None
    decision: str = ""


def of_answer(account: Account) -> list[Header]:
    """Return what an answer says of its making; what is not known yet is left out."""
    headers = [
        *_named(account.route, account.provider, account.model, account.cache, account.coalesced)
    ]
    if account.n_attempts:
        headers.append((b"x-gateway-attempts", b"%d" % account.n_attempts))
    if account.is_degraded:
        headers.append((b"x-degraded", b"limits"))
    if account.overhead_seconds:
        headers.append((b"x-gateway-overhead-ms", b"%.2f" % (account.overhead_seconds * 1000)))
    if account.decision:
        headers.append((b"x-gateway-decision", _visible(account.decision)[:_LONGEST_DECISION]))
    if account.levels:
        headers += of_limits(account.levels)
    return headers


def of_limits(levels: Iterable[Level]) -> list[Header]:
    """Return, for requests and for tokens, the limit that will be used up first."""
    tightest: dict[str, Level] = {}
    for level in levels:
        unit = level.name.partition(":")[0]
        found = tightest.get(unit)
        if found is None or _share_left(level) < _share_left(found):
            tightest[unit] = level
    headers: list[Header] = []
    for unit, (limit, remaining, reset) in _LIMITS.items():
        first = tightest.get(unit)
        if first is not None:
            headers += (
                (limit, b"%d" % first.limit),
                (remaining, b"%d" % first.remaining),
                (reset, duration(first.reset_seconds).encode()),
            )
    return headers


def _share_left(level: Level) -> float:
    return level.remaining / max(1, level.limit)


def duration(seconds: float) -> str:
    """Return a time as OpenAI writes it: ``12ms``, ``3.25s``, ``6m0s``, ``1h2m3s``."""
    milliseconds = max(0, round(seconds * 1000))
    if milliseconds < 1000:
        return f"{milliseconds}ms"
    if milliseconds < 60_000:
        return f"{milliseconds / 1000:g}s"
    minutes, rest = divmod(-(-milliseconds // 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes}m{rest}s" if hours else f"{minutes}m{rest}s"


@lru_cache(maxsize=4096)
def _named(*values: str) -> tuple[Header, ...]:
    """Return what the catalog has names for, by `_NAMES`."""
    return tuple(
        (name, _visible(value)) for name, value in zip(_NAMES, values, strict=True) if value
    )


def _visible(value: str) -> bytes:
    """Return the text as a header can carry it: a model name comes from an operator's hands."""
    return value.encode("ascii", "replace").translate(_SEEN)
