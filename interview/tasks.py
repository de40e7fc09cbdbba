"""Background work: ids in, one service call, safe to run twice."""

from uuid import UUID

from celery import shared_task

from interview import runtime
from interview.domain.jobs import Job
from interview.services import reaper, rooms
from interview.services.turns import speaking, stopping, weighing


@shared_task(name=Job.RUN_TURN.value)
def run_turn(room_id: str, turn_id: str) -> None:
    """Speak one queued turn."""
    speaking.run_turn(room_id=UUID(room_id), turn_id=turn_id, ports=runtime.ports())


@shared_task(name=Job.WEIGH_ANSWER.value)
def weigh_answer(room_id: str) -> None:
    """Weigh the answer that waits, with what the models say in time."""
    weighing.weigh_answer(room_id=UUID(room_id), ports=runtime.ports())


@shared_task(name=Job.FINISH_CANCEL.value)
def finish_cancel(room_id: str, turn_id: str, epoch: str, by: str) -> None:
    """Close a cancelled turn whose worker did not."""
    stopping.finish_cancel(
        room_id=UUID(room_id), turn_id=turn_id, epoch=int(epoch), by=by, ports=runtime.ports()
    )


@shared_task(name=Job.REAP_TURNS.value)
def reap_turns() -> None:
    """Bring turns without a living worker to an end."""
    reaper.reap(ports=runtime.ports())


@shared_task(name=Job.CLOSE_IDLE_ROOMS.value)
def close_idle_rooms() -> None:
    """Settle rooms nobody came back to."""
    rooms.close_idle(ports=runtime.ports())
