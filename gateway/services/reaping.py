"""Requests whose process died: written down by the count so far, and let go.

Safe to run twice and by several at once: an attempt is written down once, a request leaves once,
and it leaves with what the ledger holds of it, whoever wrote that.

A process that stood still for longer than its leases looks dead and is not. It is not stopped:
its requests go on, come back with the next beat, and pay what is missing, in the ledger with a row
for the rest, at the gate with the difference.
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping
from itertools import chain

import msgspec
from django.db import connection

from gateway import metrics
from gateway.domain.errors import StateUnavailableError
from gateway.domain.gate import Departure, Orphan
from gateway.domain.money import Entry
from gateway.domain.ports import Ports
from gateway.selectors import usage
from gateway.selectors.usage import Paid
from gateway.services import settling

_logger = logging.getLogger(__name__)

WRITE_SECONDS = 10.0


async def reap(*, ports: Ports) -> int:
    """Settle every request nobody keeps alive any more; return how many there were.

    While the ledger cannot be written they stay where they are: the next run finds them.
    """
    try:
        orphans = await ports.gate.orphans()
    except StateUnavailableError:
        return 0
    if not orphans:
        return 0
    entries = {orphan.holder: _entries(orphan) for orphan in orphans}
    try:
        async with asyncio.timeout(WRITE_SECONDS):
            await ports.ledger.adopt()  # what the dead wrote themselves is better than our count
            for entry in chain.from_iterable(entries.values()):
                ports.ledger.record(entry)
            await ports.ledger.flush()
    except TimeoutError:
        _logger.warning("gateway.reaping_put_off", extra={"rows": len(orphans)})
        return 0
    requests = {entry.request_id for entry in chain.from_iterable(entries.values())}
    paid = await asyncio.to_thread(_paid, requests)
    for holder, of_holder in entries.items():
        await ports.gate.leave(_departure(holder, of_holder, paid))
    await ports.gate.flush()
    metrics.REAPED.inc(len(orphans))
    _logger.warning("gateway.reaped", extra={"rows": len(orphans)})
    return len(orphans)


def _entries(orphan: Orphan) -> list[Entry]:
    try:
        return settling.entries_of(orphan, ended_at=time.time())
    except msgspec.DecodeError as error:
        # Another version of this program wrote it: its places are freed, its cost is not known.
        _logger.error("gateway.record_unreadable", extra={"error_type": type(error).__name__})
        return []


def _departure(holder: str, entries: list[Entry], paid: Mapping[str, Paid]) -> Departure:
    if not entries:
        return Departure(holder, tokens=0, cost_microusd=0, is_void=True, is_reaped=True)
    found = paid.get(entries[0].request_id) or _sum(entries)
    return Departure(holder, tokens=found.tokens, cost_microusd=found.cost_microusd, is_reaped=True)


def _sum(entries: list[Entry]) -> Paid:
    """Return what the entries come to, should the ledger have refused their rows."""
    return Paid(
        sum(entry.usage.input_total + entry.usage.output_total for entry in entries),
        sum(entry.cost_microusd for entry in entries),
    )


def _paid(request_ids: Iterable[str]) -> Mapping[str, Paid]:
    try:
        return usage.paid_by_request(request_ids)
    finally:
        connection.close()
