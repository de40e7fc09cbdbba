"""Deltas as text, one line each: how an answer is kept, and told to other processes."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from gateway.domain import errors
from gateway.domain.errors import DeadlinePhase, GatewayError
from gateway.domain.kept import Kept
from gateway.domain.messages import (
    Delta,
    Failed,
    Finish,
    Passthrough,
    ReasoningDelta,
    Retract,
    Seam,
    Start,
    TextDelta,
    ToolCallDelta,
    Usage,
    UsageUpdate,
)

_KINDS: dict[str, type] = {
    "start": Start,
    "text": TextDelta,
    "thought": ReasoningDelta,
    "call": ToolCallDelta,
    "bytes": Passthrough,
    "retract": Retract,
    "seam": Seam,
    "usage": UsageUpdate,
    "finish": Finish,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_FAILED = "failed"


class _Failure(msgspec.Struct):
    """A failure as others are told of it: which, and when to come again."""

    error: str
    message: str
    retry_after_seconds: float | None
    phase: DeadlinePhase | None
    usage: Usage | None


class _Answer(msgspec.Struct, array_like=True):
    """A kept answer."""

    provider: str
    model: str
    kept_at: float
    n_bytes: int
    is_bound: bool
    lines: list[str]


_encode = msgspec.json.Encoder().encode
_decode_line = msgspec.json.Decoder(tuple[str, msgspec.Raw]).decode
_decode_answer = msgspec.msgpack.Decoder(_Answer).decode
_encode_answer = msgspec.msgpack.Encoder().encode
_decoders: dict[str, Callable[[msgspec.Raw], Any]] = {
    name: msgspec.json.Decoder(kind).decode for name, kind in (*_KINDS.items(), (_FAILED, _Failure))
}


def line_of(delta: Delta) -> str:
    """Return the delta as a line, its end included."""
    if isinstance(delta, Failed):
        return _line(_FAILED, _failure_of(delta))
    return _line(_NAMES[type(delta)], delta)


def delta_of(line: str) -> Delta:
    """Return the delta of a line."""
    name, raw = _decode_line(line.encode())
    found: Delta | _Failure = _decoders[name](raw)
    if isinstance(found, _Failure):
        return Failed(_error_of(found), found.usage)
    return found


def packed(kept: Kept) -> bytes:
    """Return the answer as the store keeps it."""
    lines = [line_of(delta) for delta in (*kept.deltas, kept.finish)]
    answer = _Answer(kept.provider, kept.model, kept.kept_at, kept.n_bytes, kept.is_bound, lines)
    return _encode_answer(answer)


def unpacked(data: bytes) -> Kept:
    """Return the answer; raise ValueError for what nobody here has written."""
    answer = _decode_answer(data)
    deltas = _deltas_of(answer.lines)
    if not deltas or not isinstance(deltas[-1], Finish):
        raise ValueError("an answer without its end")
    return Kept(
        tuple(deltas[:-1]),
        deltas[-1],
        answer.provider,
        answer.model,
        answer.kept_at,
        answer.n_bytes,
        answer.is_bound,
    )


def _deltas_of(lines: Iterable[str]) -> Sequence[Delta]:
    return [delta_of(line) for line in lines]


def _line(name: str, value: object) -> str:
    return _encode((name, value)).decode() + "\n"


def _failure_of(failed: Failed) -> _Failure:
    error = failed.error
    return _Failure(
        type(error).__name__,
        str(error),
        error.retry_after_seconds,
        getattr(error, "phase", None),
        failed.usage,
    )


def _error_of(failure: _Failure) -> GatewayError:
    """Return the error by its name; one that needs more than words becomes its plainest kin."""
    kind = getattr(errors, failure.error, GatewayError)
    if kind is errors.ProviderTimeoutError:
        phase = failure.phase or DeadlinePhase.TOTAL
        return errors.ProviderTimeoutError(failure.message, phase=phase)
    error = _plainest(kind, failure.message)
    error.retry_after_seconds = failure.retry_after_seconds
    return error


def _plainest(kind: type[GatewayError], message: str) -> GatewayError:
    for one in kind.__mro__:
        try:
            found = one(message)
        except TypeError:
            continue
        if isinstance(found, GatewayError):
            return found
    return GatewayError(message)
