"""After-effects as data: which fact sets off which background work.

Read only by ``services.event_log``; the outbox enqueues after commit.
"""

from interview.domain.events import EventType
from interview.domain.jobs import Job

REACTIONS: dict[EventType, tuple[Job, ...]] = {
    EventType.TURN_QUEUED: (Job.RUN_TURN,),
}
