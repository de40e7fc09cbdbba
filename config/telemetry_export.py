"""The SDK side of ``telemetry``; imported only where an exporter is configured."""

from typing import cast

from asgiref.typing import ASGI3Application
from opentelemetry import baggage, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter

#: Baggage keys, inside our own services only, and the span attributes they become.
BAGGAGE_KEYS = ("room.id", "turn.id")


class BaggageAttributes(SpanProcessor):
    """Copies room and turn ids from baggage onto every span; no other key is read."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Set the attributes at creation, where a sampler may still use them."""
        for key in BAGGAGE_KEYS:
            value = baggage.get_baggage(key, parent_context)
            if isinstance(value, str):
                span.set_attribute(key, value)

    def on_end(self, span: ReadableSpan) -> None:
        """Nothing is left to do when a span ends."""


def install(
    *, service: str, environment: str, component: str, exporter: SpanExporter | None = None
) -> TracerProvider:
    """Set the process's tracer provider; the exporter reads its own OTEL_* variables."""
    resource = Resource.create(
        {
            "service.name": service,
            "service.namespace": "hotseat",
            "deployment.environment.name": environment,
            "hotseat.component": component,
        }
    )
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BaggageAttributes())
    provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return provider


def server_spans(application: ASGI3Application) -> ASGI3Application:
    """Return the application with one span per request and per connection."""
    return cast(
        "ASGI3Application",
        OpenTelemetryMiddleware(application, exclude_spans=["send", "receive"]),
    )
