"""The pipeline: every place given back on every exit, exactly one terminal delta."""

import asyncio

import pytest
from prometheus_client import REGISTRY

from gateway.domain.errors import (
    DeadlinePhase,
    GatewayError,
    ProviderBusyError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    QueueExpiredError,
    StateUnavailableError,
    StreamTruncatedError,
    UnknownProviderError,
)
from gateway.domain.gate import Departure, Entrance, Place
from gateway.domain.messages import (
    ChatRequest,
    Deadlines,
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
    UsageUpdate,
)
from gateway.domain.ports import CancelOrder, Ports
from gateway.domain.speech import Ticket
from gateway.services import completion
from gateway.services.completion import Call
from gateway.services.heartbeat import Heart
from gateway.services.watchdog import Watchdog
from tests.fakes.clock import LaterClock
from tests.fakes.gateway import BrokenReleases, Clock, FakeProvider, make_ports

START = Start("q", "fake", "m")
DONE = Finish(FinishReason.STOP, Usage(3, 9, UsageSource.PROVIDER))
REQUEST = ChatRequest("q", "fake", "m", messages=(Message.plain(Role.USER, "Why?"),))
AT_ONCE = Deadlines(connect_seconds=0.0, first_seconds=0.0, idle_seconds=0.0)


def call(**changes: object) -> Call:
    """Return a call of the usual request."""
    return Call(**{"request": REQUEST, "watchdog": Watchdog(), **changes})  # type: ignore[arg-type]


async def deltas_of(asked: Call, ports: Ports) -> list[Delta]:
    """Return everything the pipeline yields."""
    heart = Heart(ports, beat_seconds=60)
    return [delta async for delta in completion.stream(asked, ports=ports, heart=heart)]


async def places_of(ports: Ports) -> tuple[int, int]:
    """Return how many tickets run and how many places are held."""
    status = await ports.admissions.status("turns", ports.queues["turns"])
    return status.n_running + status.n_waiting, await ports.gate.in_flight("fake")


def terminal_error(deltas: list[Delta]) -> GatewayError:
    """Return the error of the terminal delta."""
    terminal = deltas[-1]
    assert isinstance(terminal, Failed)
    return terminal.error


async def test_a_call_passes_the_providers_deltas_and_its_usage() -> None:
    ports = make_ports(provider=FakeProvider(START, TextDelta("Who"), TextDelta("?"), DONE))

    deltas = await deltas_of(call(ticket=Ticket("turns", "t")), ports)

    assert deltas == [START, TextDelta("Who"), TextDelta("?"), DONE]
    assert await places_of(ports) == (0, 0)


@pytest.mark.parametrize(
    ("steps", "error"),
    [
        ((START, TextDelta("Wh")), StreamTruncatedError),
        ((), StreamTruncatedError),
        ((ProviderUnavailableError("down"),), ProviderUnavailableError),
        ((START, TextDelta("Wh"), ProviderUnavailableError("down")), ProviderUnavailableError),
        ((START, ValueError("a bug that quotes the prompt")), GatewayError),
    ],
    ids=["cut", "nothing", "down at once", "down midway", "broken adapter"],
)
async def test_every_failure_is_one_failed_delta_at_the_end(
    steps: tuple[Delta | BaseException, ...], error: type[GatewayError]
) -> None:
    provider = FakeProvider(*steps)
    ports = make_ports(provider=provider)

    deltas = await deltas_of(call(ticket=Ticket("turns", "t")), ports)

    assert type(terminal_error(deltas)) is error
    assert sum(isinstance(delta, Finish | Failed) for delta in deltas) == 1
    assert "quotes" not in str(terminal_error(deltas))
    assert (await places_of(ports), provider.is_closed) == ((0, 0), True)


async def test_nothing_passes_after_the_terminal_delta() -> None:
    ports = make_ports(provider=FakeProvider(START, DONE, TextDelta("late")))

    assert await deltas_of(call(), ports) == [START, DONE]


async def test_an_order_to_stop_closes_the_provider_and_keeps_the_count() -> None:
    provider = FakeProvider(START, TextDelta("Show me the number"), None)
    ports = make_ports(provider=provider)
    asked = call(ticket=Ticket("turns", "t"))
    task = asyncio.create_task(deltas_of(asked, ports))
    await provider.is_hanging.wait()

    asked.watchdog.stop(CancelOrder("user", at=0.0))
    deltas = await task

    assert deltas[-1] == Finish(FinishReason.CANCELLED, Usage(1, 4, UsageSource.ESTIMATED))
    assert (provider.is_closed, asked.is_closed) == (True, True)
    assert await places_of(ports) == (0, 0)


async def test_an_order_given_before_the_start_never_asks_the_provider() -> None:
    provider = FakeProvider(START, DONE)
    ports = make_ports(provider=provider)
    asked = call(ticket=Ticket("turns", "t"))
    asked.watchdog.stop(CancelOrder("user", at=0.0))
    asked.watchdog.stop(CancelOrder("shutdown", at=1.0))

    deltas = await deltas_of(asked, ports)

    assert deltas == [Finish(FinishReason.CANCELLED, Usage(1, 0))]
    assert (provider.n_calls, asked.is_closed) == (0, True)
    assert asked.watchdog.order == CancelOrder("user", at=0.0)


async def test_an_order_to_stop_ends_the_wait_for_a_place() -> None:
    ports = make_ports(provider=FakeProvider(START, DONE), places=0)
    asked = call()
    task = asyncio.create_task(deltas_of(asked, ports))
    await asyncio.sleep(0)

    asked.watchdog.stop(CancelOrder("user", at=0.0))

    assert await task == [Finish(FinishReason.CANCELLED, Usage(1, 0))]


async def test_partial_usage_of_the_provider_is_not_lost_on_a_stop() -> None:
    provider = FakeProvider(START, UsageUpdate(Usage(40, 12)), TextDelta("Hm"), None)
    ports = make_ports(provider=provider)
    asked = call()
    task = asyncio.create_task(deltas_of(asked, ports))
    await provider.is_hanging.wait()

    asked.watchdog.stop(CancelOrder("user", at=0.0))

    assert (await task)[-1] == Finish(FinishReason.CANCELLED, Usage(40, 12))


@pytest.mark.parametrize(
    ("steps", "deadlines", "phase"),
    [
        ((START, None), Deadlines(first_seconds=0.0), DeadlinePhase.FIRST),
        ((START, TextDelta("a"), None), Deadlines(idle_seconds=0.0), DeadlinePhase.IDLE),
    ],
    ids=["first", "idle"],
)
async def test_each_deadline_ends_a_silent_call(
    steps: tuple[Delta | None, ...], deadlines: Deadlines, phase: DeadlinePhase
) -> None:
    provider = FakeProvider(*steps)
    ports = make_ports(provider=provider, deadlines=deadlines)

    error = terminal_error(await deltas_of(call(), ports))

    assert isinstance(error, ProviderTimeoutError)
    assert (error.phase, provider.is_closed) == (phase, True)


async def test_the_end_of_all_the_time_ends_a_silent_call(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, provider = LaterClock(monkeypatch), FakeProvider(START, None)
    deadlines = Deadlines(first_seconds=60.0, total_seconds=30.0)
    task = asyncio.create_task(
        deltas_of(call(), make_ports(provider=provider, deadlines=deadlines))
    )
    await provider.is_hanging.wait()

    await clock.advance(31.0)

    error = terminal_error(await task)
    assert isinstance(error, ProviderTimeoutError)
    assert (error.phase, provider.is_closed) == (DeadlinePhase.TOTAL, True)


async def test_a_requests_own_deadlines_win() -> None:
    ports = make_ports(provider=FakeProvider(START, None), deadlines=Deadlines())
    request = ChatRequest("q", "fake", "m", deadlines=Deadlines(first_seconds=0.0))

    error = terminal_error(await deltas_of(call(request=request), ports))

    assert isinstance(error, ProviderTimeoutError)


async def test_a_timeout_of_the_adapters_own_is_not_taken_for_ours() -> None:
    ports = make_ports(provider=FakeProvider(START, TimeoutError("socket")))

    assert type(terminal_error(await deltas_of(call(), ports))) is GatewayError


async def test_a_ticket_waits_for_a_running_place_only_so_long() -> None:
    ports = make_ports(provider=FakeProvider(START, DONE), concurrency=0, wait_seconds=0.0)

    deltas = await deltas_of(call(ticket=Ticket("turns", "t")), ports)

    assert isinstance(terminal_error(deltas), QueueExpiredError)


async def test_a_wait_that_was_in_vain_counts_with_its_length() -> None:
    patience_seconds = 0.02
    ports = make_ports(
        provider=FakeProvider(START, DONE), concurrency=0, wait_seconds=patience_seconds
    )
    before = waited_in_vain_seconds()

    await deltas_of(call(ticket=Ticket("turns", "t")), ports)

    assert waited_in_vain_seconds() - before >= patience_seconds


def waited_in_vain_seconds() -> float:
    """Return the sum of all waits for a running place that never came free."""
    labels = {"queue": "turns", "outcome": "expired"}
    return REGISTRY.get_sample_value("gw_queue_wait_seconds_sum", labels) or 0.0


async def test_a_full_bulkhead_is_waited_for_only_so_long() -> None:
    ports = make_ports(provider=FakeProvider(START, DONE), places=0, wait_seconds=0.0)

    assert isinstance(terminal_error(await deltas_of(call(), ports)), ProviderBusyError)


async def test_a_place_that_comes_free_is_taken() -> None:
    ports = make_ports(provider=FakeProvider(START, DONE), places=1)
    await ports.gate.enter(Entrance("other", places=(Place("fake", 1),)))
    task = asyncio.create_task(deltas_of(call(), ports))
    await asyncio.sleep(0)

    await ports.gate.leave(Departure("other", 0, 0))

    assert await task == [START, DONE]


async def test_a_provider_without_an_adapter_is_refused() -> None:
    ports = make_ports(provider=FakeProvider(START, DONE))
    ports.providers.clear()  # type: ignore[attr-defined]

    assert isinstance(terminal_error(await deltas_of(call(), ports)), UnknownProviderError)


async def test_a_consumer_that_leaves_takes_nothing_with_it() -> None:
    provider = FakeProvider(START, TextDelta("a"), None)
    ports = make_ports(provider=provider)
    task = asyncio.create_task(deltas_of(call(ticket=Ticket("turns", "t")), ports))
    await provider.is_hanging.wait()
    assert await places_of(ports) == (1, 1)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert (await places_of(ports), provider.is_closed) == ((0, 0), True)


async def test_a_store_that_is_away_at_the_release_spoils_nothing() -> None:
    ports = make_ports(provider=FakeProvider(START, DONE))
    broken = BrokenReleases(Clock(), StateUnavailableError("away"))
    object.__setattr__(ports, "admissions", broken)

    assert await deltas_of(call(ticket=Ticket("turns", "t")), ports) == [START, DONE]
