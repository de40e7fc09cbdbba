"""Breakers in Redis: every process counts into the same window and sees the same opening.

A standing is known here for about a second before it is looked up again, behind the requests
that use it. Good news is saved up and sent with the next look or the next bad news; bad news is
sent at once. While the store is away the process keeps breakers of its own.
"""

import asyncio
import contextvars
import logging
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from redis.asyncio import Redis

from gateway import metrics
from gateway.adapters.redis import scripts
from gateway.adapters.redis.faults import translated
from gateway.domain.breaker import (
    CLOSED,
    JITTER,
    LONGEST_RETRY_AFTER_SECONDS,
    Breaker,
    BreakerPolicy,
    BreakerState,
    Report,
    Standing,
    Verdict,
    probed,
    reported,
    standing,
)
from gateway.domain.errors import StateUnavailableError

FRESH_SECONDS = 1.0
STALE_SECONDS = 5.0  # older than this nothing is taken on trust
ANSWER_SECONDS = 0.05
AWAY_SECONDS = 1.0

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Known:
    """A standing and when it was looked up, by the loop's clock."""

    standing: Standing
    at: float

    def now(self, at: float) -> Standing:
        """Return the standing as time has changed it since."""
        if self.standing.state is BreakerState.CLOSED:
            return self.standing
        left = self.standing.retry_after_seconds - (at - self.at)
        if left > 0:
            return Standing(self.standing.state, left)
        return Standing(BreakerState.HALF_OPEN)


class RedisBreakers:
    """What all processes know of every target; belongs to the loop it is first used on."""

    def __init__(self, client: Redis, *, prefix: str, policy: BreakerPolicy) -> None:
        self._script = client.register_script(scripts.source("breaker"))
        self._prefix = prefix
        self._policy = policy
        self._numbers = _numbers(policy)
        self._known: dict[str, _Known] = {}
        self._good: dict[str, int] = defaultdict(int)
        self._local: dict[str, Breaker] = defaultdict(Breaker)
        self._away_until = 0.0
        self._looking: asyncio.Task[None] | None = None

    async def standings(self, targets: Iterable[str]) -> Mapping[str, Standing]:
        """Return the standing of each target; waits for the store only about unknown ones."""
        now = asyncio.get_running_loop().time()
        found: dict[str, Standing] = {}
        unknown: list[str] = []
        for target in targets:
            known = self._known.get(target)
            if known is None or now - known.at > STALE_SECONDS:
                unknown.append(target)
                continue
            if now - known.at > FRESH_SECONDS:
                self._look_soon()
            found[target] = known.now(now)
        if unknown:
            found |= await self._look(unknown)
        return found

    async def probe(self, target: str) -> bool:
        """Take the one probe of a half-open breaker."""
        try:
            ((state, ms, _, granted),) = await self._run("probe", [target], [])
        except StateUnavailableError:
            return self._probe_locally(target)
        self._learn(target, Standing(BreakerState(state.decode()), ms / 1000))
        if granted:
            _note(target, BreakerState.HALF_OPEN)
        return granted == 1

    async def report(
        self,
        target: str,
        report: Report,
        *,
        retry_after_seconds: float | None = None,
        is_long: bool = False,
    ) -> Standing:
        """Tell how an attempt went; good news of a closed breaker is sent later."""
        known = self._known.get(target)
        if report is Report.OK and known is not None and known.standing is CLOSED:
            self._good[target] += 1
            self._look_soon()
            return CLOSED
        verdict = Verdict(report, retry_after_seconds, is_long)
        saved = self._good.pop(target, 0)
        arguments = [
            report.value,
            _ordered_ms(retry_after_seconds),
            int(is_long),
            random.random(),
            saved,
        ]
        try:
            ((state, ms, before, _),) = await self._run("report", [target], arguments)
        except StateUnavailableError:
            return self._report_locally(target, verdict)
        found = Standing(BreakerState(state.decode()), ms / 1000)
        if before != state:
            _note(target, found.state)
        return self._learn(target, found)

    async def aclose(self) -> None:
        """Send what was saved up and stop looking."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])
        await self._send_good()

    def _look_soon(self) -> None:
        """Have all known targets looked up, unless that is under way."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(
                # It serves every request, so it carries the context of none.
                self._look_again(),
                context=contextvars.Context(),
            )

    async def _look_again(self) -> None:
        now = asyncio.get_running_loop().time()
        oldest = min((known.at for known in self._known.values()), default=now)
        await asyncio.sleep(max(0.0, oldest + FRESH_SECONDS - now))
        await self._send_good()
        targets = [name for name, known in self._known.items() if known.at <= oldest]
        await self._look(targets)

    async def _send_good(self) -> None:
        good, self._good = self._good, defaultdict(int)
        if not good:
            return
        try:
            answers = await self._run("count", list(good), list(good.values()))
        except StateUnavailableError:
            return  # the store has other troubles than one second of good news
        for target, (state, ms, _, _) in zip(good, answers, strict=True):
            self._learn(target, Standing(BreakerState(state.decode()), ms / 1000))

    async def _look(self, targets: Sequence[str]) -> Mapping[str, Standing]:
        if not targets:
            return {}
        try:
            answers = await self._run("look", targets, [])
        except StateUnavailableError:
            now = asyncio.get_running_loop().time()
            return {
                name: self._learn(name, standing(self._local[name], at=now)) for name in targets
            }
        return {
            name: self._learn(name, Standing(BreakerState(state.decode()), ms / 1000))
            for name, (state, ms, _, _) in zip(targets, answers, strict=True)
        }

    def _learn(self, target: str, found: Standing) -> Standing:
        if found.state is BreakerState.CLOSED:
            found = CLOSED
        self._known[target] = _Known(found, asyncio.get_running_loop().time())
        return found

    def _probe_locally(self, target: str) -> bool:
        now = asyncio.get_running_loop().time()
        taken = probed(self._local[target], self._policy, at=now)
        if taken is not None:
            self._local[target] = taken
            _note(target, BreakerState.HALF_OPEN)
        return taken is not None

    def _report_locally(self, target: str, verdict: Verdict) -> Standing:
        now = asyncio.get_running_loop().time()
        before = standing(self._local[target], at=now)
        self._local[target] = reported(
            self._local[target], verdict, self._policy, at=now, roll=random.random()
        )
        found = standing(self._local[target], at=now)
        if found.state is not before.state:
            _note(target, found.state)
        return self._learn(target, found)

    async def _run(
        self, operation: str, targets: Sequence[str], arguments: Sequence[str | float]
    ) -> list[tuple[bytes, int, bytes, int]]:
        loop = asyncio.get_running_loop()
        if loop.time() < self._away_until:
            raise StateUnavailableError("the store was away a moment ago")
        try:
            with translated():
                async with asyncio.timeout(ANSWER_SECONDS):
                    answers: list[tuple[bytes, int, bytes, int]] = await self._script(
                        keys=[f"{self._prefix}breaker:{target}" for target in targets],
                        args=[operation, *self._numbers, *arguments],
                    )
        except StateUnavailableError:
            self._away_until = loop.time() + AWAY_SECONDS
            raise
        return answers


def _numbers(policy: BreakerPolicy) -> tuple[str | float, ...]:
    return (
        round(policy.window_seconds * 1000),
        policy.min_reports,
        policy.failure_share,
        policy.slow_share,
        round(policy.cooldown_seconds * 1000),
        round(policy.max_cooldown_seconds * 1000),
        round(policy.long_cooldown_seconds * 1000),
        round(policy.probe_seconds * 1000),
        JITTER,
    )


def _ordered_ms(seconds: float | None) -> int:
    if seconds is None:
        return -1
    return round(min(LONGEST_RETRY_AFTER_SECONDS, max(0.0, seconds)) * 1000)


def _note(target: str, state: BreakerState) -> None:
    """Log and count a change; refusals are never logged."""
    provider, _, model = target.partition("/")
    metrics.BREAKER_CHANGES.labels(provider, model, state.value).inc()
    _logger.warning(
        "gateway.breaker_changed",
        extra={"provider": provider, "model": model, "state": state.value},
    )
