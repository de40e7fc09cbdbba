"""Traces: nothing without an exporter; with one, links and baggage as agreed."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from opentelemetry import baggage, context, trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY

from config import metrics, telemetry, telemetry_export, worker
from tests.unit.config.asgi import fetch

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def spans(monkeypatch):
    """The finished spans of a provider of this test's own."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(telemetry_export.BaggageAttributes())
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(telemetry, "_tracer", provider.get_tracer("test"))
    return SimpleNamespace(
        tracer=provider.get_tracer("test"), finished=exporter.get_finished_spans, provider=provider
    )


def task(name="interview.run_turn", **headers):
    return SimpleNamespace(name=name, request=SimpleNamespace(headers=headers, eta=None))


def sent_headers(spans, **carried):
    """What a task is sent with from inside a request's span; also the span."""
    headers = {}
    ctx = context.get_current()
    for key, value in carried.items():
        ctx = baggage.set_baggage(key.replace("_", "."), value, ctx)
    token = context.attach(ctx)
    try:
        with spans.tracer.start_as_current_span("POST") as request:
            worker.sent(headers=headers)
    finally:
        context.detach(token)
    return headers, request.get_span_context()


def test_without_an_exporter_no_machinery_of_traces_is_imported():
    # The SDK's metrics are: redis-py takes them up by itself where they are installed.
    code = (
        "import sys, os; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings_test';"
        "import django; django.setup(); import config.telemetry as t; t.start('web');"
        "t.edge(None);"
        "print([m for m in sys.modules if m.startswith(('opentelemetry.sdk.trace',"
        " 'opentelemetry.exporter', 'opentelemetry.instrumentation', 'config.telemetry_'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_without_an_exporter_the_gauge_says_so():
    telemetry.start("web")
    assert metrics.TELEMETRY_UP.labels("web")._value.get() == 0


def test_a_turn_is_a_trace_of_its_own_linked_to_its_request(spans):
    headers, request = sent_headers(spans, room_id="r1", turn_id="t2")
    run = task(**headers)
    worker.begun(task=run)
    inside = trace.get_current_span().get_span_context()
    assert (baggage.get_baggage("room.id"), baggage.get_baggage("turn.id")) == ("r1", "t2")
    worker.ended(task=run, state="SUCCESS")
    assert not trace.get_current_span().get_span_context().is_valid
    assert baggage.get_baggage("room.id") is None
    span = spans.finished()[-1]
    assert span.name == "process interview.run_turn"
    assert span.context.span_id == inside.span_id
    assert span.parent is None
    assert span.context.trace_id != request.trace_id
    assert [link.context.span_id for link in span.links] == [request.span_id]
    assert dict(span.attributes) == {"room.id": "r1", "turn.id": "t2"}
    assert span.status.status_code is trace.StatusCode.UNSET


def test_a_failed_task_is_a_failed_span(spans):
    headers, _ = sent_headers(spans)
    run = task(**headers)
    worker.begun(task=run)
    worker.ended(task=run, state="FAILURE")
    span = spans.finished()[-1]
    assert span.status.status_code is trace.StatusCode.ERROR
    assert span.attributes["error.type"] == "task_failed"


def test_housekeeping_without_a_sender_has_no_span(spans):
    run = task("interview.reap_turns")
    worker.begun(task=run)
    worker.ended(task=run, state="SUCCESS")
    worker.begun(task=None)
    worker.ended(task=None)
    assert spans.finished() == ()


def test_only_the_two_agreed_keys_of_baggage_become_attributes(spans):
    ctx = baggage.set_baggage("room.id", "r1", baggage.set_baggage("user.email", "x@y.z"))
    spans.tracer.start_span("chat scripted", context=ctx).end()
    assert dict(spans.finished()[0].attributes) == {"room.id": "r1"}


def test_a_task_outside_any_trace_carries_the_time_and_no_context():
    headers = {}
    worker.sent(headers=headers)
    worker.sent(headers=None)
    assert set(headers) == {"hotseat_sent_at"}


def test_a_task_is_counted_and_its_wait_is_timed_unless_it_was_meant_to_wait():
    def waits():
        return REGISTRY.get_sample_value(
            "celery_task_queue_wait_seconds_count", {"task": "interview.reap_turns"}
        )

    headers = {}
    worker.sent(headers=headers)
    before = waits() or 0.0
    run = task("interview.reap_turns", **headers)
    worker.begun(task=run)
    worker.ended(task=run, state="SUCCESS")
    assert waits() == before + 1
    later = task("interview.reap_turns", **headers)
    later.request.eta = "2026-11-21T09:00:00+00:00"
    worker.begun(task=later)
    worker.ended(task=later, state="SUCCESS")
    assert waits() == before + 1


async def test_a_request_is_one_server_span_and_its_messages_are_none(spans):
    async def inner(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for part in (b"a", b"b", b""):
            await send({"type": "http.response.body", "body": part, "more_body": bool(part)})

    application = telemetry_export.server_spans(inner)
    application.tracer = spans.tracer
    await fetch(application, "/x", scheme="http", server=("localhost", 80), http_version="1.1")
    assert [span.kind for span in spans.finished()] == [trace.SpanKind.SERVER]
