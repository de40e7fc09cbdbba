"""Calls shared: one upstream for all who ask the same now, ended only when the last one leaves."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from gateway.domain.caller import Caller
from gateway.domain.catalog import Key, Target, Tenant
from gateway.domain.errors import (
    LimitExceededError,
    ProviderTimeoutError,
    StateUnavailableError,
    StreamTruncatedError,
    UpstreamError,
)
from gateway.domain.messages import (
    ChatRequest,
    Delta,
    Failed,
    Finish,
    FinishReason,
    Message,
    Role,
    Start,
    TextDelta,
    Usage,
    UsageSource,
)
from gateway.domain.money import AttemptEnd
from gateway.domain.ports import Ports
from gateway.domain.rate_limit import Algorithm, Dimension, Limit, Unit
from gateway.services import completion
from gateway.services.calls import Call
from gateway.services.heartbeat import Heart
from gateway.services.watchdog import Watchdog
from tests.fakes.clock import LaterClock, settle
from tests.fakes.gateway import (
    ONE_TRY,
    Clock,
    FakeProvider,
    MemorySharedRuns,
    make_catalog,
    make_ports,
    make_target,
)

START = Start("x", "fake", "m")
DONE = Finish(FinishReason.STOP, Usage(3, 9, UsageSource.PROVIDER))
WHY = (Message.plain(Role.USER, "Why?"),)
ACME = Key("k1", Tenant("acme"))


class PacedProvider(FakeProvider):
    """A provider that says each next piece when the test lets it."""

    def __init__(self, *steps: Delta | BaseException) -> None:
        super().__init__(*steps)
        self.may_say = asyncio.Semaphore(0)

    async def stream(self, request: ChatRequest, target: Target) -> AsyncGenerator[Delta, None]:
        """Yield the steps, each on a word from the test."""
        self.requests.append(request)
        self.n_open += 1
        try:
            for step in self.steps:
                await self.may_say.acquire()
                if isinstance(step, BaseException):
                    raise step
                assert step is not None
                yield step
        finally:
            self.n_open -= 1

    def say(self, n_pieces: int) -> None:  # type: ignore[override]
        """Let so many pieces be said."""
        for _ in range(n_pieces):
            self.may_say.release()


class Program:
    """One program that asks, and what it has heard."""

    def __init__(self, ports: Ports, heart: Heart, request_id: str, *, key: Key = ACME) -> None:
        request = ChatRequest(request_id, "", "m", messages=WHY)
        self.call = Call(request, Watchdog(), caller=Caller(key))
        self.heard: list[Delta] = []
        self._deltas = completion.stream(self.call, ports=ports, heart=heart)
        self.task = asyncio.create_task(self._listen())

    async def _listen(self) -> list[Delta]:
        try:
            async for delta in self._deltas:
                self.heard.append(delta)
        finally:
            await self._deltas.aclose()
        return self.heard

    async def leave(self) -> None:
        """Hang up."""
        self.task.cancel()
        await asyncio.wait((self.task,))


def house(
    provider: FakeProvider, runs: MemorySharedRuns | None = None, *, beat_seconds: float = 60.0
) -> tuple[Ports, Heart]:
    """Return the ports of one process; processes with the same ``runs`` share."""
    catalog = make_catalog(make_target(), retry=ONE_TRY, is_coalesced=True)
    ports = make_ports(provider=provider, catalog=catalog)
    if runs is not None:
        ports = replace(ports, runs=runs)
    return ports, Heart(ports, beat_seconds=beat_seconds)


def words(*texts: str) -> tuple[Delta, ...]:
    return (START, *(TextDelta(text) for text in texts), DONE)


async def test_those_who_ask_the_same_share_one_call_and_hear_all_of_it() -> None:
    provider = PacedProvider(*words("a", "b", "c"))
    house_ = house(provider)
    first = Program(*house_, "r1")
    await settle()
    provider.say(2)
    await settle()
    second = Program(*house_, "r2")
    await settle()
    assert second.heard == [START, TextDelta("a")]
    provider.say(3)
    assert await first.task == await second.task == list(words("a", "b", "c"))
    assert provider.n_calls == 1
    assert (first.call.spared.shared, second.call.spared.shared) == ("leader", "follower")


async def test_the_leader_pays_and_the_others_are_written_down_at_no_cost() -> None:
    provider = FakeProvider(*words("a"))
    ports, heart = house(provider)
    programs = [Program(ports, heart, f"r{number}") for number in range(3)]
    await asyncio.gather(*(program.task for program in programs))
    entries = ports.ledger.entries  # type: ignore[attr-defined]
    assert {name: entry.end for name, entry in entries.items()} == {
        "r0/1": AttemptEnd.DONE,
        "r1/shared": AttemptEnd.SHARED,
        "r2/shared": AttemptEnd.SHARED,
    }
    assert entries["r1/shared"].usage == Usage()
    assert entries["r1/shared"].provider == "fake"
    assert await ports.gate.in_flight("fake") == 0


async def test_the_leader_may_leave_and_the_call_goes_on_for_the_others() -> None:
    provider = PacedProvider(*words("a", "b"))
    ports, heart = house(provider)
    first, second = Program(ports, heart, "r1"), Program(ports, heart, "r2")
    await settle()
    provider.say(2)
    await settle()
    await first.leave()
    await settle()
    assert provider.n_open == 1
    provider.say(2)
    assert await second.task == list(words("a", "b"))


async def test_the_call_is_closed_when_the_last_one_leaves() -> None:
    provider = PacedProvider(*words("a", "b"))
    ports, heart = house(provider)
    first, second = Program(ports, heart, "r1"), Program(ports, heart, "r2")
    await settle()
    provider.say(2)
    await settle()
    await second.leave()
    await settle()
    assert provider.n_open == 1
    await first.leave()
    await settle()
    assert (provider.n_open, await ports.gate.in_flight("fake")) == (0, 0)
    entry = ports.ledger.entries["r1/1"]  # type: ignore[attr-defined]
    assert entry.end is AttemptEnd.CANCELLED


async def test_who_asks_after_the_end_is_answered_by_a_call_of_its_own() -> None:
    provider = FakeProvider(*words("a"))
    ports, heart = house(provider)
    for number in range(2):
        await Program(ports, heart, f"r{number}").task
        await settle()
    assert provider.n_calls == 2


async def test_another_tenant_shares_nothing() -> None:
    provider = FakeProvider(*words("a"))
    ports, heart = house(provider)
    one = Program(ports, heart, "r1")
    other = Program(ports, heart, "r2", key=Key("k2", Tenant("other")))
    await asyncio.gather(one.task, other.task)
    assert provider.n_calls == 2


async def test_a_failure_of_the_provider_is_everybodys() -> None:
    provider = FakeProvider(START, TextDelta("a"), UpstreamError("it broke"))
    ports, heart = house(provider)
    programs = [Program(ports, heart, f"r{number}") for number in range(2)]
    for program in programs:
        last = (await program.task)[-1]
        assert isinstance(last, Failed)
        assert isinstance(last.error, UpstreamError)
    assert provider.n_calls == 1


async def test_the_leaders_own_limit_is_nobody_elses() -> None:
    provider = FakeProvider(*words("a"))
    ports, heart = house(provider)
    spent = Key("k1", Tenant("acme"), limits=(Limit(Dimension.KEY, Unit.TOKENS, 0),))
    first = Program(ports, heart, "r1", key=spent)
    second = Program(ports, heart, "r2", key=Key("k2", Tenant("acme")))
    refused, answered = await first.task, await second.task
    assert isinstance(refused[-1], Failed)
    assert isinstance(refused[-1].error, LimitExceededError)
    assert answered == list(words("a"))
    assert second.call.spared.shared == ""


async def test_a_follower_whose_own_limit_is_used_up_is_refused() -> None:
    provider = PacedProvider(*words("a"))
    ports, heart = house(provider)
    spent = Key("k2", Tenant("acme"), limits=(Limit(Dimension.KEY, Unit.REQUESTS, 0),))
    first, second = Program(ports, heart, "r1"), Program(ports, heart, "r2", key=spent)
    last = (await second.task)[-1]
    assert isinstance(last, Failed)
    assert isinstance(last.error, LimitExceededError)
    provider.say(3)
    assert await first.task == list(words("a"))


async def test_a_process_that_comes_second_follows_the_first() -> None:
    runs = MemorySharedRuns(Clock())
    one, other = PacedProvider(*words("a", "b")), PacedProvider()
    first = Program(*house(one, runs), "r1")
    await settle()
    one.say(2)
    await settle()
    ports, heart = house(other, runs)
    second, third = Program(ports, heart, "r2"), Program(ports, heart, "r3")
    one.say(2)
    said = list(words("a", "b"))
    assert await first.task == await second.task == await third.task == said
    assert (one.n_calls, other.n_calls) == (1, 0)
    assert (second.call.spared.shared, second.call.spared.given_by) == ("follower", ("fake", "m"))


async def test_a_call_goes_on_while_somebody_listens_in_another_process() -> None:
    runs = MemorySharedRuns(Clock())
    one, other = PacedProvider(*words("a", "b")), PacedProvider()
    first = Program(*house(one, runs), "r1")
    await settle()
    second = Program(*house(other, runs), "r2")
    await settle()
    one.say(2)
    await settle()
    await first.leave()
    await settle()
    assert one.n_open == 1
    one.say(2)
    assert await second.task == list(words("a", "b"))


async def test_a_call_ends_at_the_next_beat_after_the_last_left_in_another_process() -> None:
    runs = MemorySharedRuns(Clock())
    one, other = PacedProvider(*words("a", "b")), PacedProvider()
    first = Program(*house(one, runs, beat_seconds=0.0), "r1")
    await settle()
    second = Program(*house(other, runs), "r2")
    await settle()
    await first.leave()
    await settle()
    assert one.n_open == 1
    await second.leave()
    for _ in range(10):
        await settle()
    assert one.n_open == 0


async def killed(runs: MemorySharedRuns, clock: Clock) -> None:
    """Let the lease of whoever leads run out, as after a death."""
    clock.advance(10.0)
    for _ in range(10):
        await settle()


async def test_a_leader_that_dies_before_a_word_is_taken_over_from() -> None:
    clock = Clock()
    runs = MemorySharedRuns(clock)
    other = FakeProvider(*words("a"))
    ports, heart = house(other, runs, beat_seconds=0.0)
    key = await _led_by_somebody(runs, ports, heart)
    second = Program(ports, heart, "r2")
    await settle()
    await runs.retire(key, run="gone", is_over=True)
    await killed(runs, clock)
    assert await second.task == list(words("a"))
    assert other.n_calls == 1


async def test_a_leader_that_dies_in_the_middle_ends_the_answer_with_an_error() -> None:
    clock = Clock()
    runs = MemorySharedRuns(clock)
    other = FakeProvider(*words("a"))
    ports, heart = house(other, runs, beat_seconds=0.0)
    key = await _led_by_somebody(runs, ports, heart)
    writer = runs.write("gone")
    writer.write(START)
    writer.write(TextDelta("a"))
    second = Program(ports, heart, "r2")
    await settle()
    await runs.retire(key, run="gone", is_over=True)
    await killed(runs, clock)
    heard = await second.task
    assert heard[:2] == [START, TextDelta("a")]
    assert isinstance(heard[-1], Failed)
    assert isinstance(heard[-1].error, StreamTruncatedError)
    assert other.n_calls == 0


async def _led_by_somebody(runs: MemorySharedRuns, ports: Ports, heart: Heart) -> str:
    """Let a process nobody knows lead what the tests ask; return the key."""
    from gateway.services import keeping  # noqa: PLC0415  the key is nobody else's business here

    call = Call(ChatRequest("r0", "", "m", messages=WHY), Watchdog(), caller=Caller(ACME))
    key = keeping.key_of(call, ports.catalog().routes["m"])
    await runs.join(key, member="gone")
    return key


class AwayRuns(MemorySharedRuns):
    """Runs whose store is away."""

    async def join(self, key: str, *, member: str) -> str:
        """Fail."""
        raise StateUnavailableError

    async def renew(self, key: str, *, run: str, member: str) -> bool:
        """Fail."""
        raise StateUnavailableError

    async def retire(self, key: str, *, run: str, is_over: bool) -> bool:
        """Fail."""
        raise StateUnavailableError


async def test_while_the_store_is_away_each_process_shares_by_itself() -> None:
    provider = FakeProvider(*words("a"))
    ports, heart = house(provider, AwayRuns(Clock()), beat_seconds=0.0)
    programs = [Program(ports, heart, f"r{number}") for number in range(3)]
    for program in programs:
        assert await program.task == list(words("a"))
    assert provider.n_calls == 1


async def test_a_follower_keeps_its_own_time() -> None:
    provider = PacedProvider(*words("a"))
    ports, heart = house(provider)
    first, second = Program(ports, heart, "r1"), Program(ports, heart, "r2")
    second.call.budget_seconds = 0.0
    last = (await second.task)[-1]
    assert isinstance(last, Failed)
    assert isinstance(last.error, ProviderTimeoutError)
    provider.say(3)
    assert await first.task == list(words("a"))
    assert provider.n_calls == 1


async def test_who_asks_itself_after_all_has_no_more_time_than_it_came_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, provider = LaterClock(monkeypatch), PacedProvider(*words("a"))
    ports, heart = house(provider)
    first, second = Program(ports, heart, "r1"), Program(ports, heart, "r2")
    first.call.budget_seconds, second.call.budget_seconds = 50.0, 58.0
    await settle()
    await clock.advance(51.0)
    assert first.task.done()
    assert (second.task.done(), provider.n_calls) == (False, 2)
    await clock.advance(10.0)
    assert second.task.done()
    last = second.heard[-1]
    assert isinstance(last, Failed)
    assert isinstance(last.error, ProviderTimeoutError)


async def test_who_asks_itself_after_all_is_counted_once() -> None:
    provider = FakeProvider(*words("a"))
    ports, heart = house(provider)
    spent = Key("k1", Tenant("acme"), limits=(Limit(Dimension.KEY, Unit.TOKENS, 0),))
    once = Limit(Dimension.KEY, Unit.REQUESTS, 1, algorithm=Algorithm.LEAKY_BUCKET)
    first = Program(ports, heart, "r1", key=spent)
    second = Program(ports, heart, "r2", key=Key("k2", Tenant("acme"), limits=(once,)))
    await first.task
    assert await second.task == list(words("a"))
    (level,) = second.call.stay.levels
    assert (level.name, level.remaining) == ("requests:key", 0)
    third = Program(ports, heart, "r3", key=Key("k2", Tenant("acme"), limits=(once,)))
    last = (await third.task)[-1]
    assert isinstance(last, Failed)
    assert isinstance(last.error, LimitExceededError)


async def test_who_takes_a_run_over_is_counted_once_and_has_no_more_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store_clock = Clock()
    runs = MemorySharedRuns(store_clock)
    provider = PacedProvider(*words("a"))
    ports, heart = house(provider, runs, beat_seconds=0.0)
    key = await _led_by_somebody(runs, ports, heart)
    clock = LaterClock(monkeypatch)
    once = Limit(Dimension.KEY, Unit.REQUESTS, 1)
    second = Program(ports, heart, "r2", key=Key("k1", Tenant("acme"), limits=(once,)))
    second.call.budget_seconds = 50.0
    await settle()
    await clock.advance(40.0)
    await runs.retire(key, run="gone", is_over=True)
    await killed(runs, store_clock)
    assert (second.task.done(), provider.n_calls) == (False, 1)
    await clock.advance(11.0)
    assert second.task.done()
    last = second.heard[-1]
    assert isinstance(last, Failed)
    assert isinstance(last.error, ProviderTimeoutError)
