"""The door of the gateway: admit work to its queue, tell its position, let it go."""

from gateway import metrics
from gateway.domain.admission import Admission, Admitted, QueueStatus
from gateway.domain.ports import Ports


async def admit(*, queue: str, ticket: str, ports: Ports) -> Admission:
    """Return Admitted with the position, or Refused with the time to come back."""
    answer = await ports.admissions.admit(queue, ticket, ports.queues[queue])
    if isinstance(answer, Admitted):
        metrics.ADMISSIONS.labels("degraded" if answer.is_degraded else "admitted", "").inc()
    else:
        metrics.ADMISSIONS.labels("rejected", answer.reason.value).inc()
    return answer


async def release(*, queue: str, ticket: str, ports: Ports) -> None:
    """Give the ticket's place back; a ticket not held is ignored."""
    await ports.admissions.release(queue, ticket)


async def position(*, queue: str, ticket: str, ports: Ports) -> int | None:
    """Return how many must finish before the ticket's turn; None when it does not wait."""
    return await ports.admissions.position(queue, ticket, ports.queues[queue])


async def status(*, queue: str, ports: Ports) -> QueueStatus:
    """Return the load of the queue."""
    return await ports.admissions.status(queue, ports.queues[queue])
