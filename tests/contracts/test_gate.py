"""What every gate promises."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from gateway.domain.budget import Account
from gateway.domain.gate import Departure, Entered, Entrance, Place
from gateway.domain.ports import Gate
from gateway.domain.rate_limit import Algorithm, Claim, Dimension, Limit, Unit
from tests.fakes.clock import Clock
from tests.fakes.gate import MemoryGate


@dataclass(frozen=True, slots=True)
class GateTwin:
    """A gate, the passing of time, a ledger, and a store that loses everything."""

    port: Gate
    age: Callable[[float], Awaitable[None]]
    spent: dict[Account, int]
    forget: Callable[[], Awaitable[None]]


@pytest.fixture
async def gate() -> GateTwin:
    """The gate under test."""
    clock = Clock()
    memory = MemoryGate(clock)

    async def age(seconds: float) -> None:
        clock.advance(seconds)

    async def forget() -> None:
        memory.forget()

    return GateTwin(memory, age, memory.spent, forget)


def requests(amount: int, algorithm: Algorithm = Algorithm.FIXED_WINDOW) -> Claim:
    return Claim(Limit(Dimension.KEY, Unit.REQUESTS, amount, 60.0, algorithm), "key", 1)


@pytest.mark.parametrize("algorithm", [*Algorithm])
async def test_no_more_pass_than_the_limit(gate: GateTwin, algorithm: Algorithm) -> None:
    burst = 2 if algorithm is Algorithm.LEAKY_BUCKET else 0
    limit = Limit(Dimension.KEY, Unit.REQUESTS, 3, 60.0, algorithm, burst)
    answers = [
        await gate.port.enter(Entrance(name, claims=(Claim(limit, "k", 1),))) for name in "abcd"
    ]

    assert [isinstance(answer, Entered) for answer in answers] == [True, True, True, False]


async def test_a_seat_given_back_can_be_taken(gate: GateTwin) -> None:
    places = (Place("scripted", 1),)
    first = await gate.port.enter(Entrance("a", places=places))
    second = await gate.port.enter(Entrance("b", places=places))
    await gate.port.leave(Departure("a", tokens=0, cost_microusd=0))
    await gate.port.flush()

    assert (first, second) == (Entered(0), Entered(None))
    assert await gate.port.move("b", places) == 0
