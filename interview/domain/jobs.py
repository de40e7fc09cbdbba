"""The names of all background work, and the queue each waits in."""

from enum import StrEnum


class Job(StrEnum):
    """One kind of background work; the value is the Celery task's name."""

    RUN_TURN = "interview.run_turn"
    WEIGH_ANSWER = "interview.weigh_answer"
    FINISH_CANCEL = "interview.finish_cancel"
    REAP_TURNS = "interview.reap_turns"
    CLOSE_IDLE_ROOMS = "interview.close_idle_rooms"


QUEUES: dict[Job, str] = {
    Job.RUN_TURN: "turns",
    Job.WEIGH_ANSWER: "turns",
    Job.FINISH_CANCEL: "background",
    Job.REAP_TURNS: "background",
    Job.CLOSE_IDLE_ROOMS: "background",
}
