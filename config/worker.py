"""What a Celery process does at the turns of its life: logs, traces, metrics, signs of life.

``worker_process_init`` is for forking pools only, so the threads pool is set up in
``worker_init``; beat has a signal of its own.
"""

import logging
import time
from typing import TYPE_CHECKING, TypeAlias

from celery import Task as CeleryTask
from celery import signals
from django.conf import settings
from prometheus_client import start_http_server

from config import heartbeat, interpreter, loop_lag, metrics, telemetry
from gateway import facade

# What a task takes and returns is its own affair; here only its name and headers matter.
if TYPE_CHECKING:
    Task: TypeAlias = CeleryTask[..., object]
else:
    Task = CeleryTask

logger = logging.getLogger(__name__)
_SPAN = "_hotseat_span"
_BEGUN_AT = "_hotseat_begun_at"
_SENT_AT = "hotseat_sent_at"


def connect() -> None:
    """Connect every handler of this module; called once by ``celery_app``."""
    signals.worker_init.connect(start, dispatch_uid="hotseat.start")
    signals.beat_init.connect(start, dispatch_uid="hotseat.start")
    signals.worker_ready.connect(alive, dispatch_uid="hotseat.ready")
    signals.worker_ready.connect(settled, dispatch_uid="hotseat.settled")
    signals.heartbeat_sent.connect(alive, dispatch_uid="hotseat.alive")
    signals.worker_shutting_down.connect(leaving, dispatch_uid="hotseat.leaving")
    signals.before_task_publish.connect(sent, dispatch_uid="hotseat.sent")
    signals.task_prerun.connect(begun, dispatch_uid="hotseat.begun")
    signals.task_postrun.connect(ended, dispatch_uid="hotseat.ended")


def start(**_: object) -> None:
    """Begin to export traces and to answer scrapes."""
    telemetry.start(settings.COMPONENT)
    if not settings.METRICS_PORT:
        return
    try:
        start_http_server(settings.METRICS_PORT, addr=settings.METRICS_HOST)
    except OSError:
        # The work matters more than its picture; the alert on a missing target says the rest.
        logger.warning("metrics.port_in_use", extra={"port": settings.METRICS_PORT})


def alive(**_: object) -> None:
    """Renew the sign of life."""
    heartbeat.beat(settings.COMPONENT)


def settled(**_: object) -> None:
    """Begin to work: whatever lives longer than a task is there by now."""
    facade.run_on_loop(loop_lag.begin())
    interpreter.settle()


def leaving(**_: object) -> None:
    """Take the sign of life back before the last tasks end."""
    heartbeat.stop(settings.COMPONENT)


def sent(headers: dict[str, object] | None = None, **_: object) -> None:
    """Give a task the trace context and the room and turn ids of its sender, and the time."""
    if headers is not None:
        headers[_SENT_AT] = repr(time.time())
        telemetry.inject(headers)


def begun(task: Task | None = None, **_: object) -> None:
    """Start the clock of a task, and open its span if it has a sender; housekeeping has none."""
    if task is None:
        return
    setattr(task.request, _BEGUN_AT, time.perf_counter())
    if (sent_at := _header(task, _SENT_AT)) and not task.request.eta:
        waited_seconds = max(0.0, time.time() - float(sent_at))
        metrics.TASK_WAIT_SECONDS.labels(task.name).observe(waited_seconds)
    if not _header(task, "traceparent"):
        return
    headers = {name: _header(task, name) for name in ("traceparent", "tracestate", "baggage")}
    setattr(task.request, _SPAN, telemetry.TaskSpan(task.name, headers))


def ended(task: Task | None = None, state: str | None = None, **_: object) -> None:
    """Close the clock and the span of a task."""
    if task is None:
        return
    begun_at = getattr(task.request, _BEGUN_AT, None)
    if begun_at is not None:
        metrics.TASK_RUN_SECONDS.labels(task.name).observe(time.perf_counter() - begun_at)
        metrics.TASKS.labels(task.name, (state or "unknown").lower()).inc()
    span = getattr(task.request, _SPAN, None)
    if isinstance(span, telemetry.TaskSpan):
        span.end(failed_with="task_failed" if state == "FAILURE" else "")


def _header(task: Task, name: str) -> str:
    value = getattr(task.request, name, None) or (task.request.headers or {}).get(name)
    return value if isinstance(value, str) else ""
