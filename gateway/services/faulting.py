"""Faults on purpose, struck where a provider is asked: from there on they are like real ones.

A rule of the configuration or of the request itself puts something between an attempt and its
provider. What the pipeline makes of it is what it makes of any failure: the same deadlines, the
same retries, the same breaker. Without rules nothing is put there, and nothing is paid for it.
"""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from http import HTTPStatus

import msgspec

from gateway.domain.catalog import Target
from gateway.domain.errors import (
    ConnectionFailedError,
    ContextTooLongError,
    CredentialError,
    DeadlinePhase,
    InvalidRequestError,
    ModelNotFoundError,
    ProviderError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    QuotaExhaustedError,
    RateLimitedError,
    StreamTruncatedError,
    UpstreamError,
)
from gateway.domain.faults import REFUSES, FaultProfile, FaultRule
from gateway.domain.messages import (
    ChatRequest,
    Delta,
    Finish,
    Passthrough,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    Usage,
    UsageUpdate,
)
from gateway.domain.ports import ChatProvider, Ports
from gateway.services.attempts import Attempt

Deltas = AsyncGenerator[Delta, None]
Strike = Callable[[FaultRule], Awaitable[bool]]

_roll = random.Random()
_CONTENTS = (TextDelta, ReasoningDelta, ToolCallDelta)
_STATUSES: dict[int, type[ProviderError]] = {
    HTTPStatus.UNAUTHORIZED: CredentialError,
    HTTPStatus.PAYMENT_REQUIRED: QuotaExhaustedError,
    HTTPStatus.FORBIDDEN: CredentialError,
    HTTPStatus.NOT_FOUND: ModelNotFoundError,
    HTTPStatus.CONFLICT: UpstreamError,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ContextTooLongError,
    HTTPStatus.TOO_MANY_REQUESTS: RateLimitedError,
    HTTPStatus.SERVICE_UNAVAILABLE: ProviderUnavailableError,
    529: ProviderUnavailableError,
}
_TOO_LATE = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.GATEWAY_TIMEOUT})
_LEAST_FAULT_OF_THEIRS = 500


def faulty(provider: ChatProvider, attempt: Attempt, *, ports: Ports) -> ChatProvider:
    """Return the provider as this attempt finds it: itself, unless a fault is meant for it."""
    call = attempt.call
    configured, own = call.the_catalog().faults, call.request.faults
    if not configured and not own:
        return provider
    target = attempt.target
    meant = tuple(
        rule
        for rule in (*configured, *own)
        if rule.matches(
            provider=target.provider.name,
            model=target.model,
            route=call.request.model,
            room=call.caller.room_id,
            tenant=call.caller.tenant,
            at=time.time(),
        )
        and (rule.probability >= 1.0 or _roll.random() < rule.probability)
    )
    return _Faulty(provider.name, provider, meant, attempt, ports) if meant else provider


@dataclass(slots=True)
class _Faulty:
    """A provider with faults before it; see `ChatProvider`."""

    name: str
    provider: ChatProvider
    rules: tuple[FaultRule, ...]
    attempt: Attempt
    ports: Ports

    async def stream(self, request: ChatRequest, target: Target) -> Deltas:
        """Yield what comes through; raise what the rules say."""
        for rule in self.rules:
            if rule.profile in REFUSES and await self._strikes(rule):
                raise refusal(rule)
        deltas = self.provider.stream(request, target)
        for rule in self.rules:
            if rule.profile not in REFUSES:
                deltas = _WAYS[rule.profile](deltas, _in_reach(rule, request), self._strikes)
        async with aclosing(deltas):
            async for delta in deltas:
                yield delta

    async def _strikes(self, rule: FaultRule) -> bool:
        """Return whether the rule may strike now, once more; if so it is told of."""
        if rule.n_times is not None and not await self._is_left(rule, rule.n_times):
            return False
        self.attempt.struck(rule)
        return True

    async def _is_left(self, rule: FaultRule, n_times: int) -> bool:
        if rule.is_brought:
            return self.attempt.call.struck.count(rule.id) < n_times
        strikes = self.ports.strikes
        return strikes is not None and await strikes.take(rule.id, n_times)


def refusal(rule: FaultRule) -> ProviderError:
    """Return what a provider that refuses in this way is understood to say."""
    said = "a fault on purpose"
    if rule.profile is FaultProfile.REFUSE_CONNECT:
        return ConnectionFailedError(said, raw_code=rule.profile)
    if rule.profile is FaultProfile.RATE_LIMITED:
        return RateLimitedError(
            said,
            raw_code=rule.profile,
            raw_status=HTTPStatus.TOO_MANY_REQUESTS,
            retry_after_seconds=rule.seconds or None,
        )
    if rule.status in _TOO_LATE:
        return ProviderTimeoutError(said, phase=DeadlinePhase.FIRST)
    is_theirs = rule.status >= _LEAST_FAULT_OF_THEIRS
    kind = _STATUSES.get(rule.status, UpstreamError if is_theirs else InvalidRequestError)
    return kind(said, raw_code=rule.profile, raw_status=rule.status)


# --- What becomes of an answer ----------------------------------------------------------------


async def _late(deltas: Deltas, rule: FaultRule, strikes: Strike) -> Deltas:
    """Let every step take so much longer."""
    is_struck: bool | None = None
    async with aclosing(deltas):
        async for delta in deltas:
            if is_struck is None:
                is_struck = await strikes(rule)
            if is_struck:
                await asyncio.sleep(rule.seconds)
            yield delta


async def _slow_first(deltas: Deltas, rule: FaultRule, strikes: Strike) -> Deltas:
    """Keep the first content back for so long."""
    has_content = False
    async with aclosing(deltas):
        async for delta in deltas:
            if not has_content and _n_contents(delta):
                has_content = True
                if await strikes(rule):
                    await asyncio.sleep(rule.seconds)
            yield delta


async def _stalled(deltas: Deltas, rule: FaultRule, strikes: Strike) -> Deltas:
    """Say nothing for so long after so many tokens, and go on then."""
    async with aclosing(_up_to(deltas, rule.after_tokens)) as parts:
        async for part in parts:
            if part is not _DUE:
                yield part
            elif await strikes(rule):
                await asyncio.sleep(rule.seconds)


async def _broken(deltas: Deltas, rule: FaultRule, strikes: Strike) -> Deltas:
    """End after so many tokens, by a cut or by a piece that cannot be read."""
    async with aclosing(_up_to(deltas, rule.after_tokens)) as parts:
        async for part in parts:
            if part is not _DUE:
                yield part
            elif await strikes(rule):
                raise _break_of(rule)


async def _endless(deltas: Deltas, rule: FaultRule, strikes: Strike) -> Deltas:
    """Leave out how and that it ended: after the last word the connection is closed."""
    is_struck: bool | None = None
    async with aclosing(deltas):
        async for delta in deltas:
            if is_struck is None and _n_contents(delta):
                is_struck = await strikes(rule)
            if not is_struck:
                yield delta
            elif isinstance(delta, Finish):
                raise StreamTruncatedError("a fault on purpose")
            elif isinstance(delta, Passthrough) and not delta.is_whole:
                words, _ = parted(delta, delta.n_contents)
                if words is not None:
                    yield words
            else:
                yield delta


_WAYS: dict[FaultProfile, Callable[[Deltas, FaultRule, Strike], Deltas]] = {
    FaultProfile.LATENCY: _late,
    FaultProfile.SLOW_FIRST: _slow_first,
    FaultProfile.STALL: _stalled,
    FaultProfile.CUT: _broken,
    FaultProfile.MALFORMED: _broken,
    FaultProfile.NO_DONE: _endless,
}


def _in_reach(rule: FaultRule, request: ChatRequest) -> FaultRule:
    """Return the rule as it can be kept: an answer in one piece has no place in its middle."""
    return rule if request.is_streamed else replace(rule, after_tokens=0)


def _break_of(rule: FaultRule) -> ProviderError:
    if rule.profile is FaultProfile.MALFORMED:
        return UpstreamError("a fault on purpose", raw_code=rule.profile)
    return StreamTruncatedError("a fault on purpose")


# Says where in an answer the fault is due; it goes no further than these functions.
_DUE = UsageUpdate(Usage())


async def _up_to(deltas: Deltas, n_tokens: int) -> Deltas:
    """Yield the answer, and once `_DUE`: after so many tokens, or before its end if it is short."""
    n_left: int | None = n_tokens
    async with aclosing(deltas):
        async for delta in deltas:
            n_here = _n_contents(delta)
            if n_left is None:
                yield delta
            elif n_here <= n_left and not isinstance(delta, Finish):
                n_left -= n_here
                yield delta
            else:
                before, after = parted(delta, n_left)
                n_left = None
                if before is not None:
                    yield before
                yield _DUE
                yield after


def _n_contents(delta: Delta) -> int:
    """Return how many tokens there are in a delta: one in each that has words."""
    if isinstance(delta, Passthrough):
        return max(delta.n_contents, delta.is_whole)
    return int(isinstance(delta, _CONTENTS))


def parted(delta: Delta, n_tokens: int) -> tuple[Delta | None, Delta]:
    """Return a delta in two parts, the first with so many tokens; what cannot be cut comes last.

    Frames that say nothing stay with the words before them, those behind the last excepted.
    """
    if not isinstance(delta, Passthrough) or delta.is_whole or not n_tokens:
        return None, delta
    frames = [frame + b"\n\n" for frame in delta.data.split(b"\n\n") if frame]
    ends = [at for at, frame in enumerate(frames, start=1) if _says_something(frame)]
    if not ends:
        return None, delta
    end = ends[min(n_tokens, len(ends)) - 1]
    n_before = min(n_tokens, len(ends))
    return (
        Passthrough(b"".join(frames[:end]), n_before),
        Passthrough(b"".join(frames[end:]), delta.n_contents - n_before),
    )


def _says_something(frame: bytes) -> bool:
    """Return whether a frame of either dialect holds a part of the answer."""
    lines = [line[5:] for line in frame.splitlines() if line.startswith(b"data:")]
    try:
        found = _frames.decode(b"".join(lines))
    except msgspec.DecodeError:
        return False
    return found.type == "content_block_delta" or any(
        value for choice in found.choices for name, value in choice.delta.items() if name != "role"
    )


class _Choice(msgspec.Struct):
    delta: dict[str, object] = {}


class _Frame(msgspec.Struct):
    type: str = ""
    choices: tuple[_Choice, ...] = ()


_frames = msgspec.json.Decoder(_Frame)
