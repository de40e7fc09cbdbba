"""Answers kept: given again to the same account, for as long as the route says, at no cost."""

import asyncio
import json
from dataclasses import replace

import pytest

from gateway.domain.caller import Caller
from gateway.domain.catalog import Key, Tenant
from gateway.domain.errors import LimitExceededError, UpstreamError
from gateway.domain.messages import (
    ChatRequest,
    Delta,
    Dialect,
    Failed,
    Finish,
    FinishReason,
    Message,
    Original,
    Passthrough,
    Role,
    Start,
    TextDelta,
    Usage,
    UsageSource,
)
from gateway.domain.money import AttemptEnd, Budget
from gateway.domain.ports import Ports
from gateway.domain.rate_limit import Dimension, Limit, Unit
from gateway.domain.speech import Ticket
from gateway.services import completion, keeping
from gateway.services.calls import Call
from gateway.services.heartbeat import Heart
from gateway.services.watchdog import Watchdog
from tests.fakes.gateway import ONE_TRY, Clock, FakeProvider, make_catalog, make_ports, make_target

START = Start("x", "fake", "m")
DONE = Finish(FinishReason.STOP, Usage(3, 9, UsageSource.PROVIDER))
SAID = (START, TextDelta("Who"), TextDelta("?"), DONE)
WHY = (Message.plain(Role.USER, "Why?"),)
ACME = Key("k1", Tenant("acme"))


def house(
    *steps: Delta | BaseException | None, seconds: float = 60.0
) -> tuple[FakeProvider, Ports]:
    """Return a provider, and ports whose one route keeps answers."""
    provider = FakeProvider(*(steps or SAID))
    catalog = make_catalog(make_target(), retry=ONE_TRY, cache_seconds=seconds)
    return provider, make_ports(provider=provider, catalog=catalog)


async def ask(ports: Ports, request_id: str, **changes: object) -> tuple[list[Delta], Call]:
    """Return everything the pipeline yields, and the call."""
    caller = Caller(changes.pop("key", ACME))  # type: ignore[arg-type]
    ticket = changes.pop("ticket", None)
    request = ChatRequest(request_id, "", "m", messages=WHY)
    call = Call(replace(request, **changes), Watchdog(), caller=caller, ticket=ticket)  # type: ignore[arg-type]
    heart = Heart(ports, beat_seconds=60)
    return [delta async for delta in completion.stream(call, ports=ports, heart=heart)], call


async def test_the_same_request_is_answered_from_what_was_kept_and_says_so() -> None:
    provider, ports = house()
    first, asked = await ask(ports, "r1")
    second, spared = await ask(ports, "r2")
    assert first == second == list(SAID)
    assert (asked.spared.cache, spared.spared.cache, provider.n_calls) == ("miss", "hit", 1)
    assert spared.spared.given_by == ("fake", "m")


async def test_a_hit_is_in_the_ledger_and_costs_nothing() -> None:
    _, ports = house()
    await ask(ports, "r1")
    await ask(ports, "r2")
    entry = ports.ledger.entries["r2/cached"]  # type: ignore[attr-defined]
    assert (entry.end, entry.cost_microusd, entry.usage) == (AttemptEnd.CACHED, 0, Usage())
    assert (entry.tenant, entry.key_id, entry.provider) == ("acme", "k1", "fake")


async def test_a_hit_counts_as_a_request_and_as_nothing_else() -> None:
    limits = (
        Limit(Dimension.KEY, Unit.REQUESTS, 2, 60.0),
        Limit(Dimension.KEY, Unit.TOKENS, 5000, 60.0),
        Limit(Dimension.KEY, Unit.CONCURRENT, 1),
    )
    key = Key("k1", Tenant("acme"), limits=limits, budgets=(Budget("key:k1", 10),))
    _, ports = house()
    await ask(ports, "r1", key=key, max_output_tokens=10)
    _, hit = await ask(ports, "r2", key=key, max_output_tokens=10)
    refused, _ = await ask(ports, "r3", key=key, max_output_tokens=10)
    assert [(level.name, level.remaining) for level in hit.stay.levels] == [("requests:key", 0)]
    assert isinstance(refused[-1], Failed)
    assert isinstance(refused[-1].error, LimitExceededError)
    assert len(refused) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"messages": (Message.plain(Role.USER, "Why"),)},
        {"temperature": 0.1},
        {"key": Key("k2", Tenant("other"))},
    ],
    ids=["content", "sampling", "tenant"],
)
async def test_anything_else_is_asked_for(changes: dict[str, object]) -> None:
    provider, ports = house()
    await ask(ports, "r1")
    _, call = await ask(ports, "r2", **changes)
    assert (call.spared.cache, provider.n_calls) == ("miss", 2)


@pytest.mark.parametrize(
    "steps",
    [
        (START, TextDelta("Wh"), UpstreamError("it broke")),
        (START, TextDelta("Wh")),
        (START, TextDelta("Wh"), Finish(FinishReason.LENGTH)),
        (START, TextDelta("Wh"), Finish(FinishReason.CONTENT_FILTER)),
    ],
    ids=["failed", "cut", "truncated", "filtered"],
)
async def test_what_is_not_a_whole_answer_is_asked_for_again(
    steps: tuple[Delta | BaseException, ...],
) -> None:
    provider, ports = house(*steps)
    await ask(ports, "r1")
    await ask(ports, "r2")
    assert provider.n_calls == 2


async def test_an_answer_whose_reader_left_is_not_kept() -> None:
    provider, ports = house()
    heart = Heart(ports, beat_seconds=60)
    call = Call(ChatRequest("r1", "", "m", messages=WHY), Watchdog(), caller=Caller(ACME))
    deltas = completion.stream(call, ports=ports, heart=heart)
    await anext(deltas)
    await deltas.aclose()
    await ask(ports, "r2")
    assert (provider.n_calls, await ports.gate.in_flight("fake")) == (2, 0)


async def test_a_stale_answer_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    provider, ports = house(seconds=60.0)
    clock = Clock(1000.0)
    monkeypatch.setattr(keeping.time, "time", lambda: clock.now)
    await ask(ports, "r1")
    clock.advance(60.0)
    _, call = await ask(ports, "r2")
    assert (call.spared.cache, provider.n_calls) == ("miss", 2)


@pytest.mark.parametrize("changes", [{"seconds": 0.0}])
async def test_a_route_that_keeps_nothing_says_nothing_of_it(changes: dict[str, float]) -> None:
    provider, ports = house(**changes)
    await ask(ports, "r1")
    _, call = await ask(ports, "r2")
    assert (call.spared.cache, provider.n_calls) == ("", 2)


async def test_a_turn_that_is_spoken_has_a_voice_of_its_own() -> None:
    provider, ports = house()
    await ask(ports, "r1")
    _, call = await ask(ports, "r2", ticket=Ticket("turns", "t"))
    assert (call.spared.cache, provider.n_calls) == ("", 2)


def body(**fields: object) -> Original:
    return Original(Dialect.SCRIPT, json.dumps({"messages": [], **fields}).encode())


async def test_words_are_kept_for_either_form_and_a_vendors_bytes_for_theirs() -> None:
    provider, ports = house()
    await ask(ports, "r1", original=body(), is_streamed=True)
    _, whole = await ask(ports, "r2", original=body(stream=False), is_streamed=False)
    assert whole.spared.cache == "hit"

    provider.steps = (START, Passthrough(b"data: {}\n\n", 1), DONE)
    await ask(ports, "r3", original=body(seed=1), is_streamed=True)
    _, whole = await ask(ports, "r4", original=body(seed=1, stream=False), is_streamed=False)
    _, stream = await ask(ports, "r5", original=body(seed=1), is_streamed=True)
    assert (whole.spared.cache, stream.spared.cache) == ("miss", "hit")


async def test_a_body_that_names_a_field_twice_is_never_kept() -> None:
    provider, ports = house()
    twice = Original(Dialect.SCRIPT, b'{"seed": 1, "seed": 2}')
    await ask(ports, "r1", original=twice)
    await ask(ports, "r2", original=twice)
    assert provider.n_calls == 2


async def test_what_many_ask_is_read_from_equal_bodies_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    provider, ports = house()
    monkeypatch.setattr(keeping, "_REMEMBERED_BODIES", 2)
    for seed in range(4):
        await ask(ports, f"r{seed}", original=body(seed=seed))
    assert len(keeping._read_bodies) >= 2
    assert provider.n_calls == 4
    await asyncio.sleep(0)
