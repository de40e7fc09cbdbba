"""What is measured of a call, and what is never written down."""

import asyncio
import logging

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from prometheus_client import REGISTRY

from gateway.domain.errors import (
    BudgetExceededError,
    DeadlinePhase,
    InvalidRequestError,
    LimitExceededError,
    ProviderBusyError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    QueueExpiredError,
    UnknownModelError,
)
from gateway.domain.messages import (
    ChatRequest,
    Failed,
    Finish,
    FinishReason,
    Message,
    Role,
    Script,
    Terminal,
    Usage,
)
from gateway.domain.ports import CancelOrder
from gateway.services import observation
from gateway.services.observation import Observation
from tests.fakes.gateway import make_target

REQUEST = ChatRequest(
    "q1",
    "fake",
    "m",
    messages=(Message.plain(Role.USER, "my secret question"),),
    script=Script("my secret answer"),
)


def sample(name: str, **labels: str) -> float:
    """Return the value of a series, 0 when there is none yet."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def begun() -> Observation:
    """Return the observation of a call that has been issued."""
    observed = observation.begin(REQUEST, {"game.room.id": "room"})
    observed.issued(make_target())
    return observed


@pytest.mark.parametrize(
    ("terminal", "outcome"),
    [
        (Finish(FinishReason.STOP), "ok"),
        (Finish(FinishReason.LENGTH), "ok"),
        (Finish(FinishReason.CANCELLED), "cancelled"),
        (Failed(ProviderUnavailableError("down")), "error"),
        (Failed(ProviderTimeoutError("late", phase=DeadlinePhase.FIRST)), "timeout"),
        (Failed(QueueExpiredError("late")), "rejected_capacity"),
        (Failed(ProviderBusyError("full")), "rejected_capacity"),
        (
            Failed(LimitExceededError("much", limit="requests:global", retry_after_seconds=1)),
            "rejected_capacity",
        ),
        (
            Failed(LimitExceededError("much", limit="requests:provider", retry_after_seconds=1)),
            "rejected_capacity",
        ),
        (
            Failed(LimitExceededError("much", limit="requests:key", retry_after_seconds=1)),
            "rejected_client",
        ),
        (
            Failed(BudgetExceededError("spent", budget="key:k", retry_after_seconds=1)),
            "rejected_client",
        ),
        (Failed(InvalidRequestError("refused")), "rejected_client"),
        (Failed(UnknownModelError("none")), "rejected_client"),
    ],
)
def test_every_ending_has_its_outcome(terminal: Terminal, outcome: str) -> None:
    assert observation.outcome_of(terminal) == outcome


async def test_waiting_for_others_is_no_work_of_ours() -> None:
    now = iter((10.0, 17.5))
    observed = observation.begin(REQUEST, {})
    observed.clock, observed.began_at = now.__next__, next(now)
    observed.waited(3.0)
    observed.rested(4.0)

    observed.issued(make_target())

    assert observed.overhead_seconds == 0.5


def test_a_source_of_cancels_is_one_of_a_few_words() -> None:
    assert observation.cancel_source("user") == observation.cancel_source("candidate") == "user"
    assert observation.cancel_source("room 17's owner") == "other"


async def test_an_end_is_counted_once() -> None:
    labels = {"provider": "fake", "model": "m", "outcome": "ok", "error_type": ""}
    before = sample("gw_requests_total", **labels)
    observed = await begun()

    observed.ended(Finish(FinishReason.STOP), Usage(1, 2))
    observed.ended(Finish(FinishReason.STOP), Usage(1, 2))
    observed.abandoned()

    assert sample("gw_requests_total", **labels) == before + 1


async def test_a_stop_is_timed_from_the_order_to_the_closed_provider() -> None:
    before = sample("gw_cancel_latency_seconds_sum", phase="pre_first_token")
    observed = await begun()

    observed.stopped(CancelOrder("user", at=100.0), at=100.25)

    assert observed.cancel_latency_seconds == 0.25
    assert sample("gw_cancel_latency_seconds_sum", phase="pre_first_token") == before + 0.25


async def test_clocks_that_disagree_make_no_negative_latency() -> None:
    observed = await begun()

    observed.stopped(CancelOrder("user", at=100.0), at=99.0)

    assert observed.cancel_latency_seconds == 0.0


async def test_one_token_has_no_pace() -> None:
    observed = await begun()
    observed.content_arrived(asyncio.get_running_loop().time())
    assert observed.tokens_per_second(Usage(0, 9)) is None

    observed.last_at = (observed.first_at or 0.0) + 2.0

    assert observed.tokens_per_second(Usage(0, 1)) is None
    assert observed.tokens_per_second(Usage(0, 9)) == 4.0
    assert observed.ttft_seconds is not None


async def test_neither_question_nor_answer_reaches_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    observed = await begun()
    observed.content_arrived(asyncio.get_running_loop().time())

    observed.ended(Failed(ProviderUnavailableError("my secret answer")), Usage(1, 2))
    await asyncio.sleep(0)

    written = " ".join(str(record.__dict__) for record in caplog.records)
    assert "gateway.call_ended" in written
    assert "secret" not in written


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """The spans that ended, of a tracer of this test's own."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(observation, "_tracer", provider.get_tracer("test"))
    return exporter


async def test_a_cancelled_call_is_a_client_span_that_is_no_error(
    spans: InMemorySpanExporter,
) -> None:
    observed = await begun()
    observed.waited(1.5, position=3)
    observed.content_arrived(asyncio.get_running_loop().time())
    observed.stopped(CancelOrder("user", at=100.0), at=100.25)
    assert not trace.get_current_span().get_span_context().is_valid  # it leaks into nobody

    observed.ended(Finish(FinishReason.CANCELLED), Usage(1, 2))

    (span,) = spans.get_finished_spans()
    attributes = dict(span.attributes or {})
    assert (span.name, span.kind, span.status.status_code) == (
        "chat m",
        SpanKind.CLIENT,
        StatusCode.UNSET,
    )
    assert [event.name for event in span.events] == ["first_token"]
    assert "error.type" not in attributes
    assert {
        "gw.request.id": "q1",
        "game.room.id": "room",
        "gw.outcome": "cancelled",
        "cancelled": True,
        "gw.cancel.source": "user",
        "gw.cancel.phase": "streaming",
        "gw.cancel.latency_ms": 250,
        "queued": True,
        "provider": "fake",
        "ttft_ms": round((observed.ttft_seconds or 0.0) * 1000),
        "gw.queue.wait_ms": 1500,
        "gw.queue.position": 3,
    }.items() <= attributes.items()


async def test_a_refused_call_says_that_it_was_rejected_and_why(
    spans: InMemorySpanExporter,
) -> None:
    observed = await begun()

    observed.ended(Failed(QueueExpiredError("late")), Usage())

    (span,) = spans.get_finished_spans()
    attributes = dict(span.attributes or {})
    assert span.status.status_code is StatusCode.ERROR
    assert (attributes["rejected"], attributes["gw.reject.reason"]) == (True, "queue_expired")
    assert attributes["error.type"] == "queue_expired"
