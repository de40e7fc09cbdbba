"""Queues in Redis: one script decides, so that two processes cannot share the last place."""

from collections.abc import Iterable

from redis.asyncio import Redis

from gateway.adapters.redis import scripts
from gateway.adapters.redis.faults import translated
from gateway.domain.admission import (
    WAITING_SECONDS,
    Admission,
    Admitted,
    QueueLoad,
    QueuePolicy,
    QueueStatus,
    decide,
)


class RedisAdmissions:
    """Bounded queues that every process sees alike."""

    def __init__(self, client: Redis, *, prefix: str, lease_seconds: float) -> None:
        self._script = client.register_script(scripts.source("admission"))
        self._prefix = prefix
        self._lease_ms = round(lease_seconds * 1000)

    async def admit(self, queue: str, ticket: str, policy: QueuePolicy) -> Admission:
        """Take a place or be refused."""
        is_new, *numbers = await self._run("admit", queue, policy, [ticket])
        if not is_new:
            (position,) = numbers
            return Admitted(position, is_degraded=position > policy.limit)
        n_waiting, n_running, hold_ms = numbers
        # The script has applied the same ceiling; here the answer gets its words.
        return decide(QueueLoad(n_waiting, n_running, hold_ms / 1000), policy)

    async def start(self, queue: str, ticket: str, policy: QueuePolicy) -> float | None:
        """Move the ticket to the running ones; None while there is no running place."""
        (waited_ms,) = await self._run("start", queue, policy, [ticket])
        return None if waited_ms < 0 else waited_ms / 1000

    async def renew(self, queue: str, tickets: Iterable[str]) -> None:
        """Keep running tickets alive."""
        await self._run("renew", queue, None, list(tickets))

    async def release(self, queue: str, ticket: str) -> None:
        """Give the place back."""
        await self._run("release", queue, None, [ticket])

    async def position(self, queue: str, ticket: str, policy: QueuePolicy) -> int | None:
        """Return the ticket's position, None when it does not wait."""
        (position,) = await self._run("position", queue, policy, [ticket])
        return None if position < 0 else position

    async def status(self, queue: str, policy: QueuePolicy) -> QueueStatus:
        """Return the load of the queue."""
        n_waiting, n_running, _, oldest_ms = await self._run("status", queue, policy, [])
        return QueueStatus(
            n_waiting=n_waiting,
            n_running=n_running,
            concurrency=policy.concurrency,
            limit=policy.limit,
            oldest_wait_seconds=oldest_ms / 1000,
        )

    async def _run(
        self, operation: str, queue: str, policy: QueuePolicy | None, tickets: list[str]
    ) -> list[int]:
        base = f"{self._prefix}queue:{{{queue}}}:"
        sizes = (policy.concurrency, policy.ceiling) if policy else (0, 0)
        with translated():
            answer: list[int] = await self._script(
                keys=[base + part for part in ("waiting", "running", "since", "hold")],
                args=[operation, self._lease_ms, WAITING_SECONDS * 1000, *sizes, *tickets],
            )
        return answer
