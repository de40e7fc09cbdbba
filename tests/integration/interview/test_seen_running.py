"""One turn, from the answer over the queue to the provider and back, as operators see it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from celery import signals
from channels.db import database_sync_to_async
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from config import asgi, telemetry, telemetry_export, worker
from gateway.services import observation
from interview import runtime, tasks
from interview.adapters.gateway_stage import GatewayStage
from interview.adapters.outbox import LiveOutbox
from interview.domain.errors import QueueFullError
from interview.domain.jobs import Job
from interview.domain.ports import Ports
from interview.services import event_log, tracing
from tests.factories import rooms
from tests.factories.rooms import GOOD_ANSWER, Play
from tests.fakes.interview import FakeOutbox, FakeStage
from tests.integration.interview.conftest import offer
from tests.unit.config.asgi import Client, http_scope

pytestmark = pytest.mark.usefixtures("redis_client")


@dataclass(slots=True)
class Trace:
    """The spans of a test, and the application that opens one for each request."""

    exporter: InMemorySpanExporter
    provider: TracerProvider

    def named(self, name: str) -> ReadableSpan:
        """Return the one span of this name."""
        ended = self.exporter.get_finished_spans()
        assert name in {span.name for span in ended}
        (span,) = (span for span in ended if span.name == name)
        return span


@pytest.fixture
def trace(monkeypatch: pytest.MonkeyPatch) -> Trace:
    """Spans of every tracer of ours, kept in memory."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(telemetry_export.BaggageAttributes())
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    for module in (telemetry, observation, tracing):
        monkeypatch.setattr(module, "_tracer", provider.get_tracer(module.__name__))
    return Trace(exporter, provider)


@pytest.fixture
def jobs() -> Iterator[list[SimpleNamespace]]:
    """The tasks that were sent, as a worker would get them."""
    sent: list[SimpleNamespace] = []

    def keep(sender: str, body: Any, headers: dict[str, Any], **_: Any) -> None:
        worker.sent(headers=headers)
        request = SimpleNamespace(headers=headers, eta=headers.get("eta"))
        sent.append(SimpleNamespace(name=sender, request=request, arguments=body[0]))

    signals.before_task_publish.connect(keep)
    yield sent
    signals.before_task_publish.disconnect(keep)


@pytest.fixture
def play(database: None, monkeypatch: pytest.MonkeyPatch) -> Play:
    """A room in which an answer is expected, before a panel that speaks fast."""
    edition = rooms.make_edition()
    hasty = {name: replace(card, pace_cps=5000.0) for name, card in edition.personas.items()}
    edition = offer(replace(edition, id=uuid4().hex * 2, personas=hasty), monkeypatch)
    played = rooms.seat(edition).speak()
    ports = Ports(stage=GatewayStage(), outbox=LiveOutbox())
    monkeypatch.setattr(runtime, "ports", lambda: ports)
    return replace(played, ports=ports)


async def post(application: Any, play: Play, call: str, body: dict[str, str]) -> int:
    """Return the status of a request by the room's owner."""
    headers = [
        (b"authorization", f"Bearer {play.token}".encode()),
        (b"content-type", b"application/json"),
        (b"host", b"localhost"),
        (b"traceparent", b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01"),
    ]
    scope = http_scope(
        f"/api/rooms/{play.room_id}/{call}",
        method="POST",
        headers=headers,
        scheme="http",
        server=("localhost", 80),
        http_version="1.1",
    )
    client = Client(application, scope)
    client.put({"type": "http.request", "body": json.dumps(body).encode(), "more_body": False})
    start, *_ = await client.finish()
    return int(start["status"])


def answer(play: Play, trace: Trace) -> int:
    """Answer over HTTP, as the outermost layers of the server pass it on."""
    inner = telemetry_export.server_spans(asgi.routes)
    inner.tracer = trace.provider.get_tracer("asgi")  # type: ignore[attr-defined]
    body = {"text": GOOD_ANSWER, "client_id": str(uuid4())}
    return async_to_sync(post)(asgi.edge.Edge(inner), play, "answer", body)


def work(job: SimpleNamespace) -> None:
    """Run a task between the signals of its worker."""
    worker.begun(task=job)
    tasks.run_turn(*job.arguments)
    worker.ended(task=job, state="SUCCESS")


def test_a_turn_is_one_trace_from_the_worker_to_the_provider_linked_to_its_request(
    play: Play, trace: Trace, jobs: list[SimpleNamespace]
) -> None:
    assert answer(play, trace) == 202
    (job,) = (job for job in jobs if job.name == Job.RUN_TURN)
    work(job)

    asked = trace.named("POST /api/rooms/<room_id>/answer")
    run = trace.named("process interview.run_turn")
    speaker = play.room.turn.speaker  # type: ignore[union-attr]
    turn = trace.named(f"invoke_agent {speaker}")
    call = trace.named("chat scripted")
    ids = {"room.id": str(play.room_id), "turn.id": "t2"}

    assert asked.parent is None  # a stranger's traceparent is not believed
    assert {**ids, "queued": True, "gw.queue.position": 0}.items() <= asked.attributes.items()
    assert run.parent is None
    assert [link.context.span_id for link in run.links] == [asked.context.span_id]
    assert (turn.parent.span_id, call.parent.span_id) == (
        run.context.span_id,
        turn.context.span_id,
    )
    assert len({span.context.trace_id for span in (run, turn, call)}) == 1
    for span in (run, turn, call):
        assert ids.items() <= span.attributes.items()
    assert {
        "game.interviewer": speaker,
        "gen_ai.conversation.id": str(play.room_id),
        "gw.outcome": "ok",
    }.items() <= turn.attributes.items()
    assert (call.kind, call.status.status_code) == (SpanKind.CLIENT, StatusCode.UNSET)
    assert {
        "provider": "scripted",
        "gen_ai.operation.name": "chat",
        "route_decision": "primary",
        "cost_score": 0.0,
        "gw.outcome": "ok",
    }.items() <= call.attributes.items()
    assert isinstance(call.attributes["ttft_ms"], int)
    assert [event.name for event in call.events] == ["first_token"]


def test_a_cancelled_turn_says_so_on_its_trace_and_is_no_error(
    play: Play, trace: Trace, jobs: list[SimpleNamespace]
) -> None:
    assert answer(play, trace) == 202
    # Ordered before the worker takes the turn up, it ends as soon as it has begun.
    stream = f"{play.room_id}.{play.row.turn_id}.{play.row.turn_epoch}"
    play.ports.stage.interrupt(stream, by="candidate")
    (job,) = (job for job in jobs if job.name == Job.RUN_TURN)
    work(job)

    turn = trace.named(f"invoke_agent {play.room.turn.speaker}")  # type: ignore[union-attr]
    call = trace.named("chat scripted")
    for span in (turn, call):
        assert span.attributes["cancelled"] is True
        assert span.attributes["gw.outcome"] == "cancelled"
        assert span.status.status_code is StatusCode.UNSET
        assert "error.type" not in span.attributes
    assert call.attributes["gw.cancel.source"] == "user"


def test_a_refused_answer_says_on_its_trace_that_it_was_rejected(
    play: Play, trace: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Ports(stage=FakeStage(limit=0), outbox=FakeOutbox())
    monkeypatch.setattr(runtime, "ports", lambda: full)
    assert answer(play, trace) == QueueFullError.status

    asked = trace.named("POST /api/rooms/<room_id>/answer")
    assert (asked.attributes["rejected"], asked.attributes["gw.reject.reason"]) == (
        True,
        "queue_full",
    )


async def scraped() -> dict[str, float]:
    """Return every series of the process by its name and labels, as a scrape gets it."""
    client = Client(asgi.health, http_scope("/metrics"))
    client.put({"type": "http.request", "body": b"", "more_body": False})
    _, *parts = await client.finish()
    lines = b"".join(part["body"] for part in parts).decode().splitlines()
    pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


async def test_a_scrape_after_a_turn_finds_its_series_moved(
    play: Play, trace: Trace, jobs: list[SimpleNamespace]
) -> None:
    before = await scraped()
    assert await database_sync_to_async(answer)(play, trace) == 202
    (job,) = (job for job in jobs if job.name == Job.RUN_TURN)
    await database_sync_to_async(work)(job)
    after = await scraped()

    call = 'model="scripted",provider="scripted"'
    room = await database_sync_to_async(event_log.load)(play.room_id)
    speaker = room.turn.speaker  # type: ignore[union-attr]
    moved = [
        'gw_admission_total{decision="admitted",reason=""}',
        'gw_queue_wait_seconds_count{outcome="admitted",queue="turns"}',
        f'gw_requests_total{{error_type="",{call.replace(",", ",outcome=¤ok¤,")}}}'.replace(
            "¤", '"'
        ),
        f"gw_provider_ttft_seconds_count{{{call}}}",
        f"gw_output_tokens_per_second_count{{{call}}}",
        f'gw_tokens_total{{{call},type="output"}}',
        "gw_relay_deltas_total",
        f'game_turn_ttft_seconds_count{{interviewer="{speaker}"}}',
        'game_turns_total{outcome="ok"}',
        'celery_tasks_total{state="success",task="interview.run_turn"}',
        'celery_task_runtime_seconds_count{task="interview.run_turn"}',
        'celery_task_queue_wait_seconds_count{task="interview.run_turn"}',
    ]
    assert [name for name in moved if after.get(name, 0.0) <= before.get(name, 0.0)] == []
    gauges = ['gw_inflight{provider="scripted"}', 'gw_queue_depth{queue="turns"}']
    assert [after[name] for name in gauges] == [0.0, 0.0]
