"""Entries, their records, and a ledger in the database that is under test."""

from pathlib import Path

from gateway.adapters.ledger import BatchLedger, LedgerTiming
from gateway.domain.messages import Usage, UsageSource
from gateway.domain.money import AttemptEnd, AttemptState, Budget, Entry, Price
from gateway.services import settling

BUDGET = Budget("key:k", 1000)
PRICE = Price("p", input=1_000_000, output=1_000_000)


def make_entry(attempt_id: str, *, input_tokens: int = 10, **changes: object) -> Entry:
    """Return an entry at a micro-USD per token."""
    fields: dict[str, object] = {
        "id": attempt_id,
        "request_id": attempt_id.rpartition("/")[0],
        "state": AttemptState.SETTLED,
        "end": AttemptEnd.DONE,
        "tenant": "t",
        "key_id": "k",
        "route": "r",
        "provider": "one",
        "model": "m",
        "usage": Usage(input_tokens, 0, UsageSource.PROVIDER),
        "cost_microusd": input_tokens,
        "price_id": "p",
        "began_at": 1_795_000_000.0,
        "ended_at": 1_795_000_001.0,
        **changes,
    }
    return Entry(**fields)  # type: ignore[arg-type]


def record_of(entry: Entry, *, output_tokens: int = 0) -> settling.Record:
    """Return what is told of an attempt in flight, for whoever settles it."""
    return settling.Record(
        attempt_id=entry.id,
        request_id=entry.request_id,
        tenant=entry.tenant,
        key_id=entry.key_id,
        route=entry.route,
        provider=entry.provider,
        model=entry.model,
        began_at=entry.began_at,
        input_tokens=entry.usage.input_total,
        room_id=entry.room_id,
        price=PRICE,
        entered_at=entry.entered_at,
        output_tokens=output_tokens,
    )


def database_ledger(folder: Path) -> BatchLedger:
    """Return a ledger that does not keep a test waiting."""
    return BatchLedger(folder, timing=LedgerTiming(flush_seconds=0.005, pause_seconds=0.01))
