"""What leaves after a commit: events to readers by the channel layer, jobs to Celery."""

import logging
from collections.abc import Iterable, Sequence
from uuid import UUID

from celery import current_app
from kombu.exceptions import OperationalError
from opentelemetry import baggage, context
from redis.exceptions import RedisError

from interview.adapters.notices import notices
from interview.domain import attributes
from interview.domain.jobs import QUEUES, Job
from interview.domain.ports import Fact

logger = logging.getLogger(__name__)


def room_group(room_id: UUID) -> str:
    """Return the channel layer's group of a room's readers."""
    return f"room.{room_id}"


class LiveOutbox:
    """Readers and workers, told at once; a broker that is away costs nothing durable.

    The log is already committed when this runs. Readers catch up by their position, and the
    reaper hands out again what a lost job should have done.
    """

    def publish(self, room_id: UUID, facts: Sequence[Fact]) -> None:
        """Have the facts sent to the room's readers; see `notices`."""
        notices.tell(room_group(room_id), {"type": "room.events", "events": list(facts)})

    def enqueue(self, job: Job, arguments: Iterable[str], *, delay_seconds: float = 0.0) -> None:
        """Send the job to its queue; its room and turn travel along, for the trace."""
        arguments = list(arguments)
        token = context.attach(_of_turn(*arguments))
        try:
            current_app.send_task(
                job.value,
                args=arguments,
                queue=QUEUES[job],
                countdown=delay_seconds or None,
                retry=False,
            )
        except (OperationalError, RedisError, OSError):
            logger.warning("outbox.enqueue_failed", extra={"job": job.value})
        finally:
            context.detach(token)


def _of_turn(room_id: str, turn_id: str = "", *_rest: str) -> context.Context:
    """Return the current context with the ids in its baggage; it never leaves our processes."""
    known = baggage.set_baggage(attributes.ROOM_ID, room_id)
    return baggage.set_baggage(attributes.TURN_ID, turn_id, known) if turn_id else known
