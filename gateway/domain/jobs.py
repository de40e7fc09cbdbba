"""The names of the gateway's background work, and the queue each waits in."""

from enum import StrEnum


class Job(StrEnum):
    """One kind of background work; the value is the Celery task's name."""

    REAP_REQUESTS = "gateway.reap_requests"
    RECONCILE = "gateway.reconcile"
    ROLL_UP_USAGE = "gateway.roll_up_usage"
    ALERT_BUDGETS = "gateway.alert_budgets"


QUEUES: dict[Job, str] = dict.fromkeys(Job, "background")
