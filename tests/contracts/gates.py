"""Both twins of the gate, under a clock that stands still until it is told to move.

The script reads Redis's own clock in one line; here that line reads a key instead, and the rest
of it is what runs in earnest.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from redis.asyncio import Redis

from gateway.adapters.redis import gate as adapter
from gateway.adapters.redis.gate import GateTiming, RedisGate
from gateway.domain.budget import Account
from gateway.domain.money import BudgetPeriod
from gateway.domain.ports import Gate
from tests.fakes.clock import Clock
from tests.fakes.gate import LEASE_SECONDS, MemoryGate

NOON = 1_789_992_000.0  # 21 September 2026, 12:00:00 UTC
CLOCK_KEY = "contract:clock"
_CLOCK_LINE = "local clock = redis.call('TIME')"


@dataclass(slots=True)
class GateTwin:
    """A gate, the passing of time, what the ledger holds, and a store that loses everything."""

    port: Gate
    age: Callable[[float], Awaitable[None]]
    forget: Callable[[], Awaitable[None]]
    spent: dict[tuple[str, int], int] = field(default_factory=dict)
    look_ups: list[tuple[str, int]] = field(default_factory=list)


def memory_gate() -> GateTwin:
    """Return the gate in memory."""
    clock = Clock(NOON)
    gate = MemoryGate(clock)

    async def age(seconds: float) -> None:
        clock.advance(seconds)

    async def forget() -> None:
        gate.forget()

    twin = GateTwin(gate, age, forget)
    gate.spent = _Sums(twin)
    return twin


async def redis_gate(client: Redis, *, prefix: str) -> GateTwin:
    """Return the gate in Redis; the database is empty but for the clock."""
    await client.flushdb()
    clock = Clock(NOON)

    async def tell() -> None:
        await client.set(CLOCK_KEY, clock.now_us)

    async def age(seconds: float) -> None:
        clock.advance(seconds)
        await tell()

    async def forget() -> None:
        await client.flushdb()
        await tell()

    async def spent(subject: str, starts_at: int) -> int:
        twin.look_ups.append((subject, starts_at))
        return twin.spent.get((subject, starts_at), 0)

    await tell()
    timing = GateTiming(answer_seconds=5.0, lease_seconds=LEASE_SECONDS)
    gate = RedisGate(client, prefix=prefix, spent=spent, timing=timing, source=standing_still())
    twin = GateTwin(gate, age, forget)
    return twin


def standing_still() -> str:
    """Return the gate's script under a clock that is read from a key."""
    source = adapter.script()
    assert source.count(_CLOCK_LINE) == 1
    return source.replace(_CLOCK_LINE, f"local clock = {{0, redis.call('GET', '{CLOCK_KEY}')}}")


class _Sums(dict[Account, int]):
    """The ledger of a twin, asked by account."""

    def __init__(self, twin: GateTwin) -> None:
        super().__init__()
        self._twin = twin

    def get(self, account: Account, default: int = 0) -> int:  # type: ignore[override]
        asked = (account.subject, account.starts_at)
        self._twin.look_ups.append(asked)
        assert (account.period is BudgetPeriod.TOTAL) == (account.starts_at == 0)
        return self._twin.spent.get(asked, default)
