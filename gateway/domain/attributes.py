"""The names of span attributes: the one place to change when a convention moves.

The first block are names that operators rely on; the standard ones are copied as strings because
the GenAI conventions still move between packages; ``gw.`` is what only this gateway knows.
"""

ROOM_ID = "room.id"
TURN_ID = "turn.id"
PROVIDER = "provider"
TTFT_MS = "ttft_ms"
ROUTE_DECISION = "route_decision"
COST_SCORE = "cost_score"
CANCELLED = "cancelled"
QUEUED = "queued"
REJECTED = "rejected"

ERROR_TYPE = "error.type"
OPERATION = "gen_ai.operation.name"
CONVERSATION = "gen_ai.conversation.id"
AGENT = "gen_ai.agent.name"
PROVIDER_NAME = "gen_ai.provider.name"
REQUEST_MODEL = "gen_ai.request.model"
REQUEST_STREAM = "gen_ai.request.stream"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"

REQUEST_ID = "gw.request.id"
OUTCOME = "gw.outcome"
REJECT_REASON = "gw.reject.reason"
QUEUE_WAIT_MS = "gw.queue.wait_ms"
QUEUE_POSITION = "gw.queue.position"
CANCEL_SOURCE = "gw.cancel.source"
CANCEL_PHASE = "gw.cancel.phase"
CANCEL_LATENCY_MS = "gw.cancel.latency_ms"
TOKENS_PER_SECOND = "gw.tokens_per_second"

ROUTE_POLICY = "gw.route.policy"
ROUTE_CANDIDATES = "gw.route.candidates"
FALLBACK_REASON = "fallback_reason"
ATTEMPTS = "gw.attempts"
ATTEMPT = "gw.attempt.number"
ATTEMPT_CAUSE = "gw.attempt.cause"
BREAKER_STATE = "gw.breaker.state"
FAULT_RULE = "gw.fault.rule"
FAULT_PROFILE = "gw.fault.profile"

# Events.
FAULT = "gw.fault"
BREAKER = "breaker"
RETRY = "retry"
FALLBACK = "fallback"
WAIT = "wait"
HEDGE = "hedge"
SEAM = "seam"
FIRST_TOKEN = "first_token"  # noqa: S105  the name of an event, no secret
