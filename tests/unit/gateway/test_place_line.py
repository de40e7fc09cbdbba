"""Who waits for a place at a provider: in whose order, how long, and what is left behind."""

import asyncio
from dataclasses import replace

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY

from gateway.domain.caller import Caller
from gateway.domain.catalog import Key, RetryPolicy, Tenant
from gateway.domain.errors import LineFullError, ProviderBusyError, ProviderTimeoutError
from gateway.domain.fair_line import Belonging
from gateway.domain.gate import Departure, Place
from gateway.domain.messages import Delta, TextDelta
from gateway.domain.ports import CancelOrder
from gateway.domain.waiting import N_CERTAIN, Lines, Standing, Waiter
from gateway.services import observation, waiting
from gateway.services.calls import Call
from tests.factories.stage import A_STARTS, B_STARTS, DONE, PRICE, Stage, error_of, stage
from tests.fakes.clock import LaterClock, settle
from tests.fakes.gateway import make_target

pytestmark = pytest.mark.usefixtures("naps")

NARROW = make_target("a", "m1", places=1, price=PRICE)
HANGS = (A_STARTS, TextDelta("So"), None)
ANSWERS = (A_STARTS, DONE)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody asks again before it is called."""
    monkeypatch.setattr(waiting, "pause_seconds", lambda *_, **__: 3600.0)


def program(tenant: str, *, weight: int = 1, key: str = "") -> Caller:
    return Caller(Key(key or f"key of {tenant}", Tenant(tenant, weight=weight)))


def room(name: str) -> Caller:
    return Caller(room_id=name)


class Crowd:
    """A provider with one place, somebody who has it, and all who wait behind."""

    def __init__(self, on: Stage | None = None) -> None:
        self.on = on or stage(("a/m1", HANGS), ("a/m1", ANSWERS), targets=(NARROW,))
        self.calls: dict[str, Call] = {}
        self.tasks: dict[str, asyncio.Task[list[Delta]]] = {}

    async def comes(
        self, name: str, caller: Caller, **changes: object
    ) -> asyncio.Task[list[Delta]]:
        """Let one come, as far as it gets."""
        call = self.on.call(caller=caller, request_id=name)
        for field, value in changes.items():
            setattr(call, field, value)
        self.calls[name] = call
        self.tasks[name] = asyncio.create_task(self.on.run(call))
        await settle()
        return self.tasks[name]

    async def leaves(self, name: str) -> None:
        """Let one hang up."""
        self.tasks[name].cancel()
        await asyncio.wait([self.tasks[name]])

    async def is_over(self) -> list[str]:
        """Return who was answered, in order, once all are gone; nothing is left of anybody."""
        for name, task in self.tasks.items():
            if not task.done():
                await asyncio.wait([task])
            assert self.calls[name].stay.standing is None
        assert self.on.ports.lines.by_provider == {}
        assert await self.on.is_empty()
        return [request.request_id for request in self.on.provider.requests]


@pytest.fixture
async def crowd() -> Crowd:
    """One place, and somebody of the house who has it."""
    found = Crowd()
    await found.comes("first", room("other"))
    return found


# --- The order ------------------------------------------------------------------------------


async def test_twelve_who_wait_for_one_place_are_served_as_they_came(crowd: Crowd) -> None:
    names = [f"{number}" for number in range(12)]
    for name in names:
        await crowd.comes(name, program("acme"))
    await crowd.leaves("first")

    assert await crowd.is_over() == ["first", *names]


async def test_twice_the_weight_is_served_twice_as_often(crowd: Crowd) -> None:
    for number in range(4):
        await crowd.comes(f"one {number}", program("one"))
    for number in range(8):
        await crowd.comes(f"two {number}", program("two", weight=2))
    await crowd.leaves("first")

    order = [name.split()[0] for name in (await crowd.is_over())[1:]]
    assert order == ["two", "one", "two"] * 4


async def test_a_turn_of_a_room_does_not_wait_for_every_program_before_it(crowd: Crowd) -> None:
    for number in range(6):
        await crowd.comes(f"program {number}", program("acme", weight=1))
    await crowd.comes("turn", room("r"))
    await crowd.leaves("first")

    assert (await crowd.is_over()).index("turn") == 2


async def test_keys_of_a_tenant_take_turns(crowd: Crowd) -> None:
    for number in range(3):
        await crowd.comes(f"k {number}", program("acme", key="k"))
    await crowd.comes("l", program("acme", key="l"))
    await crowd.leaves("first")

    assert await crowd.is_over() == ["first", "k 0", "l", "k 1", "k 2"]


async def test_a_newcomer_does_not_overtake_those_who_wait(crowd: Crowd) -> None:
    """The place is free, and the one it is for has not been told yet."""
    await crowd.comes("waits", program("acme"))
    held = crowd.calls["first"].stay.holder
    await crowd.on.ports.gate.leave(Departure(held, 0, 0))
    await crowd.comes("comes", program("other"))

    assert crowd.on.provider.n_calls == 1
    await crowd.leaves("first")
    assert await crowd.is_over() == ["first", "waits", "comes"]


async def test_where_a_place_is_free_nobody_stands_in_line() -> None:
    on = stage(("a/m1", ANSWERS), targets=(NARROW,))
    call = on.call(caller=program("acme"))

    assert (await on.run(call))[-1] == DONE
    assert call.observed.queue_wait_seconds == 0.0
    assert on.ports.lines._paces == {}


async def test_another_provider_that_is_free_is_asked_while_others_wait_at_the_first() -> None:
    other = make_target("b", "m2", price=PRICE)
    crowd = Crowd(stage(("a/m1", HANGS), ("a/m1", ANSWERS), targets=(NARROW,)))
    await crowd.comes("first", room("other"))
    await crowd.comes("waits", program("acme"))
    crowd.on.provider.say("b/m2", (B_STARTS, DONE))
    catalog = crowd.on.ports.catalog()
    wider = replace(catalog.routes["m"], targets=(NARROW, other))
    passes = await crowd.comes(
        "passes", program("acme"), catalog=replace(catalog, routes={"m": wider})
    )

    assert (await passes)[0] == B_STARTS
    await crowd.leaves("first")
    assert await crowd.is_over() == ["first", "passes", "waits"]


# --- Places that come free ------------------------------------------------------------------


async def test_a_place_given_back_by_another_process_is_found_a_little_later(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "pause_seconds", lambda *_, **__: 0.001)
    found = await crowd.comes("waits", program("acme"))
    await crowd.on.ports.gate.leave(Departure(crowd.calls["first"].stay.holder, 0, 0))

    assert (await found)[-1] == DONE
    await crowd.leaves("first")
    assert await crowd.is_over() == ["first", "waits"]


async def test_only_the_first_of_the_line_asks(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    move = crowd.on.ports.gate.move

    async def counted(holder: str, places: tuple[Place, ...]) -> int | None:
        asked.append(holder)
        return await move(holder, places)

    monkeypatch.setattr(crowd.on.ports.gate, "move", counted)
    for number in range(5):
        await crowd.comes(f"{number}", program("acme"))

    assert asked == [crowd.calls["0"].stay.holder]
    await crowd.leaves("first")
    await crowd.is_over()
    assert len(asked) == 1 + 5  # in vain when it came, then each once as the place came free


async def test_a_call_that_moves_on_lets_the_next_one_have_its_place() -> None:
    both = (NARROW, make_target("b", "m2", places=1, price=PRICE))
    on = stage(
        *(("a/m1", (None,)), ("a/m1", ANSWERS)),
        *(("b/m2", (B_STARTS, TextDelta("So"), None)), ("b/m2", (B_STARTS, DONE))),
        targets=both,
    )
    crowd = Crowd(on)
    await crowd.comes("at a", program("acme"))
    await crowd.comes("at b", program("acme"))
    waits = await crowd.comes("waits", program("acme"))
    assert set(on.ports.lines.by_provider) == {"a", "b"}

    attempt = crowd.calls["at a"].current
    attempt.watchdog._due_at = 0.0  # its first content is late
    attempt.watchdog.due()

    assert (await waits)[0] == A_STARTS
    assert set(on.ports.lines.by_provider) == {"b"}
    await crowd.leaves("at b")
    assert (await crowd.tasks["at a"])[0] == B_STARTS
    await crowd.is_over()


async def test_a_rival_in_a_race_does_not_overtake_those_who_wait() -> None:
    hurried = RetryPolicy(n_retries=0, hedge_after_seconds=0.0)
    slow = make_target("b", "m2", places=2, price=PRICE)
    on = stage(
        *(("a/m1", HANGS), ("a/m1", ANSWERS)),
        ("b/m2", (None,)),
        targets=(NARROW, slow),
        retry=hurried,
    )
    crowd = Crowd(on)
    await crowd.comes("first", room("other"))
    on.ports.lines.join(Waiter(Belonging("t", 1, "k"), lambda: None), ("a",), at=0.0)
    await crowd.comes("races", program("acme"))

    assert on.provider.targets == ["a/m1", "b/m2"]  # and not a again, as the rival of b
    for name in ("first", "races"):
        await crowd.leaves(name)


# --- Leaving --------------------------------------------------------------------------------


@pytest.mark.parametrize("who", range(3))
async def test_who_stops_waiting_leaves_no_waiter_and_no_place(crowd: Crowd, who: int) -> None:
    names = ["0", "1", "2"]
    for name in names:
        await crowd.comes(name, program("acme"))
    await crowd.leaves(str(who))
    await crowd.leaves("first")

    names.remove(str(who))
    assert await crowd.is_over() == ["first", *names]


async def test_who_stops_just_as_a_place_is_taken_gives_it_to_the_next(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("asks", "next"):
        await crowd.comes(name, program("acme"))
    is_taken, move = asyncio.Event(), crowd.on.ports.gate.move

    async def slow(holder: str, places: tuple[Place, ...]) -> int | None:
        index = await move(holder, places)
        if holder == crowd.calls["asks"].stay.holder and index is not None:
            is_taken.set()
            await asyncio.Event().wait()
        return index

    monkeypatch.setattr(crowd.on.ports.gate, "move", slow)
    await crowd.leaves("first")
    await is_taken.wait()
    await crowd.leaves("asks")

    assert await crowd.is_over() == ["first", "next"]


async def test_an_order_to_stop_reaches_who_waits(crowd: Crowd) -> None:
    task = await crowd.comes("waits", program("acme"))
    crowd.calls["waits"].watchdog.stop(CancelOrder("user", 0.0))
    (end,) = await task

    assert end.reason == "cancelled"
    await crowd.leaves("first")
    assert await crowd.is_over() == ["first"]


# --- Whom to refuse -------------------------------------------------------------------------


async def test_who_does_not_fit_is_refused_at_once_and_told_when_there_is_room() -> None:
    on = stage(("a/m1", HANGS), ("a/m1", ANSWERS), targets=(NARROW,))
    on.ports = replace(on.ports, lines=Lines(n_waiting=2))
    crowd = Crowd(on)
    await crowd.comes("first", room("other"))
    await crowd.comes("0", program("acme"))
    await crowd.comes("1", program("acme"))
    on.ports.lines._paces["a"].gap_seconds, on.ports.lines._paces["a"].n_came = 7.0, 1
    error = error_of(await (await crowd.comes("2", program("acme"))))

    assert isinstance(error, LineFullError)
    assert (error.code, error.status, error.error_type) == ("provider_busy", 503, "queue_full")
    assert error.retry_after_seconds == 7.0
    await crowd.leaves("first")
    assert await crowd.is_over() == ["first", "0", "1"]


async def test_a_full_line_has_room_for_who_has_fewer_in_it() -> None:
    on = stage(("a/m1", HANGS), ("a/m1", ANSWERS), targets=(NARROW,))
    on.ports = replace(on.ports, lines=Lines(n_waiting=2))
    crowd = Crowd(on)
    await crowd.comes("first", room("other"))
    await crowd.comes("0", program("greedy"))
    pushed_out = await crowd.comes("1", program("greedy"))
    await crowd.comes("modest", program("modest"))

    assert isinstance(error_of(await pushed_out), LineFullError)
    await crowd.leaves("first")
    assert await crowd.is_over() == ["first", "0", "modest"]


async def test_who_waited_in_vain_is_told_when_it_would_have_been_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    narrow = make_target("a", "m1", places=1, wait_seconds=5.0)
    crowd = Crowd(stage(("a/m1", HANGS), ("a/m1", ANSWERS), targets=(narrow,)))
    await crowd.comes("first", room("other"))
    clock = LaterClock(monkeypatch)
    task = await crowd.comes("waits", program("acme"))
    pace = crowd.on.ports.lines._paces["a"]
    pace.gap_seconds, pace.n_came = 60.0, 1
    await clock.advance(5.1)
    await asyncio.sleep(0.03)
    error = error_of(await task)

    assert isinstance(error, ProviderBusyError)
    assert (error.error_type, error.retry_after_seconds) == ("queue_expired", 60.0)
    await crowd.leaves("first")
    await crowd.is_over()


async def test_who_cannot_be_served_in_its_time_is_told_at_once(crowd: Crowd) -> None:
    for number in range(9):
        await crowd.comes(f"{number}", program("acme"))
    pace = crowd.on.ports.lines._paces["a"]
    pace.gap_seconds, pace.n_came = 60.0, N_CERTAIN
    hurried = await crowd.comes("hurried", program("acme"), budget_seconds=1.05)
    error = error_of(await hurried)

    assert isinstance(error, ProviderBusyError)
    assert error.retry_after_seconds == pytest.approx(600.0, abs=2.0)
    assert not crowd.tasks["0"].done()
    await crowd.leaves("first")
    await crowd.is_over()


async def test_a_wait_ends_when_there_is_no_time_left_for_an_attempt(crowd: Crowd) -> None:
    hurried = await crowd.comes("hurried", program("acme"), budget_seconds=0.06)
    error = error_of(await hurried)

    assert isinstance(error, ProviderTimeoutError)
    assert error.error_type == "total_timeout"
    await crowd.leaves("first")
    assert await crowd.is_over() == ["first"]


# --- What is told of it ---------------------------------------------------------------------


def waited(outcome: str) -> float:
    labels = {"queue": "places", "outcome": outcome}
    return REGISTRY.get_sample_value("gw_queue_wait_seconds_count", labels) or 0.0


async def test_who_waits_can_be_asked_where_it_stands(crowd: Crowd) -> None:
    await crowd.comes("0", program("acme"))
    await crowd.comes("1", program("acme"))
    standing = crowd.calls["1"].stay.standing

    assert standing is not None
    assert standing() == Standing(2)
    assert REGISTRY.get_sample_value("gw_place_waiters_count") == 2
    await crowd.leaves("first")
    await crowd.is_over()
    assert REGISTRY.get_sample_value("gw_place_waiters_count") == 0


async def test_every_wait_is_counted_once_by_how_it_ended(crowd: Crowd) -> None:
    before = {outcome: waited(outcome) for outcome in ("admitted", "cancelled", "expired")}
    for name in ("served", "leaves"):
        await crowd.comes(name, program("acme"))
    await crowd.leaves("leaves")
    await crowd.leaves("first")
    await crowd.is_over()

    assert {outcome: waited(outcome) - before[outcome] for outcome in before} == {
        "admitted": 1,
        "cancelled": 1,
        "expired": 0,
    }


async def test_the_wait_is_on_the_trace_and_not_the_gateways_own_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(observation, "_tracer", provider.get_tracer("test"))
    crowd, clock = Crowd(), LaterClock(monkeypatch)
    await crowd.comes("first", room("other"))
    await crowd.comes("0", program("acme"))
    await crowd.comes("1", program("acme"))
    await clock.advance(3.0)
    await crowd.leaves("first")
    await crowd.is_over()

    told = {
        (span.attributes or {})["gw.request.id"]: dict(span.attributes or {})
        for span in exporter.get_finished_spans()
        if span.name == "chat m"
    }
    assert [told[name].get("gw.queue.position") for name in ("first", "0", "1")] == [None, 1, 2]
    assert told["1"]["queued"] is True
    assert 3000 <= told["1"]["gw.queue.wait_ms"] < 4000
    assert crowd.calls["1"].overhead_seconds < 1.0
