"""What is measured of one model call: a CLIENT span, the series, one log line at the end.

Never the prompt and never the answer. The span is started by hand and not made current: a
span that is current across a ``yield`` leaks into whoever consumes the stream.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode

from gateway import metrics
from gateway.domain import attributes
from gateway.domain.errors import (
    AdmissionError,
    GatewayError,
    ProviderBusyError,
    ProviderTimeoutError,
)
from gateway.domain.messages import ChatRequest, Failed, FinishReason, Terminal, Usage
from gateway.domain.ports import CancelOrder

_logger = logging.getLogger(__name__)
_tracer = trace.get_tracer("gateway")
_OTHER_WORDS = {"candidate": "user", "leave": "user", "timeout": "deadline"}  # as callers say it


def outcome_of(terminal: Terminal) -> str:
    """Return the outcome label of a terminal delta."""
    if isinstance(terminal, Failed):
        if isinstance(terminal.error, AdmissionError | ProviderBusyError):
            return "rejected_capacity"
        return "timeout" if isinstance(terminal.error, ProviderTimeoutError) else "error"
    return "cancelled" if terminal.reason is FinishReason.CANCELLED else "ok"


def cancel_source(by: str) -> str:
    """Return the label for who stopped a stream; words nobody agreed on become ``other``."""
    source = _OTHER_WORDS.get(by, by)
    return source if source in metrics.CANCEL_SOURCES else "other"


@dataclass(slots=True)
class Observation:
    """One call under observation; times are the loop's monotonic seconds."""

    request: ChatRequest
    span: Span
    began_at: float
    issued_at: float | None = None
    first_at: float | None = None
    last_at: float | None = None
    queue_wait_seconds: float = 0.0
    cancel_latency_seconds: float | None = None
    route_decision: str = ""
    cost_score: float = 0.0
    _is_over: bool = field(default=False)

    @property
    def ttft_seconds(self) -> float | None:
        """Request issued to first content; None before there is any."""
        if self.first_at is None or self.issued_at is None:
            return None
        return self.first_at - self.issued_at

    def waited(self, seconds: float, *, position: int = 0) -> None:
        """Note the time in the queue."""
        self.queue_wait_seconds = seconds
        self.span.set_attribute(attributes.QUEUED, seconds > 0)
        self.span.set_attribute(attributes.QUEUE_WAIT_MS, round(seconds * 1000))
        self.span.set_attribute(attributes.QUEUE_POSITION, position)

    def routed(self, *, decision: str, cost_score: float) -> None:
        """Note which candidate is asked, and how it was chosen."""
        self.route_decision, self.cost_score = decision, cost_score
        self.span.set_attribute(attributes.ROUTE_DECISION, decision)
        self.span.set_attribute(attributes.COST_SCORE, cost_score)

    def issued(self) -> None:
        """Note that the provider is being asked now."""
        self.issued_at = _now()

    def text_arrived(self) -> None:
        """Note content; the first time it is the first token."""
        self.last_at = _now()
        if self.first_at is not None:
            return
        self.first_at = self.last_at
        ttft_seconds = self.ttft_seconds or 0.0
        self.span.add_event(attributes.FIRST_TOKEN)
        self.span.set_attribute(attributes.TTFT_MS, round(ttft_seconds * 1000))
        metrics.TTFT_SECONDS.labels(self.request.provider, self.request.model).observe(ttft_seconds)

    def stopped(self, order: CancelOrder, *, at: float) -> None:
        """Note an obeyed order to stop; ``at`` is the Unix time the provider was closed."""
        # Clocks of two hosts may disagree; a latency below zero only says that they do.
        latency_seconds = max(0.0, at - order.at)
        self.cancel_latency_seconds = latency_seconds
        phase, source = self._phase(), cancel_source(order.by)
        metrics.CANCELS.labels(source, phase).inc()
        metrics.CANCEL_SECONDS.labels(phase).observe(latency_seconds)
        self.span.set_attribute(attributes.CANCELLED, value=True)
        self.span.set_attribute(attributes.CANCEL_SOURCE, source)
        self.span.set_attribute(attributes.CANCEL_PHASE, phase)
        self.span.set_attribute(attributes.CANCEL_LATENCY_MS, round(latency_seconds * 1000))

    def ended(self, terminal: Terminal, usage: Usage) -> None:
        """Note the end; later calls change nothing."""
        if self._is_over:
            return
        self._is_over = True
        outcome = outcome_of(terminal)
        error = terminal.error if isinstance(terminal, Failed) else None
        self._count(outcome, error, usage)
        self._close_span(outcome, error, usage)
        _logger.info(
            "gateway.call_ended",
            extra={
                "request_id": self.request.request_id,
                "provider": self.request.provider,
                "model": self.request.model,
                "outcome": outcome,
                "error_type": error.error_type if error else None,
                "error_code": error.code if error else None,
                "output_tokens": usage.output_total,
                "queue_wait_ms": round(self.queue_wait_seconds * 1000),
                "duration_ms": round((_now() - self.began_at) * 1000),
            },
        )

    def abandoned(self) -> None:
        """Note that the consumer left before the end: a cancel without an order."""
        if self._is_over:
            return
        self._is_over = True
        provider, model = self.request.provider, self.request.model
        metrics.CANCELS.labels("disconnect", self._phase()).inc()
        metrics.REQUESTS.labels(provider, model, "cancelled", "").inc()
        self.span.set_attribute(attributes.OUTCOME, "cancelled")
        self.span.set_attribute(attributes.CANCELLED, value=True)
        self.span.set_attribute(attributes.CANCEL_SOURCE, "disconnect")
        self.span.end()

    def tokens_per_second(self, usage: Usage) -> float | None:
        """Return the pace after the first token; None when there is no interval to measure."""
        if self.first_at is None or self.last_at is None or self.last_at <= self.first_at:
            return None
        if usage.output_total < 2:
            return None
        return (usage.output_total - 1) / (self.last_at - self.first_at)

    def _phase(self) -> str:
        if self.issued_at is None:
            return "queued"
        return "pre_first_token" if self.first_at is None else "streaming"

    def _count(self, outcome: str, error: GatewayError | None, usage: Usage) -> None:
        provider, model = self.request.provider, self.request.model
        error_type = error.error_type if error else ""
        metrics.REQUESTS.labels(provider, model, outcome, error_type).inc()
        metrics.REQUEST_SECONDS.labels(provider, model, outcome).observe(_now() - self.began_at)
        metrics.TOKENS.labels(provider, model, "input").inc(usage.input_total)
        metrics.TOKENS.labels(provider, model, "output").inc(usage.output_total)
        pace = self.tokens_per_second(usage)
        if pace is not None:
            metrics.TOKENS_PER_SECOND.labels(provider, model).observe(pace)

    def _close_span(self, outcome: str, error: GatewayError | None, usage: Usage) -> None:
        span = self.span
        span.set_attribute(attributes.OUTCOME, outcome)
        span.set_attribute(attributes.INPUT_TOKENS, usage.input_total)
        span.set_attribute(attributes.OUTPUT_TOKENS, usage.output_total)
        pace = self.tokens_per_second(usage)
        if pace is not None:
            span.set_attribute(attributes.TOKENS_PER_SECOND, round(pace, 1))
        if error is not None:
            span.set_attribute(attributes.ERROR_TYPE, error.error_type)
            if outcome == "rejected_capacity":
                span.set_attribute(attributes.REJECTED, value=True)
                span.set_attribute(attributes.REJECT_REASON, error.code)
            span.set_status(StatusCode.ERROR)
        span.end()


def begin(request: ChatRequest, given: Mapping[str, str]) -> Observation:
    """Return the observation of a call that begins now; ``given`` is what its caller knows."""
    span = _tracer.start_span(
        f"chat {request.model}",
        kind=SpanKind.CLIENT,
        attributes={
            attributes.OPERATION: "chat",
            attributes.PROVIDER_NAME: request.provider,
            attributes.PROVIDER: request.provider,
            attributes.REQUEST_MODEL: request.model,
            attributes.REQUEST_STREAM: True,
            attributes.REQUEST_ID: request.request_id,
            **given,
        },
    )
    return Observation(request=request, span=span, began_at=_now())


def _now() -> float:
    return asyncio.get_running_loop().time()
