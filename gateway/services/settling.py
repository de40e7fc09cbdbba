"""The step that pays: exactly one entry in the ledger for every attempt, on every exit.

Taking the entry and noting the departure wait for nothing, so no cancellation can come between.
What only a dead process knew lies with the gate as a `Record` of each attempt in flight; whoever
finds them makes the entries under the same attempt ids, which the ledger takes once.
"""

import time
from collections.abc import Sequence

import msgspec

from gateway import metrics
from gateway.domain.catalog import Target
from gateway.domain.errors import GatewayError
from gateway.domain.gate import Departure, Orphan, Progress
from gateway.domain.messages import Usage
from gateway.domain.money import AttemptEnd, AttemptState, Entry, Price, cost_microusd
from gateway.domain.ports import Ports
from gateway.services.attempts import Attempt
from gateway.services.calls import Call


class Record(msgspec.Struct, frozen=True, array_like=True):
    """What an entry needs, should nobody of this process live to write it.

    The tokens are our count at the last beat, or at its entrance. What another version of this
    program has left is read as well, so new fields come last and have a default.
    """

    attempt_id: str
    request_id: str
    tenant: str
    key_id: str
    route: str
    provider: str
    model: str
    began_at: float
    input_tokens: int
    room_id: str
    price: Price | None = None
    entered_at: float = 0.0
    output_tokens: int = 0


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(tuple[Record, ...])


def record_of(call: Call, target: Target, *, attempt_id: str, began_at: float) -> bytes:
    """Return the record of the attempt that is about to be."""
    record = _record(call, target, attempt_id, began_at, target.price, call.input_tokens)
    return packed((record,))


def packed(records: Sequence[Record]) -> bytes:
    """Return the records of a request as they lie with the gate."""
    return _encoder.encode(records)


def progress_of(call: Call) -> tuple[Progress, ...]:
    """Return how far the call has come, for the reaper of a process that dies.

    Two run in a race, and both are told of; between two attempts the last one is.
    """
    others = tuple(Progress(holder, 0) for holder in call.stay.other_holders)
    if not call.attempts:
        return (Progress(call.stay.holder, 0), *others)
    running = [each for each in call.attempts if each.entry is None] or [call.current]
    records = [_record_of_running(each) for each in running]
    n_tokens = sum(record.output_tokens for record in records)
    return (Progress(call.stay.holder, n_tokens, packed(records)), *others)


def entries_of(orphan: Orphan, *, ended_at: float) -> list[Entry]:
    """Return the entries of the attempts that were in flight when their process died."""
    if not orphan.record:
        return []
    return [_crashed(record, ended_at) for record in _decoder.decode(orphan.record)]


def _record_of_running(attempt: Attempt) -> Record:
    usage = attempt.usage()
    return _record(
        attempt.call,
        attempt.target,
        attempt.id,
        attempt.began_at,
        _price(attempt),
        usage.input_total,
        usage.output_total,
    )


def _record(
    call: Call,
    target: Target,
    attempt_id: str,
    began_at: float,
    price: Price | None,
    input_tokens: int,
    output_tokens: int = 0,
) -> Record:
    return Record(
        attempt_id,
        call.request.request_id,
        call.caller.tenant,
        call.caller.key_id,
        call.request.model,
        target.provider.name,
        target.model,
        began_at,
        input_tokens,
        call.caller.room_id,
        price,
        call.stay.entered_at,
        output_tokens,
    )


def _crashed(record: Record, ended_at: float) -> Entry:
    usage = Usage(input_total=record.input_tokens, output_total=record.output_tokens)
    return Entry(
        id=record.attempt_id,
        request_id=record.request_id,
        state=_state(usage),
        end=AttemptEnd.CRASHED,
        tenant=record.tenant,
        key_id=record.key_id,
        route=record.route,
        provider=record.provider,
        model=record.model,
        usage=usage,
        cost_microusd=cost_microusd(usage, record.price),
        price_id=record.price.id if record.price else "",
        began_at=record.began_at,
        ended_at=ended_at,
        error_code="crashed",
        room_id=record.room_id,
        entered_at=record.entered_at,
    )


def settle(attempt: Attempt, end: AttemptEnd, *, ports: Ports) -> None:
    """Write the attempt down, once; it is paid for by evidence: what was counted or said."""
    if attempt.entry is not None:
        return
    call, target, usage, price = attempt.call, attempt.target, attempt.usage(), _price(attempt)
    attempt.entry = Entry(
        id=attempt.id,
        request_id=call.request.request_id,
        state=_state(usage),
        end=end,
        tenant=call.caller.tenant,
        key_id=call.caller.key_id,
        route=call.request.model,
        provider=target.provider.name,
        model=target.model,
        usage=usage,
        cost_microusd=cost_microusd(usage, price),
        price_id=price.id if price else "",
        began_at=attempt.began_at,
        ended_at=time.time(),
        ttft_seconds=attempt.ttft_seconds,
        error_code=_error_code(attempt, end),
        room_id=call.caller.room_id,
        entered_at=call.stay.entered_at,
        raw_usage=usage.told,
    )
    ports.ledger.record(attempt.entry)
    attempt.observe_end(end)
    if price is None and _has_used(usage) and not target.provider.is_local:
        metrics.UNPRICED.labels(target.provider.name, target.model).inc()


def _price(attempt: Attempt) -> Price | None:
    return attempt.call.the_catalog().price_of_answer(attempt.target, attempt.answered_by)


def _has_used(usage: Usage) -> bool:
    return usage.input_total > 0 or usage.output_total > 0


def _state(usage: Usage) -> AttemptState:
    return AttemptState.SETTLED if _has_used(usage) else AttemptState.VOIDED


def _error_code(attempt: Attempt, end: AttemptEnd) -> str:
    if attempt.error is not None:
        return attempt.error.code
    return GatewayError.code if end is AttemptEnd.ERROR else ""


def departure_of(call: Call) -> Departure:
    """Return what the call really used, over all of its attempts."""
    n_tokens = cost = 0
    for attempt in call.attempts:
        if (entry := attempt.entry) is not None:
            n_tokens += entry.usage.input_total + entry.usage.output_total
            cost += entry.cost_microusd
    return Departure(call.stay.holder, n_tokens, cost, is_void=not call.attempts)
