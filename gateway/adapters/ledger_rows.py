"""A usage record as a line of the journal, and as a row in Postgres."""

import hashlib
from collections.abc import Sequence

import msgspec
from django.db import connection

from gateway.domain.messages import UsageSource
from gateway.domain.money import AttemptEnd, Entry

LATE = "/late"  # after an attempt's id: what its row, written for a dead process, did not know
LARGEST_COST = 2**53
LARGEST_RAW_USAGE = 2048


class _Row(msgspec.Struct, frozen=True):
    """A line of the journal: the columns of a usage record, times in Unix seconds."""

    attempt_id: str
    request_id: str
    tenant: str
    key_id: str
    room_id: str
    route: str
    provider: str
    model: str
    state: str
    end_reason: str
    error_code: str
    charged_at: float
    began_at: float
    ended_at: float
    ttft_ms: int | None
    input_tokens: int
    input_cached_tokens: int
    cache_write_5m_tokens: int
    cache_write_1h_tokens: int
    output_tokens: int
    reasoning_tokens: int
    is_estimated: bool
    cost_microusd: int
    price_id: str
    provider_usage: msgspec.Raw


_encoder = msgspec.json.Encoder()
_NO_USAGE = msgspec.Raw(b"null")
_one_value = msgspec.json.Decoder(msgspec.Raw).decode
_WORDS = {
    "attempt_id": 155,
    "request_id": 150,
    "tenant": 80,
    "key_id": 80,
    "room_id": 64,
    "route": 128,
    "provider": 80,
    "model": 160,
    "state": 16,
    "end_reason": 16,
    "error_code": 64,
    "price_id": 200,
}
_TIMES = ("charged_at", "began_at", "ended_at")
_TYPES = {
    "ttft_ms": "integer",
    "is_estimated": "boolean",
    "provider_usage": "jsonb",
    **dict.fromkeys(_WORDS, "text"),
    **dict.fromkeys(_TIMES, "double precision"),
}
_FIGURES = (
    "input_tokens",
    "input_cached_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "output_tokens",
    "reasoning_tokens",
    "cost_microusd",
)
_COLUMNS = _Row.__struct_fields__


def _value(column: str) -> str:
    if column in _WORDS:
        return f"line.{column}::varchar({_WORDS[column]})"
    return f"to_timestamp(line.{column})" if column in _TIMES else f"line.{column}"


def _rest(column: str) -> str:
    if column == "attempt_id":
        return f"known.attempt_id || '{LATE}'"
    if column in _FIGURES:
        return f"greatest(0, line.{column} - known.{column})"
    return _value(column)


_INTO = f"INSERT INTO gateway_usagerecord ({', '.join(_COLUMNS)})"
_LINES = f"""jsonb_to_recordset(%s::jsonb) AS line
({", ".join(f"{column} {_TYPES.get(column, 'bigint')}" for column in _COLUMNS)})"""
_INSERT = f"""
{_INTO}
SELECT {", ".join(map(_value, _COLUMNS))} FROM {_LINES}
ON CONFLICT (attempt_id) DO NOTHING
"""  # noqa: S608  our own words, none of anybody's
_INSERT_RESTS = f"""
{_INTO}
SELECT {", ".join(map(_rest, _COLUMNS))} FROM {_LINES}
JOIN gateway_usagerecord AS known ON known.attempt_id = line.attempt_id
WHERE known.end_reason = '{AttemptEnd.CRASHED}'
AND ({" OR ".join(f"line.{column} > known.{column}" for column in _FIGURES)})
ON CONFLICT (attempt_id) DO NOTHING
"""  # noqa: S608  likewise


def line_of(entry: Entry) -> bytes:
    """Return the entry as a line of the journal."""
    usage = entry.usage
    return _encoder.encode(
        _Row(
            attempt_id=named(entry.id, _WORDS["attempt_id"]),
            request_id=named(entry.request_id, _WORDS["request_id"]),
            tenant=entry.tenant,
            key_id=entry.key_id,
            room_id=entry.room_id,
            route=_clean(entry.route),
            provider=entry.provider,
            model=_clean(entry.model),
            state=entry.state,
            end_reason=entry.end,
            error_code=entry.error_code,
            charged_at=entry.entered_at or entry.began_at,
            began_at=entry.began_at,
            ended_at=entry.ended_at,
            ttft_ms=None if entry.ttft_seconds is None else round(entry.ttft_seconds * 1000),
            input_tokens=usage.input_total,
            input_cached_tokens=usage.input_cached,
            cache_write_5m_tokens=usage.input_cache_write_5m,
            cache_write_1h_tokens=usage.input_cache_write_1h,
            output_tokens=usage.output_total,
            reasoning_tokens=usage.output_reasoning,
            is_estimated=usage.source is UsageSource.ESTIMATED,
            cost_microusd=min(entry.cost_microusd, LARGEST_COST),
            price_id=entry.price_id,
            provider_usage=_raw(entry.raw_usage),
        )
    )


def named(name: str, longest: int) -> str:
    """Return the name in a form that fits its column and stays unlike any other."""
    name = _clean(name)
    if len(name) <= longest:
        return name
    return f"{name[: longest - 33]}#{hashlib.sha256(name.encode()).hexdigest()[:32]}"


def insert(lines: Sequence[bytes]) -> int:
    """Write the lines as rows and return how many were new; the others were there before.

    A process that was taken for dead while it lived brings an attempt somebody has written down
    as crashed: that row stands, and one more has what it did not know of.
    """
    packed = (b"[" + b",".join(lines) + b"]").decode()
    try:
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, [packed])
            n_new = int(cursor.rowcount)
            if n_new < len(lines):
                # A statement of its own: it sees what was in the way of the first.
                cursor.execute(_INSERT_RESTS, [packed])
            return n_new
    finally:
        connection.close()


def _clean(text: str) -> str:
    return text.replace("\0", "") if "\0" in text else text


def _raw(usage: str) -> msgspec.Raw:
    """Return the vendor's usage when it is small, valid JSON."""
    if not usage or len(usage) > LARGEST_RAW_USAGE or "\n" in usage:
        return _NO_USAGE
    try:
        return _one_value(usage)
    except msgspec.DecodeError:
        return _NO_USAGE
