"""OpenTelemetry set-up: without an exporter none of its trace SDK is imported or started.

Spans are opened anywhere through OpenTelemetry's API, which does nothing until ``start`` gave it
a provider. Room and turn ids travel as baggage and become attributes of every span below;
nothing that reaches us from outside is believed (see ``edge``).
"""

from collections.abc import Mapping
from contextvars import Token
from typing import TYPE_CHECKING

from asgiref.typing import ASGI3Application
from django.conf import settings
from opentelemetry import context, propagate, trace

from config import metrics

if TYPE_CHECKING:
    from opentelemetry.context import Context

_UNTRUSTED_HEADERS = frozenset({b"traceparent", b"tracestate", b"baggage", b"x-request-id"})
_tracer = trace.get_tracer("hotseat")


def start(component: str) -> None:
    """Begin to export spans when an endpoint is configured; the gauge says which it is."""
    if not settings.OTLP_ENDPOINT:
        metrics.TELEMETRY_UP.labels(component).set(0)
        return
    from config import telemetry_export

    telemetry_export.install(
        service=settings.SERVICE_NAME, environment=settings.ENVIRONMENT, component=component
    )
    metrics.TELEMETRY_UP.labels(component).set(1)


def edge(application: ASGI3Application) -> ASGI3Application:
    """Return the application inside one server span per request or connection.

    The middleware sits outside of Django because a span of Django's ends before its stream does
    and WebSockets would have none; per-message spans are left out.
    """
    if not settings.OTLP_ENDPOINT:
        return application
    from config import telemetry_export

    return telemetry_export.server_spans(application)


def trusted_headers(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the headers without trace context and request id: a stranger's would steer ours."""
    return [(name, value) for name, value in headers if name.lower() not in _UNTRUSTED_HEADERS]


def name_span(*, method: str, route: str) -> None:
    """Name the server span by its route, so that a room id never becomes a span name."""
    span = trace.get_current_span()
    if span.is_recording():
        span.update_name(f"{method} /{route.removeprefix('/')}")
        span.set_attribute("http.route", f"/{route.removeprefix('/')}")


def inject(headers: dict[str, object]) -> None:
    """Write the current trace context and baggage into the headers of a task."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    headers.update(carrier)


class TaskSpan:
    """The root span of one task run, linked to whoever sent it, with its room and turn ids."""

    def __init__(self, name: str, headers: Mapping[str, object]) -> None:
        """Begin the span and make it current in this thread until ``end``."""
        sender = propagate.extract({key: str(value) for key, value in headers.items() if value})
        link = trace.Link(trace.get_current_span(sender).get_span_context())
        # The sender's baggage without the sender's span: a turn is a trace of its own.
        base: Context = trace.set_span_in_context(trace.INVALID_SPAN, sender)
        self._span = _tracer.start_span(
            f"process {name}", context=base, kind=trace.SpanKind.CONSUMER, links=[link]
        )
        self._token: Token[Context] = context.attach(trace.set_span_in_context(self._span, base))

    def end(self, *, failed_with: str = "") -> None:
        """End the span; a class name marks it as failed, a cancelled turn is not a failure."""
        if failed_with:
            self._span.set_status(trace.StatusCode.ERROR)
            self._span.set_attribute("error.type", failed_with)
        context.detach(self._token)
        self._span.end()
