"""The door: what is answered, and what is counted."""

from prometheus_client import REGISTRY

from gateway.domain.admission import Admitted, Refused
from gateway.services import queues
from tests.fakes.gateway import FakeProvider, make_ports


def counted(decision: str, reason: str) -> float:
    """Return how often the door has given this answer."""
    labels = {"decision": decision, "reason": reason}
    return REGISTRY.get_sample_value("gw_admission_total", labels) or 0.0


async def test_every_answer_at_the_door_is_counted() -> None:
    ports = make_ports(provider=FakeProvider(), concurrency=1, queue_limit=0)
    before = counted("admitted", ""), counted("rejected", "queue_full")

    answers = [
        await queues.admit(queue="turns", ticket=ticket, ports=ports) for ticket in ("a", "b")
    ]

    assert answers == [Admitted(0), Refused(retry_after_seconds=1)]
    after = counted("admitted", ""), counted("rejected", "queue_full")
    assert after == (before[0] + 1, before[1] + 1)


async def test_a_released_ticket_makes_room() -> None:
    ports = make_ports(provider=FakeProvider(), concurrency=1, queue_limit=0)
    await queues.admit(queue="turns", ticket="a", ports=ports)
    assert await queues.position(queue="turns", ticket="a", ports=ports) == 0

    await queues.release(queue="turns", ticket="a", ports=ports)

    assert (await queues.status(queue="turns", ports=ports)).n_waiting == 0
    assert await queues.position(queue="turns", ticket="a", ports=ports) is None
