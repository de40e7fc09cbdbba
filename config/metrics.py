"""Named series of the process itself; labels come from enums and route patterns, never from ids."""

from prometheus_client import Counter, Gauge, Histogram

HTTP_REQUEST_SECONDS = Histogram(
    "http_request_duration_seconds",
    "From the request to the last byte of its answer; streams are measured by the game.",
    ["method", "route", "status_class"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)
LOOP_LAG_SECONDS = Histogram(
    "asyncio_loop_lag_seconds",
    "How late a timer of the event loop fired; above 0.1 something blocks it.",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0),
)
_TASK_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
TASK_WAIT_SECONDS = Histogram(
    "celery_task_queue_wait_seconds",
    "From a task being sent to a thread taking it up; clocks of two hosts may disagree.",
    ["task"],
    buckets=_TASK_SECONDS,
)
TASK_RUN_SECONDS = Histogram(
    "celery_task_runtime_seconds", "How long a task ran.", ["task"], buckets=_TASK_SECONDS
)
TASKS = Counter("celery_tasks_total", "Tasks that ended.", ["task", "state"])
LOG_DROPPED = Counter("log_dropped_total", "Log lines lost because the writer fell behind.")
TELEMETRY_UP = Gauge(
    "telemetry_up", "1 once traces are exported; 0 while no exporter is configured.", ["component"]
)
