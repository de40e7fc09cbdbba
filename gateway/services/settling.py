"""The step that pays: exactly one entry in the ledger for every attempt, on every exit.

Taking the entry and noting the departure wait for nothing, so no cancellation can come between.
What only a dead process knew lies with the gate as a `Record`; whoever finds it makes the entry
from it under the same attempt id, which the ledger takes once.
"""

import time

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
    """What an entry needs, should nobody of this process live to write it."""

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
    price: Price | None
    entered_at: float


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Record)


def record_of(call: Call, target: Target, *, attempt_id: str, began_at: float) -> bytes:
    """Return the record of an attempt in flight, or of the one that is about to be."""
    return _encoder.encode(
        Record(
            attempt_id,
            call.request.request_id,
            call.caller.tenant,
            call.caller.key_id,
            call.request.model,
            target.provider.name,
            target.model,
            began_at,
            call.input_tokens,
            call.caller.room_id,
            target.price,
            call.entered_at,
        )
    )


def progress_of(call: Call) -> tuple[Progress, ...]:
    """Return how far the call has come, for the reaper of a process that dies."""
    others = tuple(Progress(holder, 0) for holder in call.other_holders)
    if not call.attempts:
        return (Progress(call.holder, 0), *others)
    attempt = call.current
    record = record_of(call, attempt.target, attempt_id=attempt.id, began_at=attempt.began_at)
    return (Progress(call.holder, attempt.usage().output_total, record), *others)


def entry_of(orphan: Orphan, *, ended_at: float) -> Entry | None:
    """Return the entry of an attempt whose process died; None when none had begun."""
    if not orphan.record:
        return None
    record = _decoder.decode(orphan.record)
    usage = Usage(input_total=record.input_tokens, output_total=orphan.output_tokens)
    return Entry(
        id=record.attempt_id,
        request_id=record.request_id,
        state=AttemptState.SETTLED,
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
    call, target, usage = attempt.call, attempt.target, attempt.usage()
    has_cost = usage.input_total > 0 or usage.output_total > 0
    price = call.the_catalog().price_of_answer(target, attempt.answered_by)
    attempt.entry = Entry(
        id=attempt.id,
        request_id=call.request.request_id,
        state=AttemptState.SETTLED if has_cost else AttemptState.VOIDED,
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
        entered_at=call.entered_at,
    )
    ports.ledger.record(attempt.entry)
    attempt.observe_end(end)
    if has_cost and price is None and not target.provider.is_local:
        metrics.UNPRICED.labels(target.provider.name, target.model).inc()


def _error_code(attempt: Attempt, end: AttemptEnd) -> str:
    if attempt.error is not None:
        return attempt.error.code
    return GatewayError.code if end is AttemptEnd.ERROR else ""


def departure_of(call: Call) -> Departure:
    """Return what the call really used, over all of its attempts."""
    entries = [attempt.entry for attempt in call.attempts if attempt.entry is not None]
    return Departure(
        call.holder,
        tokens=sum(entry.usage.input_total + entry.usage.output_total for entry in entries),
        cost_microusd=sum(entry.cost_microusd for entry in entries),
        is_void=not call.attempts,
    )
