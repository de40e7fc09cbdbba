"""What is measured of one model call: spans, series, one log line at the end.

Never the prompt and never the answer. A call has one span, named by its public model; each
attempt at a provider is a child of it, made only while somebody records. Spans are started by
hand and never current: a span that is current across a ``yield`` leaks into whoever consumes
the stream.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode
from prometheus_client import Counter, Histogram

from gateway import metrics
from gateway.domain import attributes
from gateway.domain.breaker import BreakerState
from gateway.domain.catalog import Target
from gateway.domain.errors import (
    AccessError,
    AdmissionError,
    BreakerOpenError,
    BudgetExceededError,
    GatewayError,
    InvalidRequestError,
    LimitExceededError,
    NoTargetError,
    ProviderBusyError,
    ProviderTimeoutError,
    RequestError,
)
from gateway.domain.faults import FaultRule
from gateway.domain.messages import ChatRequest, Failed, FinishReason, Terminal, Usage
from gateway.domain.ports import CancelOrder
from gateway.domain.rate_limit import Dimension
from gateway.domain.routing import Decision

_logger = logging.getLogger(__name__)
_tracer = trace.get_tracer("gateway")
_OTHER_WORDS = {"candidate": "user", "leave": "user", "timeout": "deadline"}  # as callers say it
_FULL = (AdmissionError, ProviderBusyError, BreakerOpenError, NoTargetError)
_ASKED_WRONGLY = (RequestError, AccessError, InvalidRequestError, BudgetExceededError)
_OURS = frozenset({Dimension.PROVIDER, Dimension.GLOBAL})  # limits that no caller uses up alone
_NOBODY = "none"  # the provider of a call that reached none
_LONGEST_TRACE = 8  # targets named on a span


def outcome_of(terminal: Terminal) -> str:
    """Return the outcome label of a terminal delta: whose fault it was decides what it counts."""
    if isinstance(terminal, Failed):
        if isinstance(terminal.error, _ASKED_WRONGLY) or _is_own_limit(terminal.error):
            return "rejected_client"
        if isinstance(terminal.error, _FULL):
            return "rejected_capacity"
        return "timeout" if isinstance(terminal.error, ProviderTimeoutError) else "error"
    return "cancelled" if terminal.reason is FinishReason.CANCELLED else "ok"


def _is_own_limit(error: GatewayError) -> bool:
    """Return whether it is the caller alone who asked for too much."""
    return isinstance(error, LimitExceededError) and (error.limit.rpartition(":")[2] not in _OURS)


def cancel_source(by: str) -> str:
    """Return the label for who stopped a stream; words nobody agreed on become ``other``."""
    source = _OTHER_WORDS.get(by, by)
    return source if source in metrics.CANCEL_SOURCES else "other"


@dataclass(frozen=True, slots=True)
class Series:
    """The children of one target: finding them by label costs more than counting."""

    ttft_seconds: Histogram
    pace: Histogram
    input_tokens: Counter
    output_tokens: Counter


@lru_cache(maxsize=1024)
def series_of(provider: str, model: str) -> Series:
    """Return the series of a target."""
    return Series(
        ttft_seconds=metrics.TTFT_SECONDS.labels(provider, model),
        pace=metrics.TOKENS_PER_SECOND.labels(provider, model),
        input_tokens=metrics.TOKENS.labels(provider, model, "input"),
        output_tokens=metrics.TOKENS.labels(provider, model, "output"),
    )


@lru_cache(maxsize=4096)
def _counter(provider: str, model: str, outcome: str, error_type: str) -> Counter:
    return metrics.REQUESTS.labels(provider, model, outcome, error_type)


@lru_cache(maxsize=4096)
def _duration(provider: str, model: str, outcome: str) -> Histogram:
    return metrics.REQUEST_SECONDS.labels(provider, model, outcome)


@lru_cache(maxsize=4096)
def _decided(policy: str, provider: str, model: str, decision: str) -> Counter:
    return metrics.ROUTE_DECISIONS.labels(policy, provider, model, decision)


@lru_cache(maxsize=4096)
def _attempted(provider: str, model: str, end: str, cause: str) -> tuple[Counter, Counter]:
    return (
        metrics.ATTEMPTS.labels(provider, model, end, cause),
        metrics.COST_MICROUSD.labels(provider, model),
    )


def attempt_ended(target: Target, *, end: str, cause: str, cost_microusd: int) -> None:
    """Count an attempt and its cost."""
    ended, cost = _attempted(target.provider.name, target.model, end, cause)
    ended.inc()
    if cost_microusd:
        cost.inc(cost_microusd)


@dataclass(slots=True)
class Observation:
    """One call under observation; times are the loop's monotonic seconds.

    ``overhead_seconds`` is how long the gateway itself took before the first provider was asked:
    standing in a queue and waiting for providers that rest are no work of its own.
    """

    request: ChatRequest
    span: Span
    is_recording: bool
    clock: Callable[[], float]
    began_at: float
    provider: str = ""
    model: str = ""
    issued_at: float | None = None
    first_at: float | None = None
    last_at: float | None = None
    queue_wait_seconds: float = 0.0
    rest_seconds: float = 0.0
    overhead_seconds: float = 0.0
    cancel_latency_seconds: float | None = None
    route_policy: str = ""
    route_decision: str = ""
    cost_score: float = 0.0
    fallback_reason: str = ""
    n_attempts: int = 0
    is_quiet: bool = False
    _is_over: bool = field(default=False)

    @property
    def ttft_seconds(self) -> float | None:
        """Request issued to first content; None before there is any."""
        if self.first_at is None or self.issued_at is None:
            return None
        return self.first_at - self.issued_at

    def waited(self, seconds: float, *, position: int = 0) -> None:
        """Note the time in a queue; a call may stand in several, one after another."""
        self.queue_wait_seconds += seconds
        if self.is_recording:
            waited_ms = round(self.queue_wait_seconds * 1000)
            self.span.set_attribute(attributes.QUEUED, self.queue_wait_seconds > 0)
            self.span.set_attribute(attributes.QUEUE_WAIT_MS, waited_ms)
            self.span.set_attribute(attributes.QUEUE_POSITION, position)

    def rested(self, seconds: float) -> None:
        """Note the time in which nobody could be asked."""
        self.rest_seconds += seconds

    def routed(self, *, decision: str, cost_score: float) -> None:
        """Note which candidate is asked, and how it was chosen."""
        self.route_decision, self.cost_score = decision, cost_score
        if self.is_recording:
            self.span.set_attribute(attributes.ROUTE_DECISION, decision)
            self.span.set_attribute(attributes.COST_SCORE, cost_score)

    def traced(self, decision: Decision) -> None:
        """Note the candidates, and why others were dropped."""
        self.span.set_attribute(attributes.ROUTE_POLICY, decision.policy.value)
        self.span.set_attribute(attributes.ROUTE_CANDIDATES, decision.as_words()[:_LONGEST_TRACE])

    def issued(self, target: Target) -> None:
        """Note that a provider is being asked now."""
        self.provider, self.model = target.provider.name, target.model
        self.n_attempts += 1
        if self.issued_at is None:
            self.issued_at = self.clock()
            waited_seconds = self.queue_wait_seconds + self.rest_seconds
            self.overhead_seconds = max(0.0, self.issued_at - self.began_at - waited_seconds)
            metrics.OVERHEAD_SECONDS.observe(self.overhead_seconds)
        if self.is_recording:
            self.span.set_attribute(attributes.PROVIDER, self.provider)
            self.span.set_attribute(attributes.PROVIDER_NAME, self.provider)
            self.span.set_attribute(attributes.ATTEMPTS, self.n_attempts)

    def answered_by(self, target: Target) -> None:
        """Note that another one answers than the one asked last."""
        self.provider, self.model = target.provider.name, target.model
        if self.is_recording:
            self.span.set_attribute(attributes.PROVIDER, self.provider)

    def content_arrived(self, at: float) -> None:
        """Note the first content of the answer."""
        self.first_at = self.last_at = at
        if self.is_recording:
            self.span.add_event(attributes.FIRST_TOKEN)
            self.span.set_attribute(attributes.TTFT_MS, round((self.ttft_seconds or 0.0) * 1000))

    def happened(self, event: str, **given: str | float | int) -> None:
        """Note a retry, a fallback, a breaker's change, a seam: what the trace should tell."""
        if self.is_recording:
            self.span.add_event(event, given)

    def fell_back(self, error: GatewayError) -> None:
        """Note why the first choice did not answer; the first reason is the one that counts."""
        self.fallback_reason = self.fallback_reason or error.error_type
        if self.is_recording:
            self.span.set_attribute(attributes.FALLBACK_REASON, self.fallback_reason)

    def stopped(self, order: CancelOrder, *, at: float) -> None:
        """Note an obeyed order to stop; ``at`` is the Unix time the provider was closed."""
        # Clocks of two hosts may disagree; a latency below zero only says that they do.
        latency_seconds = max(0.0, at - order.at)
        self.cancel_latency_seconds = latency_seconds
        phase, source = self._phase(), cancel_source(order.by)
        metrics.CANCELS.labels(source, phase).inc()
        metrics.CANCEL_SECONDS.labels(phase).observe(latency_seconds)
        if self.is_recording:
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
        if self.is_recording:
            self._close_span(outcome, error, usage)
        if not (self.is_quiet and error is None):
            self._log(outcome, error, usage)

    def abandoned(self) -> None:
        """Note that the consumer left before the end: a cancel without an order."""
        if self._is_over:
            return
        self._is_over = True
        metrics.CANCELS.labels("disconnect", self._phase()).inc()
        _counter(self.provider or _NOBODY, self.model or self.request.model, "cancelled", "").inc()
        if self.is_recording:
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
        provider, model = self.provider or _NOBODY, self.model or self.request.model
        if isinstance(error, RequestError):
            model = self.model or "other"  # a name somebody typed is no label
        _counter(provider, model, outcome, error.error_type if error else "").inc()
        _duration(provider, model, outcome).observe(self.clock() - self.began_at)
        if not self.provider:
            return
        _decided(self.route_policy, provider, model, self.route_decision).inc()
        series = series_of(provider, model)
        series.input_tokens.inc(usage.input_total)
        series.output_tokens.inc(usage.output_total)
        pace = self.tokens_per_second(usage)
        if pace is not None:
            series.pace.observe(pace)

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
            if isinstance(error, _FULL):
                span.set_attribute(attributes.REJECTED, value=True)
                span.set_attribute(attributes.REJECT_REASON, error.code)
            span.set_status(StatusCode.ERROR)
        span.end()

    def _log(self, outcome: str, error: GatewayError | None, usage: Usage) -> None:
        _logger.info(
            "gateway.call_ended",
            extra={
                "request_id": self.request.request_id,
                "provider": self.provider or None,
                "model": self.model or None,
                "outcome": outcome,
                "error_type": error.error_type if error else None,
                "error_code": error.code if error else None,
                "n_attempts": self.n_attempts,
                "fallback_reason": self.fallback_reason or None,
                "output_tokens": usage.output_total,
                "queue_wait_ms": round(self.queue_wait_seconds * 1000),
                "duration_ms": round((self.clock() - self.began_at) * 1000),
            },
        )


def begin(request: ChatRequest, given: Mapping[str, str]) -> Observation:
    """Return the observation of a call that begins now; ``given`` is what its caller knows."""
    span = _tracer.start_span(f"chat {request.model}", kind=SpanKind.CLIENT)
    is_recording = span.is_recording()
    if is_recording:
        span.set_attributes(
            {
                attributes.OPERATION: request.operation.value,
                attributes.REQUEST_MODEL: request.model,
                attributes.REQUEST_STREAM: request.is_streamed,
                attributes.REQUEST_ID: request.request_id,
                **given,
            }
        )
    clock = asyncio.get_running_loop().time
    return Observation(request, span, is_recording, clock, began_at=clock())


def begin_attempt(call: Observation, target: Target, *, number: int, cause: str) -> Span | None:
    """Return the span of one attempt; None while nobody records."""
    if not call.is_recording:
        return None
    return _tracer.start_span(
        f"attempt {target.id}",
        context=trace.set_span_in_context(call.span),
        kind=SpanKind.CLIENT,
        attributes={
            attributes.OPERATION: call.request.operation.value,
            attributes.PROVIDER: target.provider.name,
            attributes.PROVIDER_NAME: target.provider.name,
            attributes.REQUEST_MODEL: target.model,
            attributes.REQUEST_ID: call.request.request_id,
            attributes.ATTEMPT: number,
            attributes.ATTEMPT_CAUSE: cause,
        },
    )


def end_attempt(
    span: Span | None, *, end: str, usage: Usage, error: GatewayError | None, ttft: float | None
) -> None:
    """Close an attempt's span; one that was cancelled or lost a race is no error."""
    if span is None:
        return
    span.set_attribute(attributes.OUTCOME, end)
    span.set_attribute(attributes.INPUT_TOKENS, usage.input_total)
    span.set_attribute(attributes.OUTPUT_TOKENS, usage.output_total)
    if ttft is not None:
        span.set_attribute(attributes.TTFT_MS, round(ttft * 1000))
    if error is not None:
        span.set_attribute(attributes.ERROR_TYPE, error.error_type)
        span.set_status(StatusCode.ERROR)
    span.end()


def fault_struck(call: Observation, span: Span | None, target: Target, rule: FaultRule) -> None:
    """Count a fault on purpose, and note it on both spans: what follows it is no accident."""
    metrics.FAULTS.labels(target.provider.name, target.model, rule.profile.value).inc()
    given = {
        attributes.FAULT_RULE: rule.id,
        attributes.FAULT_PROFILE: rule.profile.value,
        "target": target.id,
    }
    call.happened(attributes.FAULT, **given)
    if span is not None:
        span.add_event(attributes.FAULT, given)


def breaker_changed(call: Observation, span: Span | None, target: str, state: BreakerState) -> None:
    """Note on both spans that an attempt's report left the breaker other than closed."""
    given = {attributes.BREAKER_STATE: state.value, "target": target}
    call.happened(attributes.BREAKER, **given)
    if span is not None:
        span.add_event(attributes.BREAKER, given)
