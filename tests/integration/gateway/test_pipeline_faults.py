"""Sixteen ways in which a provider misbehaves, the real adapter, and what the pipeline makes of it.

Two targets on one misbehaving server, ``one`` before ``two``; deadlines are short, pauses are
not waited for. Each case is what the client sees, and what the ledger holds.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from gateway.adapters.providers.http import Http
from gateway.adapters.providers.openai_chat import OpenAIChatProvider
from gateway.domain.breaker import BreakerState
from gateway.domain.catalog import Ability, Catalog, Provider, RetryPolicy, Route, Target
from gateway.domain.errors import (
    ContentFilteredError,
    ContextTooLongError,
    GatewayError,
    ProviderError,
)
from gateway.domain.messages import (
    ChatRequest,
    Deadlines,
    Delta,
    Dialect,
    Failed,
    Finish,
    Message,
    Original,
    Passthrough,
    Role,
    Seam,
    Start,
    TextDelta,
)
from gateway.domain.money import Price
from gateway.domain.ports import Ports
from gateway.services import completion
from gateway.services.calls import Call
from gateway.services.heartbeat import Heart
from gateway.services.watchdog import Watchdog
from tests.fakes.clock import Clock
from tests.fakes.gateway import FakeProvider, make_ports
from tests.fakes.ledger import MemoryLedger
from tests.fakes.upstream import Cut, Reply, Upstream

SIXTY = " ".join(f"w{number}" for number in range(60))
PRICE = Price("p", input=1_000_000, output=1_000_000)
ABLE = frozenset(Ability)
FAST = Deadlines(connect_seconds=2.0, first_seconds=0.3, idle_seconds=0.3, total_seconds=20.0)


class House:
    """The pipeline over the adapter, with everything else in memory."""

    def __init__(self, upstream: Upstream, http: Http, *, two: frozenset[Ability] = ABLE) -> None:
        provider = Provider("acme", "openai", Dialect.OPENAI, base_url=upstream.base_url)
        targets = (
            Target(provider, "one", ABLE, context_tokens=1000, price=PRICE),
            Target(provider, "two", two, context_tokens=100_000, price=PRICE),
        )
        route = Route("m", targets, retry=RetryPolicy(n_retries=2), deadlines=FAST)
        self.upstream = upstream
        self.clock = Clock()
        self.ports: Ports = make_ports(
            provider=FakeProvider(), catalog=Catalog(routes={"m": route}), clock=self.clock
        )
        adapter = OpenAIChatProvider(http)
        object.__setattr__(self.ports, "providers", {"openai": adapter})
        self.heart = Heart(self.ports, beat_seconds=60)
        self.naps: list[float] = []

    async def ask(self, *, is_streamed: bool = True, is_forwarded: bool = False) -> list[Delta]:
        """Return the answer to a question."""
        body = {
            "model": "m",
            "stream": is_streamed,
            "messages": [{"role": "user", "content": "Why?"}],
        }
        request = ChatRequest(
            "q",
            "",
            "m",
            messages=(Message.plain(Role.USER, "Why?"),),
            is_streamed=is_streamed,
            original=Original(Dialect.OPENAI, json.dumps(body).encode()) if is_forwarded else None,
        )
        call = Call(request, Watchdog())
        return [d async for d in completion.stream(call, ports=self.ports, heart=self.heart)]

    @property
    def asked(self) -> list[str]:
        """The models that were asked, in order."""
        return [seen.model for seen in self.upstream.seen]

    @property
    def ends(self) -> list[tuple[str, str]]:
        """What the ledger holds: who was asked and how it ended."""
        assert isinstance(self.ports.ledger, MemoryLedger)
        entries = sorted(self.ports.ledger.entries.values(), key=lambda entry: entry.id)
        return [(entry.model, entry.end.value) for entry in entries]


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    """The server."""
    async with Upstream() as found:
        yield found


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    """The way to it."""
    found = Http()
    yield found
    await found.aclose()


@pytest.fixture
async def house(upstream: Upstream, http: Http, monkeypatch: pytest.MonkeyPatch) -> House:
    """The house; whoever waits in it finds that the time has passed."""
    made = House(upstream, http)

    async def nap(self: Watchdog, seconds: float) -> None:
        made.naps.append(seconds)
        made.clock.advance(seconds)

    monkeypatch.setattr(Watchdog, "sleep", nap)
    return made


def text_of(deltas: list[Delta]) -> str:
    """Return the words of an answer, also of forwarded frames or a forwarded body."""
    words: list[str] = []
    for delta in deltas:
        if isinstance(delta, TextDelta):
            words.append(delta.text)
        elif isinstance(delta, Passthrough):
            lines = [delta.data] if delta.is_whole else delta.data.splitlines()
            for line in lines:
                payload = line.removeprefix(b"data: ")
                if payload.startswith(b"{"):
                    for choice in json.loads(payload)["choices"]:
                        said = choice.get("delta") or choice.get("message") or {}
                        words.append(said.get("content") or "")
    return "".join(words)


def ended_well(deltas: list[Delta]) -> bool:
    """Whether the answer has one start, one end, and a good one."""
    n_starts = sum(isinstance(delta, Start) for delta in deltas)
    n_ends = sum(isinstance(delta, Finish | Failed) for delta in deltas)
    return (n_starts, n_ends) == (1, 1) and isinstance(deltas[-1], Finish)


def error_of(deltas: list[Delta]) -> GatewayError:
    """Return the error at the end."""
    assert isinstance(deltas[-1], Failed)
    return deltas[-1].error


WAYS = pytest.mark.parametrize(
    "way",
    [
        {"is_streamed": True},
        {"is_streamed": False},
        {"is_streamed": True, "is_forwarded": True},
        {"is_streamed": False, "is_forwarded": True},
    ],
    ids=["stream", "whole", "forwarded stream", "forwarded whole"],
)
STREAMS = pytest.mark.parametrize("way", [{}, {"is_forwarded": True}], ids=["stream", "forwarded"])
Way = dict[str, bool]


@WAYS
async def test_1_a_retry_after_is_waited_out_by_who_is_alone(house: House, way: Way) -> None:
    route = house.ports.catalog().routes["m"]
    alone = replace(route, targets=route.targets[:1])
    object.__setattr__(house.ports, "catalog", lambda: Catalog(routes={"m": alone}))
    house.upstream.fail(429, retry_after="2")
    house.upstream.say(SIXTY)

    deltas = await house.ask(**way)

    assert (ended_well(deltas), text_of(deltas), house.naps) == (True, SIXTY, [2.02])
    assert house.ends == [("one", "error"), ("one", "done")]


@WAYS
async def test_2_a_rate_limit_that_stays_is_left_behind(house: House, way: Way) -> None:
    house.upstream.always(Reply(status=429), model="one")
    house.upstream.say(SIXTY, model="two")

    deltas = await house.ask(**way)

    assert (ended_well(deltas), house.asked) == (True, ["one", "one", "one", "two"])
    assert len(house.naps) == 2


@WAYS
async def test_3_a_500_is_tried_once_more(house: House, way: Way) -> None:
    house.upstream.fail(500)
    house.upstream.say(SIXTY)

    deltas = await house.ask(**way)

    assert (ended_well(deltas), house.asked) == (True, ["one", "one"])


@WAYS
async def test_4_a_503_that_stays_is_left_behind(house: House, way: Way) -> None:
    house.upstream.always(Reply(status=503), model="one")
    house.upstream.say(SIXTY, model="two")

    assert ended_well(await house.ask(**way))
    assert house.asked[-1] == "two"


@WAYS
async def test_5_a_reset_before_the_headers_is_got_over(house: House, way: Way) -> None:
    house.upstream.say(hangs_up=True)
    house.upstream.say(SIXTY)

    assert text_of(await house.ask(**way)) == SIXTY


@WAYS
async def test_6_whoever_does_not_answer_is_left_behind(house: House, way: Way) -> None:
    house.upstream.say(model="one", never_answers=True)
    house.upstream.say(SIXTY, model="two")

    deltas = await house.ask(**way)

    assert (ended_well(deltas), house.asked) == (True, ["one", "two"])
    assert house.ends == [("one", "error"), ("two", "done")]
    await house.upstream.until(lambda: house.upstream.seen[0].is_gone)


@STREAMS
async def test_7_a_late_first_word_is_not_waited_for(house: House, way: Way) -> None:
    house.upstream.say(model="one", first_delay_seconds=20.0)
    house.upstream.say(SIXTY, model="two")

    assert text_of(await house.ask(**way)) == SIXTY
    assert house.asked == ["one", "two"]


@STREAMS
@pytest.mark.parametrize("cut", list(Cut))
async def test_8_a_cut_answer_goes_on_behind_a_seam(house: House, way: Way, cut: Cut) -> None:
    first, rest = SIXTY.split(" w40")[0], " w40" + SIXTY.split(" w40")[1]
    house.upstream.say(SIXTY, model="one", cut_after=40, cut=cut)
    house.upstream.reply(Reply(text=rest.strip()), model="two")

    deltas = await house.ask(**way)

    assert ended_well(deltas)
    (seam,) = (delta for delta in deltas if isinstance(delta, Seam))
    assert seam.offset == len(first)
    assert text_of(deltas) == first + rest.strip()
    sent = house.upstream.seen[1].json["messages"]
    assert sent[-1] == {"role": "assistant", "content": first}
    assert house.ends == [("one", "error"), ("two", "done")]


@STREAMS
async def test_9_a_stalled_answer_goes_on_too(house: House, way: Way) -> None:
    house.upstream.say(SIXTY, model="one", stall_after=40, comment_every_seconds=0.05)
    house.upstream.say("w40", model="two")

    deltas = await house.ask(**way)

    assert ended_well(deltas)
    assert any(isinstance(delta, Seam) for delta in deltas)


@STREAMS
async def test_10_a_broken_piece_ends_cleanly_one_way_or_the_other(house: House, way: Way) -> None:
    house.upstream.say(SIXTY, model="one", malformed_after=30)
    house.upstream.say("rest", model="two")

    deltas = await house.ask(**way)

    assert sum(isinstance(delta, Finish | Failed) for delta in deltas) == 1


@STREAMS
async def test_11_a_missing_end_mark_is_not_missed_after_the_finish(house: House, way: Way) -> None:
    house.upstream.say(SIXTY, has_done=False)

    deltas = await house.ask(**way)

    assert ended_well(deltas)
    assert isinstance(deltas[-1], Finish)
    assert deltas[-1].usage is not None
    assert deltas[-1].usage.output_total == 60


@WAYS
async def test_12_a_prompt_too_long_goes_to_more_room_without_a_retry(
    house: House, way: Way
) -> None:
    house.upstream.fail(400, model="one", code="context_length_exceeded")
    house.upstream.say(SIXTY, model="two")

    assert ended_well(await house.ask(**way))
    assert (house.asked, house.naps) == (["one", "two"], [])

    house.upstream.fail(400, model="one", code="context_length_exceeded")
    house.upstream.fail(400, model="two", code="context_length_exceeded")
    assert isinstance(error_of(await house.ask(**way)), ContextTooLongError)


@WAYS
async def test_13_what_a_policy_forbids_is_not_tried_again(house: House, way: Way) -> None:
    house.upstream.fail(400, model="one", code="content_filter")

    assert isinstance(error_of(await house.ask(**way)), ContentFilteredError)
    assert house.asked == ["one"]


@STREAMS
async def test_14_nobody_goes_on_who_cannot(
    upstream: Upstream, http: Http, house: House, way: Way
) -> None:
    unable = House(upstream, http, two=ABLE - {Ability.PREFILL})
    upstream.say(SIXTY, model="one", cut_after=40)

    deltas = await unable.ask(**way)

    assert text_of(deltas).startswith("w0 w1")
    assert isinstance(error_of(deltas), ProviderError)
    assert unable.asked == ["one"]

    upstream.forget()
    upstream.say(SIXTY, model="one", cut_after=0)
    upstream.say(SIXTY, model="one", cut_after=0)
    upstream.say(SIXTY, model="two")
    assert text_of(await unable.ask(**way)) == SIXTY  # nothing was shown: a clean restart


async def test_15_an_outage_opens_the_breaker_and_the_primary_comes_back(house: House) -> None:
    house.upstream.always(Reply(status=503), model="one")
    house.upstream.always(Reply(text=SIXTY), model="two")
    for _ in range(20):
        assert ended_well(await house.ask())
    assert house.asked.count("two") == 20
    assert house.asked.count("one") < 10
    assert (await house.ports.breakers.standings(["acme/one"]))[
        "acme/one"
    ].state is not BreakerState.CLOSED

    house.upstream.forget()
    house.upstream.always(Reply(text=SIXTY))
    house.clock.advance(200.0)
    for _ in range(3):
        assert ended_well(await house.ask())

    assert house.asked == ["one", "one", "one"]


@WAYS
async def test_16_every_attempt_is_in_the_ledger_under_the_model_that_was_asked(
    house: House, way: Way
) -> None:
    house.upstream.always(Reply(status=500), model="one")
    house.upstream.say(SIXTY, model="two")

    deltas = await house.ask(**way)

    assert house.ends == [("one", "error"), ("one", "error"), ("two", "done")]
    assert isinstance(house.ports.ledger, MemoryLedger)
    assert [house.ports.ledger.entries[f"q/{number}"].cost_microusd for number in (1, 2, 3)] == [
        0,
        0,
        67,
    ]
    (start,) = (delta for delta in deltas if isinstance(delta, Start))
    assert start.model == "two"


async def test_a_client_that_leaves_closes_the_provider_and_holds_nothing(house: House) -> None:
    house.upstream.say(SIXTY, stall_after=10)
    task = asyncio.create_task(house.ask())
    await house.upstream.until(lambda: bool(house.upstream.seen) and house.upstream.n_in_flight > 0)
    await house.upstream.until(lambda: house.upstream.seen[0].n_tokens == 10)

    task.cancel()
    await asyncio.wait([task])

    await house.upstream.until(lambda: house.upstream.seen[0].is_gone)
    assert house.ends == [("one", "cancelled")]
    assert await house.ports.gate.in_flight("acme") == 0
