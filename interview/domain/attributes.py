"""The names of the span attributes the game sets.

Where the gateway sets one as well it bears the same name there; a test compares the two. They are
copied, because names are data and only adapters meet another app.
"""

ROOM_ID = "room.id"
TURN_ID = "turn.id"
CANCELLED = "cancelled"
QUEUED = "queued"
REJECTED = "rejected"

ERROR_TYPE = "error.type"
OPERATION = "gen_ai.operation.name"
CONVERSATION = "gen_ai.conversation.id"
AGENT = "gen_ai.agent.name"

OUTCOME = "gw.outcome"
REJECT_REASON = "gw.reject.reason"
QUEUE_POSITION = "gw.queue.position"

INTERVIEWER = "game.interviewer"
DEGRADED = "game.degraded"
JUDGE = "game.judge"
DIRECTOR = "game.director"
