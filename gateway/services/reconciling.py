"""Two sums that have to agree: what the gate holds against a budget, and what the ledger does.

Both lag a little behind the truth, so they are compared in a frame: the ledger is read, then the
gate, then the ledger again, with time enough in between for everything on its way to arrive.
Without a fault the gate's sum lies between the two others, whatever the traffic; what is outside
of that is drift.
"""

import asyncio
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

from gateway import metrics
from gateway.domain.budget import Account, account_of
from gateway.domain.catalog import Catalog
from gateway.domain.money import Budget
from gateway.domain.ports import Ports
from gateway.selectors import usage

_logger = logging.getLogger(__name__)

SETTLE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Balance:
    """One account in both books; the ledger's sum before the gate was asked, and after."""

    account: Account
    gate_microusd: int
    ledger_before_microusd: int
    ledger_after_microusd: int

    @property
    def drift_microusd(self) -> int:
        """Return by how much the gate holds too much (or, negative, too little)."""
        if self.gate_microusd > self.ledger_after_microusd:
            return self.gate_microusd - self.ledger_after_microusd
        return min(0, self.gate_microusd - self.ledger_before_microusd)


def budgets_of(catalog: Catalog) -> list[Budget]:
    """Return every budget of the catalog once."""
    found: dict[Budget, None] = {}
    for key in catalog.keys.values():
        found |= dict.fromkeys((*key.budgets, *key.tenant.budgets))
    return list(found)


async def reconcile(
    budgets: Iterable[Budget], *, ports: Ports, settle_seconds: float = SETTLE_SECONDS
) -> list[Balance]:
    """Return the balance of every budget that has been used in its open period.

    A budget whose period ends meanwhile is left for the next time.
    """
    open_now = {account_of(budget, _now_us()): budget for budget in budgets}
    before = await _sums(open_now)
    await asyncio.sleep(settle_seconds)
    held = await ports.gate.spendings(open_now.values())
    is_open = [account == account_of(budget, _now_us()) for account, budget in open_now.items()]
    await asyncio.sleep(settle_seconds)
    after = await _sums(open_now)
    balances = [
        Balance(account, spending.spent_microusd, before[account], after[account])
        for account, spending, still in zip(open_now, held, is_open, strict=True)
        if spending is not None and still
    ]
    _observe(balances)
    return balances


async def correct(balances: Iterable[Balance], *, ports: Ports) -> int:
    """Take the drift out of the gate's sums; return how many were put right.

    The ledger is the truth: it has a row for every attempt. The difference is taken away and
    not a sum put in its place, so what is spent meanwhile is not lost.
    """
    n_corrected = 0
    for balance in balances:
        drift = balance.drift_microusd
        if drift and await ports.gate.correct(balance.account, by_microusd=-drift):
            n_corrected += 1
            _logger.warning(
                "gateway.drift_corrected",
                extra={"subject": balance.account.subject, "microusd": drift},
            )
    return n_corrected


def _observe(balances: Iterable[Balance]) -> None:
    drifts = [abs(balance.drift_microusd) for balance in balances]
    metrics.LEDGER_DRIFT.set(sum(drifts))
    metrics.LEDGER_DRIFTED.set(sum(drift > 0 for drift in drifts))


async def _sums(accounts: Iterable[Account]) -> dict[Account, int]:
    return await asyncio.to_thread(_read_sums, list(accounts))


def _read_sums(accounts: list[Account]) -> dict[Account, int]:
    try:
        return {account: usage.spent_microusd(account) for account in accounts}
    finally:
        connection.close()


def _now_us() -> int:
    return time.time_ns() // 1000
