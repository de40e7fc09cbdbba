"""One attempt at one target: its deadlines, its count, its end. Nothing is shared with others.

What a provider says before its first content is held back, so that an attempt that fails early
was never seen.
"""

import time
from collections.abc import AsyncGenerator
from dataclasses import replace

from gateway.domain.breaker import BreakerPolicy, BreakerState, Report
from gateway.domain.catalog import Target
from gateway.domain.errors import (
    Blame,
    DeadlinePhase,
    GatewayError,
    ProviderError,
    ProviderTimeoutError,
    StreamTruncatedError,
)
from gateway.domain.faults import FaultRule
from gateway.domain.messages import (
    ChatRequest,
    Deadlines,
    Delta,
    Failed,
    Finish,
    Passthrough,
    ReasoningDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    Usage,
    UsageSource,
    UsageUpdate,
)
from gateway.domain.money import AttemptEnd, Entry
from gateway.domain.ports import ChatProvider, Ports
from gateway.domain.routing import Candidate
from gateway.domain.tokens import estimated_tokens
from gateway.services import observation
from gateway.services.calls import Call

_WORDS = (TextDelta, ReasoningDelta)


class Attempt:
    """A call being made; times are the loop's, ``began_at`` is Unix seconds."""

    def __init__(
        self,
        call: Call,
        candidate: Candidate,
        *,
        deadlines: Deadlines,
        cause: str,
        ports: Ports,
    ) -> None:
        self.call = call
        self.cause = cause
        self.candidate = candidate
        self.target: Target = candidate.target
        self.number = len(call.attempts) + 1
        self.id = f"{call.request.request_id}/{self.number}"
        self.began_at = time.time()
        self.started = False
        self.has_content = False
        self.finish: Finish | None = None
        self.error: GatewayError | None = None
        self.entry: Entry | None = None
        self.answered_by = ""  # the model's own word for itself
        self.deadlines = deadlines
        self._ports = ports
        self.watchdog = call.watchdog  # in a race each has its own
        self._issued_at = self.watchdog.now
        self._first_at: float | None = None
        self._ends_at = self._issued_at + deadlines.total_seconds
        self._due_at = min(self._issued_at + deadlines.first_seconds, self._ends_at)
        self._phase = DeadlinePhase.FIRST
        self._deltas: AsyncGenerator[Delta, None] | None = None
        self._reported: Usage | None = None
        self._words: list[str] = []
        self._n_frames = 0
        self._has_reported = False
        self._is_set_up = False  # by a fault somebody has for themselves
        self._span = observation.begin_attempt(
            call.observed, self.target, number=self.number, cause=cause
        )

    @property
    def first_at(self) -> float | None:
        """Return when the first content arrived; None before there is any."""
        return self._first_at

    @property
    def ttft_seconds(self) -> float | None:
        """Request issued to first content; None before there is any."""
        return None if self._first_at is None else self._first_at - self._issued_at

    def issue(self, provider: ChatProvider, request: ChatRequest) -> None:
        """Begin to ask."""
        self._ports.memory.began(self.target.id)
        self._deltas = provider.stream(request, self.target)

    async def opening(self) -> list[Delta]:
        """Return everything up to and with the first content, or up to the end without any."""
        held: list[Delta] = []
        with self.watchdog:
            while not self.has_content and (delta := await self.next()) is not None:
                held.append(delta)
        return held

    async def next(self) -> Delta | None:
        """Return the next delta, None at the end; raise what made the attempt fail.

        It is waited for in the context of the attempt's watchdog.
        """
        if self.finish is not None or self._deltas is None:
            return None
        self.watchdog.wait(self._due_at, self._phase)
        try:
            delta = await self._deltas.__anext__()
        except StopAsyncIteration:
            raise StreamTruncatedError("the stream stopped without a terminal mark") from None
        self.watchdog.came()
        if isinstance(delta, Passthrough):
            self._n_frames += delta.n_contents
            if delta.n_contents or delta.is_whole:
                self._content_arrived(is_whole=delta.is_whole)
        elif isinstance(delta, _WORDS):
            self._words.append(delta.text)
            self._content_arrived()
        else:
            return self._taken(delta)
        return delta

    def usage(self) -> Usage:
        """Return what the attempt used: the provider's word, else what was said, by our count.

        An attempt that was never taken up used nothing.
        """
        if self.entry is not None:
            return self.entry.usage
        counted = (self.finish.usage if self.finish else None) or self._reported
        if counted is None and not self.started and not self.has_content:
            return Usage()
        if counted is not None and self.finish is not None:
            return counted
        said = estimated_tokens("".join(self._words)) + self._n_frames
        if counted is None:
            return Usage(input_total=self.call.input_tokens, output_total=said)
        return replace(
            counted, output_total=max(counted.output_total, said), source=UsageSource.ESTIMATED
        )

    async def failed(self, error: GatewayError) -> None:
        """Take down what went wrong, and hold it against the target as far as it is its fault."""
        if self.error is not None:
            return
        self.error = error
        if isinstance(error, ProviderTimeoutError) and error.phase is DeadlinePhase.FIRST:
            # Nobody waited longer: a histogram without it would look better than the truth.
            self._series().ttft_seconds.observe(self.deadlines.first_seconds)
        if isinstance(error, ProviderError) and error.blame is not Blame.NONE:
            await self._report(
                Report.FAILED,
                retry_after_seconds=error.retry_after_seconds,
                is_long=error.blame is Blame.LONG,
            )

    async def succeeded(self) -> None:
        """Put in a word for the target."""
        if not self._has_reported:
            await self._report(self._pace())

    async def let_through(self) -> None:
        """Report a probe as soon as it has content: nobody waits for the end of its answer."""
        if self.candidate.needs_probe and not self._has_reported:
            await self._report(self._pace())

    async def close(self) -> None:
        """Close what is open at the provider; a probe that says nothing is given back."""
        deltas, self._deltas = self._deltas, None
        if deltas is None:
            return
        try:
            await deltas.aclose()
        finally:
            self.call.note_closed()
            self._ports.memory.ended(self.target.id)
        if self.candidate.needs_probe and not self._has_reported:
            await self._report(Report.VOID)

    def struck(self, rule: FaultRule) -> None:
        """Note that a fault on purpose has struck."""
        self.call.struck.append(rule.id)
        self._is_set_up = self._is_set_up or rule.is_private
        observation.fault_struck(self.call.observed, self._span, self.target, rule)

    def observe_end(self, end: AttemptEnd) -> None:
        """Count it and close the span."""
        entry = self.entry
        observation.attempt_ended(
            self.target,
            end=end.value,
            cause=self.cause,
            cost_microusd=entry.cost_microusd if entry else 0,
        )
        error = self.error if end is AttemptEnd.ERROR else None
        observation.end_attempt(
            self._span, end=end.value, usage=self.usage(), error=error, ttft=self.ttft_seconds
        )

    def _taken(self, delta: Delta) -> Delta | None:
        """Return a delta that is not plain text; None when it is the end."""
        if isinstance(delta, Finish):
            self.finish = delta
            return None
        if isinstance(delta, Failed):
            self._reported = delta.usage or self._reported
            raise delta.error
        if isinstance(delta, UsageUpdate):
            self._reported = delta.usage
            self.answered_by = delta.model or self.answered_by
        elif isinstance(delta, ToolCallDelta):
            self._words.append(delta.arguments)
            self.call.said.is_only_text = False
            self._content_arrived()
        elif isinstance(delta, Start):
            self.started = True
            self.answered_by = delta.model
        return delta

    def _content_arrived(self, *, is_whole: bool = False) -> None:
        now = self.watchdog.now
        if not is_whole:  # nothing but its end can follow a whole answer
            due_at = now + self.deadlines.idle_seconds
            self._due_at = due_at if due_at < self._ends_at else self._ends_at
        if self.has_content:
            self.call.observed.last_at = now
            return
        self.has_content = True
        self._first_at = now
        self._phase = DeadlinePhase.IDLE
        seconds = now - self._issued_at
        self._series().ttft_seconds.observe(seconds)
        if not self._is_set_up:
            self._ports.memory.first_content(self.target.id, seconds)

    def _pace(self) -> Report:
        policy: BreakerPolicy = self._ports.breaker_policy
        is_slow = (self.ttft_seconds or 0.0) > policy.slow_first_seconds
        return Report.SLOW if is_slow else Report.OK

    async def _report(
        self,
        report: Report,
        *,
        retry_after_seconds: float | None = None,
        is_long: bool = False,
    ) -> None:
        if self._is_set_up and report is not Report.VOID:
            return  # what one has done to oneself is told to no one; a probe is given back
        self._has_reported = True
        standing = await self._ports.breakers.report(
            self.target.id, report, retry_after_seconds=retry_after_seconds, is_long=is_long
        )
        if standing.state is not BreakerState.CLOSED:
            observation.breaker_changed(
                self.call.observed, self._span, self.target.id, standing.state
            )

    def _series(self) -> observation.Series:
        return observation.series_of(self.target.provider.name, self.target.model)
