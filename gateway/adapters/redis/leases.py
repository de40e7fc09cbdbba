"""Turn leases in Redis: one owner per epoch, alive while renewed, atomic by script."""

from collections.abc import Iterable, Sequence

from redis.asyncio import Redis

from gateway.adapters.redis import scripts
from gateway.adapters.redis.faults import translated
from gateway.domain.errors import FencedError, LeaseHeldError
from gateway.domain.ports import LeaseClaim

KEEP_SECONDS = 3600  # how long a used-up epoch is remembered; longer than any turn


class RedisLeases:
    """Leases that every process sees alike."""

    def __init__(self, client: Redis, *, prefix: str, lease_seconds: float) -> None:
        self._script = client.register_script(scripts.source("leases"))
        self._prefix = prefix
        self._lease_ms = round(lease_seconds * 1000)

    async def acquire(self, claim: LeaseClaim) -> None:
        """Become the speaker, or raise."""
        (answer,) = await self._run("acquire", [claim])
        if answer == b"fenced":
            raise FencedError("a newer epoch of the turn exists")
        if answer == b"held":
            raise LeaseHeldError("this epoch of the turn is or was spoken by another worker")

    async def renew(self, claims: Iterable[LeaseClaim]) -> set[str]:
        """Keep the leases alive; return those that are somebody else's now."""
        claims = list(claims)
        answers = await self._run("renew", claims)
        return {
            claim.lease_id for claim, answer in zip(claims, answers, strict=True) if answer != b"ok"
        }

    async def release(self, claim: LeaseClaim) -> None:
        """Stop being alive."""
        await self._run("release", [claim])

    async def alive(self, lease_ids: Iterable[str]) -> set[str]:
        """Return those whose lease has not run out."""
        claims = [LeaseClaim(lease_id, 0, "") for lease_id in lease_ids]
        answers = await self._run("alive", claims)
        return {
            claim.lease_id
            for claim, answer in zip(claims, answers, strict=True)
            if answer == b"yes"
        }

    async def _run(self, operation: str, claims: Sequence[LeaseClaim]) -> list[bytes]:
        if not claims:
            return []
        arguments: list[str | int] = [operation, self._lease_ms, KEEP_SECONDS * 1000]
        for claim in claims:
            arguments += [claim.epoch, claim.owner]
        with translated():
            answers: list[bytes] = await self._script(
                keys=[f"{self._prefix}lease:{claim.lease_id}" for claim in claims], args=arguments
            )
        return answers
