"""Log lines: one JSON object each, with the ids of the request, the room and the trace.

Code logs through the standard library: ``logger.info("turn.taken", extra={"room_id": ...})``.
A constant name, ids as fields; ``config/redaction.py`` decides what may be written.
"""

import atexit
import logging
import logging.handlers
import queue
import sys
import traceback
from collections.abc import Mapping

import structlog
from opentelemetry import baggage, trace
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

from config import metrics, redaction

_QUEUE_LINES = 10_000
_QUIET = ("asyncio", "urllib3", "kombu", "amqp", "daphne", "django.channels", "celery.bootsteps")
_FRAMES = 30


def configure(options: dict[str, str]) -> None:
    """Set the root logger up from ``settings.LOGGING``; long-lived processes log off-thread."""
    component = options["component"]
    stream = sys.stderr if component == "manage" else sys.stdout
    writer = logging.StreamHandler(stream)
    writer.setFormatter(formatter(is_json=options["format"] == "json", is_coloured=stream.isatty()))
    handler: logging.Handler = writer
    context = Context(component)
    if component != "manage":
        handler = _queued(writer)
    handler.addFilter(context)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(options["level"])
    logging.captureWarnings(capture=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


class Context(logging.Filter):
    """Copies the ids of the moment into the record, in the thread that logs."""

    def __init__(self, component: str) -> None:
        """Remember what this process is."""
        super().__init__()
        self._component = component

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the fields and let the record pass."""
        span = trace.get_current_span().get_span_context()
        fields: dict[str, object] = {"component": self._component}
        if span.is_valid:
            fields |= {
                "trace_id": trace.format_trace_id(span.trace_id),
                "span_id": trace.format_span_id(span.span_id),
            }
        for key in ("room.id", "turn.id"):
            value = baggage.get_baggage(key)
            if value is not None:
                fields[key.replace(".", "_")] = value
        fields |= structlog.contextvars.get_contextvars()
        for name, value in fields.items():
            if not hasattr(record, name):
                setattr(record, name, value)
        return True


class DroppingQueueHandler(logging.handlers.QueueHandler):
    """Hands records to the writer's thread; when that falls behind, counts what it drops."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Return the record untouched: it stays in this process, so nothing needs flattening."""
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        """Never wait: a slow disk must not slow the event loop."""
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            metrics.LOG_DROPPED.inc()


def lines(n_at_most: int) -> queue.Queue[logging.LogRecord]:
    """Return an empty queue of log records with a limit."""
    return queue.Queue(n_at_most)


def _queued(writer: logging.Handler) -> logging.Handler:
    waiting = lines(_QUEUE_LINES)
    listener = logging.handlers.QueueListener(waiting, writer)
    listener.start()
    atexit.register(listener.stop)
    return DroppingQueueHandler(waiting)


def formatter(*, is_json: bool, is_coloured: bool) -> logging.Formatter:
    """Return the one formatter of all lines, ours and those of libraries."""
    before: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    if not is_json:
        renderer = structlog.dev.ConsoleRenderer(colors=is_coloured)
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=before,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _summarise_exception,
            redaction.redact,
            renderer,
        ],
    )


def _summarise_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace the traceback by type, first line and frames; locals never reach a line."""
    info: ExcInfo | None = event.pop("exc_info", None)
    event.pop("stack_info", None)
    if not isinstance(info, tuple) or info[1] is None:
        return event
    kind, value, where = info
    frames: list[Mapping[str, object]] = [
        {"file": frame.filename, "line": frame.lineno, "function": frame.name}
        for frame in traceback.extract_tb(where)[-_FRAMES:]
    ]
    event["exception"] = redaction.exception_summary(kind, value, frames)
    return event
