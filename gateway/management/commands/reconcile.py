"""`manage.py reconcile`: whether the gate's sums and the ledger's agree."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gateway import runtime, snapshot
from gateway.services import reconciling
from gateway.services.reconciling import Balance


class Command(BaseCommand):
    """Prints a line per budget and exits with 1 when one has drifted."""

    help = "Compare what the gate and the ledger hold against every budget; exit 1 on drift."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whether to correct, and how long to wait between the looks."""
        parser.add_argument("--correct", action="store_true", help="take the drift out of the gate")
        parser.add_argument(
            "--settle-seconds", type=float, default=reconciling.SETTLE_SECONDS, metavar="SECONDS"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare, print, and correct when told to."""
        if not snapshot.start():
            raise CommandError("The configuration could not be read.")
        balances = runtime.call(
            _reconcile(is_correcting=options["correct"], seconds=options["settle_seconds"])
        )
        for balance in balances:
            self.stdout.write(_line(balance))
        drifted = [balance for balance in balances if balance.drift_microusd]
        self.stdout.write(f"{len(balances)} budgets in use, {len(drifted)} of them drifted.")
        if drifted:
            sys.exit(1)


async def _reconcile(*, is_correcting: bool, seconds: float) -> list[Balance]:
    ports = runtime.ports()
    budgets = reconciling.budgets_of(ports.catalog())
    balances = await reconciling.reconcile(budgets, ports=ports, settle_seconds=seconds)
    if is_correcting:
        await reconciling.correct(balances, ports=ports)
    return balances


def _line(balance: Balance) -> str:
    account = balance.account
    return (
        f"{account.subject}  {account.period}  gate {balance.gate_microusd}  "
        f"ledger {balance.ledger_after_microusd}  drift {balance.drift_microusd}"
    )
