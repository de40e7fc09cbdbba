"""The script and the book in one process answer everything alike, whatever happens."""

import asyncio
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from gateway.domain.gate import Departure, Entered, Entrance, Place, Progress, Reservation
from gateway.domain.money import Budget, BudgetPeriod
from gateway.domain.rate_limit import Algorithm, Claim, Dimension, Limit, Unit
from tests.contracts.gates import GateTwin, memory_gate, redis_gate

HOLDERS = [f"h{number}" for number in range(8)]
LIMITS = [
    *(
        Limit(Dimension.KEY, unit, amount, window, algorithm, burst)
        for algorithm in Algorithm
        for unit, amount, window, burst in (
            (Unit.REQUESTS, 3, 7.0, 0),
            (Unit.TOKENS, 999_983, 86_400.0, 0),
            (Unit.TOKENS, 40, 1.3, 11),
            (Unit.MICROUSD, 50, 60.0, 0),
            (Unit.REQUESTS, 0, 60.0, 0),
        )
    ),
    Limit(Dimension.TENANT, Unit.CONCURRENT, 2),
    Limit(Dimension.USER, Unit.CONCURRENT, 0),
]
BUDGETS = [Budget(f"s:{period}", 120, period) for period in BudgetPeriod]

claims = st.lists(
    st.builds(Claim, st.sampled_from(LIMITS), st.sampled_from(["k", "m"]), st.integers(0, 45)),
    max_size=3,
    unique_by=lambda claim: (claim.limit.identity, claim.value),
)
flowing = claims.filter(
    lambda wanted: all(claim.limit.unit is not Unit.CONCURRENT for claim in wanted)
)
reservations = st.lists(
    st.builds(Reservation, st.sampled_from(BUDGETS), st.integers(0, 130)),
    max_size=2,
    unique_by=lambda reservation: reservation.budget.subject,
)
places = st.lists(
    st.builds(Place, st.sampled_from(["one", "two"]), st.integers(0, 2)), max_size=2
).map(tuple)
holders = st.sampled_from(HOLDERS)
steps = st.one_of(
    st.tuples(
        st.just("enter"),
        st.builds(
            Entrance,
            holders,
            claims=claims.map(tuple),
            reservations=reservations.map(tuple),
            places=places,
            record=st.binary(max_size=5),
        ),
    ),
    st.tuples(
        st.just("enter"),
        st.builds(Entrance, holders, claims=flowing.map(tuple), stays=st.just(value=False)),
    ),
    st.tuples(
        st.just("leave"),
        st.builds(
            Departure,
            holders,
            tokens=st.integers(0, 90),
            cost_microusd=st.integers(0, 140),
            is_void=st.booleans(),
            is_reaped=st.booleans(),
        ),
    ),
    st.tuples(st.just("move"), holders, places),
    st.tuples(
        st.just("renew"),
        st.lists(
            st.builds(Progress, holders, st.integers(0, 9), st.binary(max_size=4)),
            max_size=3,
            unique_by=lambda progress: progress.holder,
        ),
    ),
    st.tuples(st.just("age"), st.sampled_from([0.000_001, 0.3, 1.0, 2.5, 4.0, 61.0, 90_000.0])),
    st.tuples(st.just("forget")),
)


async def told(twin: GateTwin, name: str, *arguments: object) -> object:
    """Return what the gate answers to the step, and how it stands afterwards."""
    answer: object = None
    if name in {"age", "forget"}:
        await getattr(twin, name)(*arguments)
    else:
        answer = await getattr(twin.port, name)(*arguments)
        await twin.port.flush()
    return (
        answer,
        [await twin.port.in_flight(provider) for provider in ("one", "two")],
        await twin.port.spendings(BUDGETS),
        await twin.port.orphans(),
    )


def inside_once(wanted: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Return the steps with a new name for everyone who enters: a holder enters once."""
    renamed: dict[str, str] = {}
    found: list[tuple[object, ...]] = []
    for number, (name, *arguments) in enumerate(wanted):
        if name == "enter":
            (entrance,) = arguments
            assert isinstance(entrance, Entrance)
            renamed[entrance.holder] = f"{entrance.holder}.{number}"
        found.append((name, *(_renamed(each, renamed) for each in arguments)))
    return found


def _renamed(argument: object, renamed: dict[str, str]) -> object:
    if isinstance(argument, str):
        return renamed.get(argument, argument)
    if isinstance(argument, list):
        return [_renamed(each, renamed) for each in argument]
    if isinstance(argument, Entrance):
        return replace(argument, holder=renamed[argument.holder])
    if isinstance(argument, Departure):
        holder = renamed.get(argument.holder, argument.holder)
        return replace(argument, holder=holder)
    if isinstance(argument, Progress):
        holder = renamed.get(argument.holder, argument.holder)
        return Progress(holder, argument.output_tokens, argument.record)
    return argument


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(wanted=st.lists(steps, min_size=1, max_size=25))
def test_the_script_answers_as_the_book_does(
    redis_url: str, redis_prefix: str, wanted: list[tuple[object, ...]]
) -> None:
    async def both() -> None:
        async with Redis.from_url(redis_url) as client:
            stored = await redis_gate(client, prefix=f"{redis_prefix}agree:")
            book = memory_gate()
            for twin in (stored, book):
                twin.spent["s:total", 0] = 30
            for name, *arguments in inside_once(wanted):
                expected = await told(book, str(name), *arguments)
                assert await told(stored, str(name), *arguments) == expected

    asyncio.run(both())


async def test_a_batch_is_answered_as_one_request_after_another(
    redis_url: str, redis_prefix: str
) -> None:
    wanted = [
        Entrance(
            f"h{number}",
            (Claim(LIMITS[number % 4], "k", 1 + number % 3), Claim(LIMITS[-2], "k", 1)),
            (Reservation(BUDGETS[0], number),),
            (Place("one", 3), Place("two", 9)),
        )
        for number in range(40)
    ]
    async with Redis.from_url(redis_url) as client:
        stored = await redis_gate(client, prefix=f"{redis_prefix}agree:")
        book = memory_gate()
        await asyncio.gather(
            *(
                twin.port.enter(Entrance("warm", (), (Reservation(BUDGETS[0], 0),)))
                for twin in (stored, book)
            )
        )
        together = await asyncio.gather(*(stored.port.enter(each) for each in wanted))
        alone = [await book.port.enter(each) for each in wanted]

    assert together == alone
    assert 0 < sum(isinstance(answer, Entered) for answer in alone) < 40
