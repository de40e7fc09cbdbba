"""Background work of the gateway: one service call each, safe to run twice."""

from celery import shared_task

from gateway import runtime
from gateway.domain.jobs import Job
from gateway.services import reaping, reconciling, usage


@shared_task(name=Job.REAP_REQUESTS.value)
def reap_requests() -> None:
    """Settle the requests of processes that died."""
    runtime.call(reaping.reap(ports=runtime.ports()))


@shared_task(name=Job.RECONCILE.value)
def reconcile() -> None:
    """Compare the gate's sums with the ledger's, and put right what has drifted."""
    runtime.call(_reconcile())


@shared_task(name=Job.ROLL_UP_USAGE.value)
def roll_up_usage() -> None:
    """Sum up the days that got rows."""
    usage.roll_up()


@shared_task(name=Job.ALERT_BUDGETS.value)
def alert_budgets() -> None:
    """Tell of budgets that passed a share of themselves."""
    usage.alert(reconciling.budgets_of(runtime.ports().catalog()))


async def _reconcile() -> None:
    ports = runtime.ports()
    budgets = reconciling.budgets_of(ports.catalog())
    balances = await reconciling.reconcile(budgets, ports=ports)
    await reconciling.correct(balances, ports=ports)
