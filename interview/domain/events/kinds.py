"""The closed list of facts, by the name each has in the log."""

from enum import StrEnum


class EventType(StrEnum):
    """The closed list of facts."""

    ROOM_CREATED = "room.created"
    ROOM_FORKED = "room.forked"
    ROOM_SETTLED = "room.settled"
    RESUME_PARSED = "resume.parsed"
    SETTINGS_CHANGED = "settings.changed"
    ROUND_STARTED = "round.started"
    GOAL_REACHED = "goal.reached"
    TURN_SPEAKER_SELECTED = "turn.speaker_selected"
    TURN_PLANNED = "turn.planned"
    TURN_QUEUED = "turn.queued"
    TURN_STARTED = "turn.started"
    TURN_FIRST_TOKEN = "turn.first_token"  # noqa: S105  (a kind of event, no secret)
    TURN_SEGMENT = "turn.segment"
    TURN_DONE = "turn.done"
    TURN_CANCELLED = "turn.cancelled"
    TURN_FAILED = "turn.failed"
    TURN_REJECTED = "turn.rejected"
    TURN_DEGRADED = "turn.degraded"
    ANSWER_SUBMITTED = "answer.submitted"
    ANSWER_SCORED = "answer.scored"
    FOLLOWUP_FIRED = "followup.fired"
    HINT_TAKEN = "hint.taken"
    HP_CHANGED = "hp.changed"
    APPROVAL_CHANGED = "approval.changed"
    PERSONA_CONVINCED = "persona.convinced"
    PERSONA_UNCONVINCED = "persona.unconvinced"
    PERSONA_WALKED_OUT = "persona.walked_out"
    INTEGRITY_INJECTION = "integrity.injection"
    CHECKPOINT_SAVED = "checkpoint.saved"
