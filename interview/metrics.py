"""The game's named series; ids belong to logs and traces, never to labels."""

from prometheus_client import Counter, Gauge, Histogram

TTFT_BUCKETS = (0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 4, 5, 7.5, 10, 15, 20, 30, 60)

TURN_TTFT_SECONDS = Histogram(
    "game_turn_ttft_seconds",
    "From the answer being accepted to the first words that reply to it.",
    ["interviewer"],
    buckets=TTFT_BUCKETS,
)
TURNS = Counter("game_turns_total", "Turns ended.", ["outcome"])
FENCED_OUTPUT = Counter("game_fenced_output_total", "Pieces of text dropped by a turn's epoch.")
DEGRADED_TURNS = Counter(
    "game_degraded_turns_total", "Turns that a model did not speak to the end.", ["reason"]
)
COUNSEL = Counter(
    "game_counsel_total", "What became of questions to a judge or a director.", ["role", "outcome"]
)
REAPED_TURNS = Counter("game_reaped_turns_total", "Turns whose worker was lost.", ["action"])
SSE_CONNECTIONS = Gauge("game_sse_connections", "Event streams open in this process.")
SSE_RESUMES = Counter("game_sse_resumes_total", "Event streams opened.", ["outcome"])
WS_CONNECTIONS = Gauge("game_ws_connections", "Control sockets open in this process.")
WS_MESSAGES = Counter("game_ws_messages_total", "Control frames.", ["direction", "type"])
WS_CLOSES = Counter("game_ws_closes_total", "Control sockets closed.", ["code"])
ANSWERS = Counter("game_answers_total", "Answers taken, or refused a place.", ["outcome"])
ROOMS_SETTLED = Counter("game_rooms_settled_total", "Rooms settled.", ["mode", "result"])
