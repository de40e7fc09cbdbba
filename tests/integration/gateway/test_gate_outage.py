"""A store that is gone, silent or slow: a share of every limit, never none and never no limit."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from gateway.adapters.redis.gate import GateTiming, RedisGate
from gateway.adapters.redis.gate_outage import N_FAILURES
from gateway.domain.budget import Spending
from gateway.domain.errors import StateUnavailableError
from gateway.domain.gate import Barred, Departure, Entered, Entrance, Place, Progress, Reservation
from gateway.domain.money import Budget
from gateway.domain.rate_limit import Algorithm, Claim, Dimension, Limit, Unit
from tests.fakes.slow_road import SlowRoad, slow_road

N_SHARERS = 4
LIMIT = Limit(Dimension.KEY, Unit.REQUESTS, 12, 86_400.0, Algorithm.SLIDING_WINDOW)
SEATS = Limit(Dimension.KEY, Unit.CONCURRENT, 8)
BUDGET = Budget("key:k", 1000)
PLACE = Place("one", 8)
GATE_LOGGER = "gateway.adapters.redis.gate_outage"


@pytest.fixture
async def road(redis_url: str) -> AsyncIterator[SlowRoad]:
    """The road to the store, whose database is empty."""
    async with Redis.from_url(redis_url) as client:
        await client.flushdb()
    async with slow_road(redis_url) as found:
        yield found


class Ledger:
    """What was spent so far, and whether it can be asked."""

    def __init__(self) -> None:
        self.spent = 0
        self.error: Exception | None = None

    async def __call__(self, subject: str, since: int) -> int:
        if self.error is not None:
            raise self.error
        return self.spent


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
async def gate(road: SlowRoad, redis_prefix: str, ledger: Ledger) -> AsyncIterator[RedisGate]:
    """A gate at the end of the road; a quarter of everything is its share."""
    client = Redis.from_url(road.url, retry=Retry(NoBackoff(), 0))
    found = RedisGate(
        client,
        prefix=f"{redis_prefix}outage:",
        spent=ledger,
        n_sharers=N_SHARERS,
        # Generous where the store is well: a busy machine is not an outage.
        timing=GateTiming(answer_seconds=0.25, lease_seconds=30.0, probe_seconds=0.01),
    )
    yield found
    await found.aclose()
    await client.aclose()


def wanting(holder: str, *claims: Claim, **more: object) -> Entrance:
    return Entrance(holder, claims=claims, **more)  # type: ignore[arg-type]


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def enter_all(gate: RedisGate, name: str, n: int, *claims: Claim) -> list[bool]:
    """Return who got in; everybody did or did not by a share of the limits."""
    answers = [await gate.enter(wanting(f"{name}{number}", *claims)) for number in range(n)]
    assert all(answer.is_degraded for answer in answers if isinstance(answer, Entered))
    return [isinstance(answer, Entered) for answer in answers]


async def lose(gate: RedisGate) -> None:
    """Let the gate notice that the store is away."""
    for number in range(N_FAILURES):
        answer = await gate.enter(wanting(f"lost{number}"))
        assert isinstance(answer, Entered)
        assert answer.is_degraded
        await gate.leave(Departure(f"lost{number}", tokens=0, cost_microusd=0))
        await gate.flush()


async def regained(gate: RedisGate) -> None:
    """Return once requests are let in by the store again."""
    async with asyncio.timeout(20):
        while True:
            answer = await gate.enter(wanting("probe"))
            await gate.leave(Departure("probe", tokens=0, cost_microusd=0))
            if isinstance(answer, Entered) and not answer.is_degraded:
                break
            await asyncio.sleep(0.01)
        await gate.flush()


async def until(ask: Callable[[], Awaitable[object]]) -> None:
    """Ask until the answer is something."""
    async with asyncio.timeout(20):
        is_answered = False
        while not is_answered:
            is_answered = bool(await ask())
            await asyncio.sleep(0)


@pytest.mark.parametrize("ailment", ["gone", "silent", "slow"])
async def test_a_quarter_of_every_limit_stands_in_for_the_store(
    gate: RedisGate, road: SlowRoad, ailment: str
) -> None:
    assert isinstance(await gate.enter(wanting("before", Claim(LIMIT, "k", 1))), Entered)
    if ailment == "gone":
        await road.close()
    road.is_silent = ailment == "silent"
    road.delay_seconds = 30.0 if ailment == "slow" else 0.0

    async with asyncio.timeout(20):
        assert await enter_all(gate, "a", 5, Claim(LIMIT, "k", 1)) == [True] * 3 + [False] * 2
        assert await enter_all(gate, "b", 3, Claim(SEATS, "k", 1)) == [True] * 2 + [False]


async def test_it_says_once_that_the_store_is_away_and_once_that_it_is_back(
    gate: RedisGate, road: SlowRoad, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger=GATE_LOGGER)
    entered_before = sample("gw_gate_shared_total", decision="entered")
    await road.close()
    await lose(gate)
    await enter_all(gate, "a", 50)

    assert sample("gw_gate_store_away") == 1.0
    assert sample("gw_gate_shared_total", decision="entered") - entered_before == 53
    await road.open()
    await regained(gate)
    assert sample("gw_gate_store_away") == 0.0
    said = [record.message for record in caplog.records if record.name == GATE_LOGGER]
    assert said == ["gateway.gate_degraded", "gateway.gate_restored"]


async def test_while_it_is_away_nobody_waits_for_it(gate: RedisGate, road: SlowRoad) -> None:
    road.is_silent = True
    await lose(gate)
    loop = asyncio.get_running_loop()
    is_passed = False

    def pass_by() -> None:
        nonlocal is_passed
        is_passed = True

    loop.call_soon(pass_by)
    answer = await gate.enter(wanting("a"))
    await gate.leave(Departure("a", tokens=0, cost_microusd=0))

    assert isinstance(answer, Entered)
    assert not is_passed


async def test_the_store_learns_afterwards_who_is_inside_and_who_has_paid(
    gate: RedisGate, road: SlowRoad, ledger: Ledger
) -> None:
    money = (Reservation(BUDGET, 50),)
    both = {"reservations": money, "places": (PLACE,)}
    await gate.enter(wanting("stays", Claim(SEATS, "k", 1), **both))
    await gate.enter(wanting("goes", Claim(SEATS, "k", 1), **both))
    await road.close()
    await lose(gate)
    await gate.leave(Departure("goes", tokens=0, cost_microusd=30))
    await gate.enter(wanting("comes", Claim(SEATS, "k", 1), **both))
    await gate.enter(wanting("passes", **both))
    await gate.leave(Departure("passes", tokens=0, cost_microusd=20))
    await gate.renew([Progress("comes", 3, b"three")])
    assert await gate.move("comes", (Place("two", 8),)) == 0
    await road.open()
    await regained(gate)

    await until(lambda: gate.in_flight("two"))
    assert await gate.in_flight("one") == 1
    assert await gate.spendings([BUDGET]) == [Spending(50, 100)]
    for holder in ("stays", "comes"):
        await gate.leave(Departure(holder, tokens=0, cost_microusd=1))
    await gate.flush()
    assert [await gate.in_flight(name) for name in ("one", "two")] == [0, 0]
    assert await gate.spendings([BUDGET]) == [Spending(52, 0)]


async def test_what_is_inside_counts_against_the_share(gate: RedisGate, road: SlowRoad) -> None:
    for number in range(5):
        await gate.enter(wanting(f"a{number}", Claim(SEATS, "k", 1), places=(PLACE,)))
    await road.close()
    await lose(gate)

    assert await enter_all(gate, "b", 1, Claim(SEATS, "k", 1)) == [False]
    answer = await gate.enter(wanting("c", places=(PLACE,)))
    assert isinstance(answer, Entered)
    assert answer.place is None


async def test_of_a_budget_a_quarter_of_what_was_left_may_be_spent(
    gate: RedisGate, road: SlowRoad, ledger: Ledger
) -> None:
    ledger.spent = 600
    await gate.enter(wanting("a", reservations=(Reservation(BUDGET, 200),)))
    await road.close()
    await lose(gate)

    answers = [
        await gate.enter(wanting(f"b{number}", reservations=(Reservation(BUDGET, 25),)))
        for number in range(3)
    ]
    assert [isinstance(answer, Entered) for answer in answers] == [True, True, False]
    never = await gate.enter(wanting("c", reservations=(Reservation(BUDGET, 51),)))
    assert never == Barred(None, budget="key:k")


async def test_without_the_ledgers_sum_a_share_of_the_budget_is_what_there_is(
    gate: RedisGate, ledger: Ledger
) -> None:
    ledger.error = RuntimeError("away")
    answers = [
        await gate.enter(wanting(f"a{number}", reservations=(Reservation(BUDGET, 100),)))
        for number in range(3)
    ]

    assert [isinstance(answer, Entered) for answer in answers] == [True, True, False]
    assert all(answer.is_degraded for answer in answers if isinstance(answer, Entered))
    ledger.error = None
    answer = await gate.enter(wanting("b", reservations=(Reservation(BUDGET, 100),)))
    assert isinstance(answer, Entered)
    assert not answer.is_degraded


async def test_one_look_at_the_ledger_serves_all_who_wait_for_it(
    gate: RedisGate, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def spent(subject: str, since: int) -> int:
        asked.append(subject)
        await asyncio.sleep(0)
        return 970

    monkeypatch.setattr(gate, "_spent", spent)
    answers = await asyncio.gather(
        *(
            gate.enter(wanting(f"a{number}", reservations=(Reservation(BUDGET, 10),)))
            for number in range(9)
        )
    )

    assert asked == ["key:k"]
    assert sum(isinstance(answer, Entered) for answer in answers) == 3


async def test_questions_nobody_else_can_answer_fail_while_it_is_away(
    gate: RedisGate, road: SlowRoad
) -> None:
    await road.close()
    await lose(gate)

    for asking in (gate.in_flight("one"), gate.orphans(), gate.spendings([BUDGET])):
        with pytest.raises(StateUnavailableError):
            await asking
    await gate.renew([Progress("a", 1)])
    assert await gate.move("nobody", (PLACE,)) is None


async def test_after_an_outage_nobody_is_an_orphan_before_a_lease_has_passed(
    gate: RedisGate, road: SlowRoad, redis_url: str, redis_prefix: str
) -> None:
    async with Redis.from_url(redis_url) as client:
        timing = GateTiming(lease_seconds=0.001, answer_seconds=5.0)
        prefix = f"{redis_prefix}outage:"
        dying = RedisGate(client, prefix=prefix, spent=Ledger(), timing=timing)
        await dying.enter(wanting("dead"))
        await until(gate.orphans)
        await road.close()
        await lose(gate)
        await road.open()
        await regained(gate)

        assert await gate.orphans() == []
        assert [orphan.holder for orphan in await dying.orphans()] == ["dead"]


async def test_who_stops_waiting_has_not_entered(gate: RedisGate, road: SlowRoad) -> None:
    one = Claim(Limit(Dimension.KEY, Unit.REQUESTS, 1, 60.0, Algorithm.FIXED_WINDOW), "k", 1)
    for n_ticks in range(12):
        entering = asyncio.create_task(
            gate.enter(wanting(f"a{n_ticks}", one, Claim(SEATS, "k", 1), places=(PLACE,)))
        )
        for _ in range(n_ticks):
            await asyncio.sleep(0)
        entering.cancel()
        await asyncio.gather(entering, return_exceptions=True)
        if not entering.cancelled():  # was in before it could stop waiting
            await gate.leave(Departure(f"a{n_ticks}", tokens=0, cost_microusd=0, is_void=True))
        await gate.flush()

    assert await gate.in_flight("one") == 0
    assert isinstance(await gate.enter(wanting("b", one)), Entered)


async def test_a_loop_that_was_busy_is_not_a_slow_store(
    redis_url: str, redis_prefix: str, ledger: Ledger
) -> None:
    async with Redis.from_url(redis_url) as client:
        timing = GateTiming(answer_seconds=0.05)
        prefix = f"{redis_prefix}outage:"
        gate = RedisGate(client, prefix=prefix, spent=ledger, timing=timing)
        await gate.enter(wanting("before"))
        for number in range(5):
            entering = asyncio.create_task(gate.enter(wanting(f"a{number}")))
            for _ in range(number + 2):
                await asyncio.sleep(0)
            time.sleep(0.06)  # noqa: ASYNC251  something else has the loop meanwhile
            assert await entering == Entered(None)


async def test_a_store_that_lost_its_scripts_is_taught_them_again(
    gate: RedisGate, redis_url: str
) -> None:
    assert isinstance(await gate.enter(wanting("a")), Entered)
    async with Redis.from_url(redis_url) as client:
        await client.script_flush()

    assert await gate.enter(wanting("b")) == Entered(None)


async def test_what_cannot_be_packed_harms_nobody_else(gate: RedisGate) -> None:
    huge = Reservation(BUDGET, 1 << 70)
    answers = await asyncio.gather(
        gate.enter(wanting("huge", reservations=(huge,))), gate.enter(wanting("a"))
    )

    assert [type(answer) for answer in answers] == [Barred, Entered]
    assert await gate.enter(wanting("b")) == Entered(None)
