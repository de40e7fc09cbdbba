"""When a target fails: who is asked next, what is shown, what is written down."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from gateway.domain.breaker import Report
from gateway.domain.caller import Caller
from gateway.domain.catalog import Ability, Catalog, Key, RetryPolicy, Target, Tenant
from gateway.domain.errors import (
    BreakerOpenError,
    BudgetExceededError,
    ContextTooLongError,
    CredentialError,
    GatewayError,
    InvalidRequestError,
    LimitExceededError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    RateLimitedError,
    RequestError,
    UnknownModelError,
    UnknownProviderError,
    UpstreamError,
)
from gateway.domain.gate import Orphan
from gateway.domain.messages import (
    ChatRequest,
    Deadlines,
    Delta,
    Dialect,
    Failed,
    Finish,
    FinishReason,
    Message,
    Original,
    Passthrough,
    Retract,
    Role,
    Seam,
    Start,
    TextDelta,
    ToolCallDelta,
    Usage,
    UsageSource,
)
from gateway.domain.money import AttemptEnd, Budget, Entry, Price
from gateway.domain.ports import CancelOrder, Ports
from gateway.domain.rate_limit import Dimension, Limit, Unit
from gateway.services import completion, continuing, observation, recovery, settling
from gateway.services.completion import Call
from gateway.services.heartbeat import Heart
from gateway.services.watchdog import Watchdog
from tests.fakes.breakers import MemoryBreakers
from tests.fakes.clock import Clock
from tests.fakes.gate import MemoryGate
from tests.fakes.gateway import FakeProvider, make_catalog, make_ports, make_target
from tests.fakes.ledger import MemoryLedger

PRICE = Price("p", input=1_000_000, output=2_000_000)
A = make_target("a", "m1", price=PRICE)
B = make_target("b", "m2", price=PRICE)
A_STARTS, B_STARTS = Start("q", "a", "m1"), Start("q", "b", "m2")
DONE = Finish(FinishReason.STOP, Usage(3, 9, UsageSource.PROVIDER))
DOWN = ProviderUnavailableError("down")
ONE_EACH = RetryPolicy(n_retries=0)
ASKED = (Message.plain(Role.USER, "Why?"),)


@pytest.fixture(autouse=True)
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits that were wanted; none of them is really waited for."""
    taken: list[float] = []

    async def nap(self: Watchdog, seconds: float) -> None:
        taken.append(seconds)

    monkeypatch.setattr(Watchdog, "sleep", nap)
    return taken


class Stage:
    """A pipeline in memory and what became of one request."""

    def __init__(self, provider: FakeProvider, catalog: Catalog, **ports: object) -> None:
        self.provider = provider
        self.clock = Clock()
        self.ports: Ports = make_ports(
            provider=provider,
            catalog=catalog,
            clock=self.clock,
            **ports,  # type: ignore[arg-type]
        )
        self.heart = Heart(self.ports, beat_seconds=60)

    def call(self, *, caller: Caller | None = None, **request: object) -> Call:
        """Return a call of the usual question."""
        asked = ChatRequest(
            **{"request_id": "q", "provider": "", "model": "m", "messages": ASKED, **request}
        )  # type: ignore[arg-type]
        return Call(asked, Watchdog(), **({"caller": caller} if caller else {}))

    async def run(self, call: Call | None = None, **request: object) -> list[Delta]:
        """Return everything the pipeline yields."""
        call = call or self.call(**request)
        return [d async for d in completion.stream(call, ports=self.ports, heart=self.heart)]

    @property
    def entries(self) -> list[Entry]:
        """The ledger's entries in the order of attempts."""
        assert isinstance(self.ports.ledger, MemoryLedger)
        return sorted(self.ports.ledger.entries.values(), key=lambda entry: entry.id)

    @property
    def ends(self) -> list[tuple[str, str, str, int]]:
        """Who was asked, how it ended, in which state, at what cost."""
        return [
            (entry.provider, entry.end.value, entry.state.value, entry.cost_microusd)
            for entry in self.entries
        ]

    @property
    def breakers(self) -> MemoryBreakers:
        """The breakers in memory."""
        assert isinstance(self.ports.breakers, MemoryBreakers)
        return self.ports.breakers

    async def is_empty(self) -> bool:
        """Whether nothing is held at the gate and nothing is open at a provider."""
        held = [await self.ports.gate.in_flight(name) for name in ("a", "b", "c")]
        return held == [0, 0, 0] and self.provider.n_open == 0


def stage(
    *steps: tuple[str, tuple[Delta | BaseException | None, ...]],
    targets: tuple[object, ...] = (A, B),
    retry: RetryPolicy = ONE_EACH,
    **route: object,
) -> Stage:
    """Return a stage on which each target's calls go as listed, one after another."""
    provider = FakeProvider()
    by_target: dict[str, list[tuple[Delta | BaseException | None, ...]]] = {}
    for target, call in steps:
        by_target.setdefault(target, []).append(call)
    for target, calls in by_target.items():
        provider.say(target, *calls)
    return Stage(provider, make_catalog(*targets, retry=retry, **route))  # type: ignore[arg-type]


def error_of(deltas: list[Delta]) -> GatewayError:
    """Return the error at the end."""
    assert isinstance(deltas[-1], Failed)
    return deltas[-1].error


async def test_before_the_first_content_a_failover_is_invisible() -> None:
    on = stage(
        ("a/m1", (A_STARTS, DOWN)),
        ("b/m2", (B_STARTS, TextDelta("So."), DONE)),
    )
    call = on.call()

    deltas = await on.run(call)

    assert deltas == [B_STARTS, TextDelta("So."), DONE]
    assert on.provider.targets == ["a/m1", "b/m2"]
    assert on.ends == [("a", "error", "settled", 1), ("b", "done", "settled", 21)]
    assert (call.observed.route_decision, call.observed.fallback_reason) == (
        "fallback",
        "provider_5xx",
    )
    assert await on.is_empty()


async def test_an_attempt_that_was_never_taken_up_costs_nothing() -> None:
    on = stage(("a/m1", (DOWN,)), ("b/m2", (B_STARTS, DONE)))

    await on.run()

    assert on.ends[0] == ("a", "error", "voided", 0)
    assert on.entries[0].error_code == "provider_unavailable"
    assert [entry.id for entry in on.entries] == ["q/1", "q/2"]


async def test_the_same_target_is_tried_again_after_a_pause(naps: list[float]) -> None:
    on = stage(
        ("a/m1", (UpstreamError("500"),)),
        ("a/m1", (A_STARTS, TextDelta("So."), DONE)),
        retry=RetryPolicy(),
    )

    assert await on.run() == [A_STARTS, TextDelta("So."), DONE]
    assert on.provider.targets == ["a/m1", "a/m1"]
    assert len(naps) == 1
    assert 0.1 <= naps[0] <= 0.2


async def test_a_vendors_retry_after_is_waited_out_when_nobody_else_is_there(
    naps: list[float],
) -> None:
    on = stage(
        ("a/m1", (RateLimitedError("429", retry_after_seconds=2.0),)),
        ("a/m1", (A_STARTS, TextDelta("So."), DONE)),
        targets=(A,),
        retry=RetryPolicy(),
    )
    sleep = Watchdog.sleep

    async def wait(self: Watchdog, seconds: float) -> None:
        await sleep(self, seconds)
        on.clock.advance(seconds)

    Watchdog.sleep = wait  # type: ignore[method-assign]  # undone with the fixture's patch

    assert await on.run() == [A_STARTS, TextDelta("So."), DONE]
    assert naps == [2.02]
    assert on.breakers.reports == [("a/m1", Report.FAILED), ("a/m1", Report.OK)]


async def test_a_rate_limit_fails_over_at_once_when_somebody_else_is_there(
    naps: list[float],
) -> None:
    on = stage(
        ("a/m1", (RateLimitedError("429", retry_after_seconds=2.0),)),
        ("b/m2", (B_STARTS, DONE)),
        retry=RetryPolicy(),
    )

    assert await on.run() == [B_STARTS, DONE]
    assert naps == []


async def test_what_will_never_be_accepted_is_asked_once() -> None:
    on = stage(("a/m1", (InvalidRequestError("no"),)))

    assert isinstance(error_of(await on.run()), InvalidRequestError)
    assert on.provider.targets == ["a/m1"]
    assert on.breakers.reports == []


async def test_a_prompt_too_long_goes_to_a_model_with_more_room() -> None:
    small = make_target("c", "s", context_tokens=100)
    large = make_target("b", "m2", context_tokens=100_000)
    first = make_target("a", "m1", context_tokens=8000)
    on = stage(
        ("a/m1", (ContextTooLongError("long"),)),
        ("b/m2", (Start("q", "b", "m2"), DONE)),
        targets=(first, small, large),
    )

    assert await on.run() == [B_STARTS, DONE]
    assert on.provider.targets == ["a/m1", "b/m2"]


async def test_our_own_bad_key_is_held_against_the_target_for_long() -> None:
    on = stage(("a/m1", (CredentialError("key"),)), ("b/m2", (B_STARTS, DONE)))

    await on.run()

    standing = (await on.breakers.standings(["a/m1"]))["a/m1"]
    assert standing.retry_after_seconds == 300.0


async def test_attempts_are_capped() -> None:
    on = stage(("a/m1", (DOWN,)), ("b/m2", (DOWN,)), retry=RetryPolicy(n_retries=9, n_attempts=4))

    assert error_of(await on.run()) is DOWN
    assert on.provider.n_calls == 4
    assert len(on.entries) == 4


async def test_each_target_is_excluded_once_it_has_failed() -> None:
    on = stage(("a/m1", (DOWN,)), ("b/m2", (UpstreamError("500"),)))

    assert isinstance(error_of(await on.run()), UpstreamError)
    assert on.provider.targets == ["a/m1", "b/m2"]


async def test_a_silent_target_is_given_up_for_the_next() -> None:
    on = stage(
        ("a/m1", (A_STARTS, None)),
        ("b/m2", (B_STARTS, TextDelta("So."), DONE)),
        deadlines=Deadlines(first_seconds=0.01),
    )

    assert await on.run() == [B_STARTS, TextDelta("So."), DONE]
    assert on.ends[0][:2] == ("a", "error")
    assert on.entries[0].error_code == "provider_timeout"


# --- After the first content ----------------------------------------------------------------

ABLE = frozenset({Ability.STREAM, Ability.PREFILL})
B_ABLE = make_target("b", "m2", abilities=ABLE, price=PRICE)


async def test_an_answer_that_breaks_off_goes_on_elsewhere_behind_a_seam() -> None:
    on = stage(
        ("a/m1", (A_STARTS, TextDelta("One "), TextDelta("two "))),
        ("b/m2", (B_STARTS, TextDelta("three."), DONE)),
        targets=(A, B_ABLE),
    )

    deltas = await on.run(max_output_tokens=100)

    assert deltas[:5] == [
        A_STARTS,
        TextDelta("One "),
        TextDelta("two "),
        Seam("b", "m2", 8),
        TextDelta("three."),
    ]
    assert deltas[-1] == Finish(FinishReason.STOP, Usage(1, 2 + 9, UsageSource.ESTIMATED))
    going_on = on.provider.requests[1]
    assert going_on.messages[-1] == Message.plain(Role.ASSISTANT, "One two ")
    assert going_on.max_output_tokens == 98
    assert [end[:2] for end in on.ends] == [("a", "error"), ("b", "done")]
    assert await on.is_empty()


@pytest.mark.parametrize(
    "steps",
    [
        (A_STARTS, ToolCallDelta(0, "{", "id", "t"), DOWN),
        (A_STARTS, Passthrough(b"data: x\n\n", 1), DOWN),
    ],
    ids=["a tool call", "bytes"],
)
async def test_what_nobody_could_go_on_from_ends_with_an_error(steps: tuple[Delta, ...]) -> None:
    on = stage(("a/m1", steps), ("b/m2", (B_STARTS, DONE)), targets=(A, B_ABLE))

    assert error_of(await on.run()) is DOWN
    assert on.provider.targets == ["a/m1"]


FRAMES = [
    b'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":"One "}}]}\n\n',
    b'data: {"choices":[{"index":0,"delta":{"content":"two "}}]}\n\n: still here\n\n',
]
BODY = b'{"model":"m","messages":[{"role":"user","content":"Why?"}],"top_k":3}'


async def test_forwarded_bytes_go_on_in_the_same_dialect_from_what_they_said() -> None:
    openai = [replace(t, provider=replace(t.provider, dialect=Dialect.OPENAI)) for t in (A, B_ABLE)]
    rest = Passthrough(b'data: {"choices":[]}\n\n', 1)
    on = stage(
        ("a/m1", (A_STARTS, *[Passthrough(frame, 1) for frame in FRAMES])),
        ("b/m2", (B_STARTS, rest, DONE)),
        targets=tuple(openai),
    )

    deltas = await on.run(messages=(), original=Original(Dialect.OPENAI, BODY, is_readable=False))

    assert deltas[3:5] == [Seam("b", "m2", 8), rest]
    assert isinstance(deltas[-1], Finish)
    sent = on.provider.requests[1].original
    assert sent is not None
    assert json.loads(sent.body) == {
        "model": "m",
        "messages": [
            {"role": "user", "content": "Why?"},
            {"role": "assistant", "content": "One two "},
        ],
        "top_k": 3,
    }


@pytest.mark.parametrize(
    "frame",
    [
        b'data: {"choices":[{"index":0,"delta":{"tool_calls":[{}]}}]}\n\n',
        b'data: {"choices":[{"index":1,"delta":{"content":"b"}}]}\n\n',
        b"data: {broken\n\n",
        b'data: {"choices":[{"index":0,"delta":{}}]}\n\n',
        b"x" * (continuing.LARGEST_KEPT_BYTES + 1),
    ],
    ids=["tool", "second voice", "not JSON", "nothing said", "too much"],
)
async def test_bytes_with_more_than_words_in_them_are_not_gone_on_from(frame: bytes) -> None:
    openai = [replace(t, provider=replace(t.provider, dialect=Dialect.OPENAI)) for t in (A, B_ABLE)]
    on = stage(("a/m1", (A_STARTS, Passthrough(frame, 1), DOWN)), targets=tuple(openai))

    assert error_of(await on.run(original=Original(Dialect.OPENAI, BODY))) is DOWN
    assert on.provider.targets == ["a/m1"]


@pytest.mark.parametrize(
    "original",
    [
        Original(Dialect.ANTHROPIC, BODY),
        Original(Dialect.OPENAI, b"{}"),
        Original(Dialect.OPENAI, b"[]"),
    ],
    ids=["another dialect", "no messages", "no object"],
)
def test_a_request_without_a_place_for_it_is_not_prolonged(original: Original) -> None:
    assert continuing.prolonged(original, "said") is None


async def test_what_was_taken_back_is_not_gone_on_from() -> None:
    on = stage(
        ("a/m1", (A_STARTS, TextDelta("One bad "), Retract("filter", 4), DOWN)),
        ("b/m2", (B_STARTS, TextDelta("good."), DONE)),
        targets=(A, B_ABLE),
    )

    deltas = await on.run()

    assert Seam("b", "m2", 4) in deltas
    assert on.provider.requests[1].messages[-1].text == "One "


async def test_nobody_goes_on_without_being_able_to() -> None:
    on = stage(("a/m1", (A_STARTS, TextDelta("One "), DOWN)), ("b/m2", (B_STARTS, DONE)))

    deltas = await on.run()

    assert deltas[:2] == [A_STARTS, TextDelta("One ")]
    assert error_of(deltas) is DOWN
    assert on.provider.targets == ["a/m1"]


async def test_a_route_may_forbid_to_go_on() -> None:
    on = stage(
        ("a/m1", (A_STARTS, TextDelta("One "), DOWN)),
        targets=(A, B_ABLE),
        retry=RetryPolicy(n_retries=0, continues_answers=False),
    )

    assert error_of(await on.run()) is DOWN


async def test_the_error_that_broke_the_answer_is_the_one_that_is_told() -> None:
    on = stage(
        ("a/m1", (A_STARTS, TextDelta("One "), DOWN)),
        ("b/m2", (InvalidRequestError("no prefill here"),)),
        targets=(A, B_ABLE),
    )

    assert error_of(await on.run()) is DOWN
    assert on.provider.targets == ["a/m1", "b/m2"]


# --- Breakers -------------------------------------------------------------------------------


async def opened(on: Stage, target: str, seconds: float = 5.0) -> None:
    """Open the breaker of the target."""
    await on.breakers.report(target, Report.FAILED, retry_after_seconds=seconds)


async def test_a_target_that_rests_is_not_asked() -> None:
    on = stage(("b/m2", (B_STARTS, DONE)))
    await opened(on, "a/m1")

    assert await on.run() == [B_STARTS, DONE]
    assert on.provider.targets == ["b/m2"]


async def test_after_its_cooldown_one_request_probes_and_brings_it_back() -> None:
    on = stage(("a/m1", (A_STARTS, TextDelta("So."), DONE)), ("b/m2", (B_STARTS, DONE)))
    await opened(on, "a/m1")
    on.clock.advance(5.0)

    assert (await on.run())[0] == A_STARTS
    assert on.breakers.reports[1:] == [("a/m1", Report.OK)]
    assert (await on.run())[0] == A_STARTS


async def test_others_do_not_wait_for_the_probe() -> None:
    on = stage(("a/m1", (A_STARTS, DONE)), ("b/m2", (B_STARTS, DONE)))
    await opened(on, "a/m1")
    on.clock.advance(5.0)
    await on.breakers.probe("a/m1")

    assert (await on.run())[0] == B_STARTS


async def test_a_probe_somebody_else_took_meanwhile_is_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on = stage(("a/m1", (A_STARTS, DONE)), ("b/m2", (B_STARTS, DONE)))
    await opened(on, "a/m1")
    on.clock.advance(5.0)

    async def taken(target: str) -> bool:
        return False

    monkeypatch.setattr(on.breakers, "probe", taken)

    assert (await on.run())[0] == B_STARTS


async def test_a_cancelled_probe_is_given_back() -> None:
    on = stage(("a/m1", (A_STARTS, None)))
    await opened(on, "a/m1")
    on.clock.advance(5.0)
    call = on.call()
    task = asyncio.create_task(on.run(call))
    await on.provider.is_hanging.wait()

    call.watchdog.stop(CancelOrder("user", at=0.0))
    await task

    assert on.breakers.reports[-1] == ("a/m1", Report.VOID)
    assert on.ends == [("a", "cancelled", "settled", 1)]


async def test_a_probe_for_which_no_time_is_left_is_given_back() -> None:
    on = stage(("a/m1", (A_STARTS, DONE)))
    await opened(on, "a/m1")
    on.clock.advance(5.0)
    call = on.call()
    call.budget_seconds = 0.001

    assert isinstance(error_of(await on.run(call)), ProviderTimeoutError)
    assert on.breakers.reports[-1] == ("a/m1", Report.VOID)
    assert on.provider.n_calls == 0


async def test_when_everybody_rests_for_long_the_answer_says_until_when() -> None:
    on = stage()
    await opened(on, "a/m1", 60.0)
    await opened(on, "b/m2", 45.0)

    error = error_of(await on.run())

    assert isinstance(error, BreakerOpenError)
    assert error.retry_after_seconds == 45.0
    assert on.provider.n_calls == 0
    assert on.entries == []


async def test_a_short_rest_of_everybody_is_waited_out(naps: list[float]) -> None:
    on = stage(("a/m1", (A_STARTS, DONE)), targets=(A,))
    await opened(on, "a/m1", 0.5)
    look_again = recovery.routes.plan

    async def later(call: Call, *, ports: Ports) -> object:
        on.clock.advance(0.3)
        return await look_again(call, ports=ports)

    recovery.routes.plan = later  # type: ignore[assignment]
    try:
        assert await on.run() == [A_STARTS, DONE]
    finally:
        recovery.routes.plan = look_again
    assert len(naps) == 1


async def test_slow_first_content_is_reported_as_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    on = stage(("a/m1", (A_STARTS, TextDelta("So."), DONE)))
    monkeypatch.setattr(
        "gateway.services.attempts.Attempt.ttft_seconds", property(lambda self: 20.0)
    )

    await on.run()

    assert on.breakers.reports == [("a/m1", Report.SLOW)]


# --- Who cannot be asked at all -------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({"model": "other"}, UnknownModelError),
        ({"provider": "z"}, UnknownProviderError),
        ({"response_format": "{}"}, RequestError),
        ({"input_estimate": 10_000}, ContextTooLongError),
    ],
    ids=["no route", "no provider", "no ability", "no room"],
)
async def test_what_nobody_could_ever_do_is_refused_at_once(
    request_: dict[str, object], error: type[GatewayError]
) -> None:
    small = make_target("a", "m1", context_tokens=1000)
    on = stage(targets=(small,))

    assert type(error_of(await on.run(**request_))) is error
    assert on.provider.n_calls == 0


async def test_a_route_without_targets_leads_nowhere() -> None:
    on = stage(targets=())

    assert error_of(await on.run()).code == "no_target"


# --- The gate -------------------------------------------------------------------------------

KEY = Key("k1", Tenant("acme"))


async def test_a_full_provider_is_passed_over() -> None:
    on = stage(("b/m2", (B_STARTS, DONE)), targets=(make_target("a", "m1", places=0), B))
    call = on.call()

    assert (await on.run(call))[0] == B_STARTS
    assert call.observed.route_decision == "fallback"


async def test_a_used_up_limit_says_which_and_until_when() -> None:
    limit = Limit(Dimension.KEY, Unit.REQUESTS, 1)
    on = stage(("a/m1", (A_STARTS, DONE)))
    caller = Caller(Key("k1", Tenant("acme"), limits=(limit,)))

    first = await on.run(on.call(caller=caller))
    refused = on.call(caller=caller)
    error = error_of(await on.run(refused))

    assert first[-1] == DONE
    assert isinstance(error, LimitExceededError)
    assert (error.limit, error.retry_after_seconds) == ("requests:key", 60.0)
    assert refused.levels[0].remaining == 0
    assert len(on.entries) == 1


@pytest.mark.parametrize(
    ("dimension", "request_", "caller"),
    [
        (Dimension.TENANT, {}, Caller(KEY)),
        (Dimension.USER, {"user": "u"}, Caller(KEY)),
        (Dimension.IP, {}, Caller(KEY, ip="10.0.0.1")),
        (Dimension.ROUTE, {}, Caller(KEY)),
        (Dimension.MODEL, {}, Caller(KEY)),
        (Dimension.PROVIDER, {}, Caller(KEY)),
        (Dimension.GLOBAL, {}, Caller()),
    ],
)
async def test_every_dimension_binds(
    dimension: Dimension, request_: dict[str, object], caller: Caller
) -> None:
    on = stage(("a/m1", (A_STARTS, DONE)), limits=(Limit(dimension, Unit.REQUESTS, 1),))

    endings = [(await on.run(on.call(caller=caller, **request_)))[-1] for _ in range(2)]

    assert isinstance(endings[0], Finish)
    assert isinstance(endings[1], Failed)
    assert isinstance(endings[1].error, LimitExceededError)


async def test_tokens_are_claimed_with_what_may_come_and_corrected_by_what_came() -> None:
    limit = Limit(Dimension.KEY, Unit.TOKENS, 1000)
    on = stage(("a/m1", (A_STARTS, DONE)))
    caller = Caller(Key("k1", Tenant("acme"), limits=(limit,)))

    too_much = error_of(await on.run(on.call(caller=caller, max_output_tokens=1000)))
    await on.run(on.call(caller=caller, max_output_tokens=900))
    fits_again = await on.run(on.call(caller=caller, max_output_tokens=900))

    assert isinstance(too_much, LimitExceededError)
    assert too_much.retry_after_seconds is None
    assert fits_again[-1] == DONE


async def test_money_is_set_aside_and_what_was_not_used_comes_back() -> None:
    budget = Budget("key:k1", limit_microusd=100)
    on = stage(("a/m1", (A_STARTS, DONE)))
    caller = Caller(Key("k1", Tenant("acme"), budgets=(budget,)))
    assert isinstance(on.ports.gate, MemoryGate)

    too_dear = error_of(await on.run(on.call(caller=caller, max_output_tokens=60)))
    await on.run(on.call(caller=caller, max_output_tokens=40))

    assert isinstance(too_dear, BudgetExceededError)
    assert on.ports.gate.departures[-1].cost_microusd == 21
    assert [entry.cost_microusd for entry in on.entries] == [21]
    assert (on.entries[0].tenant, on.entries[0].key_id) == ("acme", "k1")


async def test_money_may_be_limited_like_anything_that_flows() -> None:
    on = stage(("a/m1", (A_STARTS, DONE)), limits=(Limit(Dimension.GLOBAL, Unit.MICROUSD, 50),))

    assert isinstance(error_of(await on.run(max_output_tokens=60)), LimitExceededError)
    assert (await on.run(max_output_tokens=20))[-1] == DONE


async def test_a_request_that_was_never_sent_leaves_without_a_trace_at_the_gate() -> None:
    on = stage(targets=(make_target("a", "m1", places=0, wait_seconds=0.0),))
    assert isinstance(on.ports.gate, MemoryGate)

    error = error_of(await on.run())

    assert error.code == "provider_busy"
    assert on.ports.gate.departures[-1].is_void


async def test_a_clients_budget_of_time_is_all_there_is() -> None:
    on = stage(("a/m1", (A_STARTS, None)), ("b/m2", (B_STARTS, None)))
    call = on.call()
    call.budget_seconds = 0.06

    error = error_of(await on.run(call))

    assert isinstance(error, ProviderTimeoutError)


# --- Leaving --------------------------------------------------------------------------------


async def test_a_client_that_leaves_pays_for_what_was_said() -> None:
    on = stage(("a/m1", (A_STARTS, TextDelta("Show me the number"), None)))
    task = asyncio.create_task(on.run())
    await on.provider.is_hanging.wait()

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert on.ends == [("a", "cancelled", "settled", 1 + 2 * 4)]
    assert await on.is_empty()


async def test_a_bug_of_an_adapter_is_in_the_ledger_too() -> None:
    on = stage(("a/m1", (A_STARTS, ValueError("oops"))))

    await on.run()

    assert on.ends == [("a", "error", "settled", 1)]
    assert on.entries[0].error_code == "internal"


async def test_frames_that_were_not_read_are_counted_as_tokens() -> None:
    on = stage(("a/m1", (A_STARTS, Passthrough(b"x", 30), DOWN)))

    await on.run()

    assert on.entries[0].usage == Usage(1, 30)


async def test_a_programs_good_answer_is_counted_and_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    on = stage(("a/m1", (A_STARTS, DONE)), ("a/m1", (A_STARTS, DONE)), ("a/m1", (DOWN,)))

    await on.run(on.call(caller=Caller(KEY)))
    assert caplog.records == []
    await on.run()
    await on.run(on.call(caller=Caller(KEY)))

    assert [record.message for record in caplog.records] == ["gateway.call_ended"] * 2


async def test_a_session_remembers_who_answered() -> None:
    on = stage(("a/m1", (A_STARTS, DONE)))

    await on.run(session="s")

    assert on.ports.memory.last_target("s") == "a/m1"


# --- Hedging --------------------------------------------------------------------------------

HURRIED = RetryPolicy(n_retries=0, hedge_after_seconds=0.0)


async def test_a_slow_target_is_raced_and_the_loser_is_booked_as_a_hedge() -> None:
    on = stage(
        ("a/m1", (A_STARTS, None)),
        ("b/m2", (B_STARTS, TextDelta("So."), DONE)),
        retry=HURRIED,
    )
    call = on.call()

    assert await on.run(call) == [B_STARTS, TextDelta("So."), DONE]
    assert on.ends == [("a", "hedged", "settled", 1), ("b", "done", "settled", 21)]
    assert (call.observed.route_decision, call.observed.provider) == ("hedge", "b")
    assert await on.is_empty()


async def test_the_first_may_still_win_the_race(monkeypatch: pytest.MonkeyPatch) -> None:
    on = stage(
        ("a/m1", (A_STARTS, TextDelta("So."), DONE)),
        ("b/m2", (B_STARTS, None)),
        retry=RetryPolicy(n_retries=0, hedge_after_seconds=60.0),
    )

    assert await on.run() == [A_STARTS, TextDelta("So."), DONE]
    assert on.ends == [("a", "done", "settled", 21)]


class LateProvider(FakeProvider):
    """A provider whose targets say nothing for so many rounds of the loop."""

    def __init__(self, **rounds: int) -> None:
        super().__init__()
        self.rounds = rounds

    async def stream(self, request: ChatRequest, target: Target) -> AsyncGenerator[Delta, None]:
        """Yield the steps, later."""
        for _ in range(self.rounds[target.provider.name]):
            await asyncio.sleep(0)
        async with aclosing(super().stream(request, target)) as deltas:
            async for delta in deltas:
                yield delta


async def test_the_first_may_win_although_a_rival_runs() -> None:
    provider = LateProvider(a=30, b=0)
    provider.say("a/m1", (A_STARTS, TextDelta("So."), DONE))
    provider.say("b/m2", (B_STARTS, None))
    on = Stage(provider, make_catalog(A, B, retry=HURRIED))
    call = on.call()

    assert await on.run(call) == [A_STARTS, TextDelta("So."), DONE]
    assert on.ends == [("a", "done", "settled", 21), ("b", "hedged", "settled", 1)]
    assert (call.observed.route_decision, call.observed.provider) == ("primary", "a")
    assert await on.is_empty()


async def test_when_the_first_loses_and_then_its_rival_each_has_its_own_failure() -> None:
    provider = LateProvider(a=30, b=60)
    provider.say("a/m1", (A_STARTS, DOWN))
    provider.say("b/m2", (B_STARTS, UpstreamError("500")))
    on = Stage(provider, make_catalog(A, B, retry=HURRIED))

    assert error_of(await on.run()) is DOWN
    assert [end[:2] for end in on.ends] == [("a", "error"), ("b", "error")]
    assert on.breakers.reports == [("a/m1", Report.FAILED), ("b/m2", Report.FAILED)]
    assert await on.is_empty()


async def test_a_race_that_both_lose_is_a_failure() -> None:
    on = stage(
        ("a/m1", (A_STARTS, None)),
        ("b/m2", (B_STARTS, DOWN)),
        retry=HURRIED,
        deadlines=Deadlines(first_seconds=0.05),
    )

    deltas = await on.run()

    assert isinstance(error_of(deltas), ProviderTimeoutError)
    assert sorted(end[:2] for end in on.ends) == [("a", "error"), ("b", "error")]
    assert await on.is_empty()


async def test_an_order_to_stop_ends_both_runners() -> None:
    on = stage(("a/m1", (A_STARTS, None)), ("b/m2", (B_STARTS, None)), retry=HURRIED)
    call = on.call()
    task = asyncio.create_task(on.run(call))
    while on.provider.n_open < 2:  # noqa: ASYNC110  the rival starts in the loop's next rounds
        await asyncio.sleep(0)

    call.watchdog.stop(CancelOrder("user", at=0.0))
    deltas = await task

    assert deltas == [Finish(FinishReason.CANCELLED, Usage(1, 0))]
    assert sorted(end[:2] for end in on.ends) == [("a", "cancelled"), ("b", "cancelled")]
    assert await on.is_empty()


async def test_without_a_free_place_there_is_no_race() -> None:
    on = stage(
        ("a/m1", (A_STARTS, None)),
        targets=(A, make_target("b", "m2", places=0, wait_seconds=0.0)),
        retry=HURRIED,
        deadlines=Deadlines(first_seconds=0.02),
    )

    assert error_of(await on.run()).code == "provider_busy"
    assert on.provider.targets == ["a/m1"]


# --- What a dead process leaves -------------------------------------------------------------


async def test_what_a_beat_tells_is_enough_to_write_the_entry_of_a_dead_process() -> None:
    on = stage(("a/m1", (A_STARTS, TextDelta("Show me the number"), None)))
    call = on.call(caller=Caller(KEY, room_id="r"))
    task = asyncio.create_task(on.run(call))
    await on.provider.is_hanging.wait()

    (before,) = settling.progress_of(on.call())
    (progress,) = settling.progress_of(call)
    task.cancel()
    await asyncio.wait([task])
    orphan = Orphan(progress.holder, progress.output_tokens, progress.record)
    entry = settling.entry_of(orphan, ended_at=99.0)

    (written,) = on.entries
    assert entry is not None
    assert (before.output_tokens, before.record) == (0, b"")
    assert entry == replace(
        written, end=AttemptEnd.CRASHED, ended_at=99.0, error_code="crashed", ttft_seconds=None
    )
    assert settling.entry_of(Orphan("h", 0, b""), ended_at=99.0) is None


async def test_a_rivals_place_is_kept_alive_too() -> None:
    on = stage(("a/m1", (A_STARTS, None)), ("b/m2", (B_STARTS, None)), retry=HURRIED)
    call = on.call()
    task = asyncio.create_task(on.run(call))
    while on.provider.n_open < 2:  # noqa: ASYNC110  the rival starts in the loop's next rounds
        await asyncio.sleep(0)

    holders = [progress.holder for progress in settling.progress_of(call)]
    for _ in range(3):
        on.clock.advance(3.0)
        await on.heart.beat()

    assert holders == [call.holder, f"{call.holder}.1"]
    assert [await on.ports.gate.in_flight(name) for name in ("a", "b")] == [1, 1]
    task.cancel()
    await asyncio.wait([task])
    assert await on.is_empty()


# --- The trace ------------------------------------------------------------------------------


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """The spans that ended, of a tracer of this test's own."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(observation, "_tracer", provider.get_tracer("test"))
    return exporter


async def test_the_trace_tells_every_attempt_and_why_it_was_made(
    spans: InMemorySpanExporter,
) -> None:
    on = stage(
        ("a/m1", (CredentialError("key"),)),
        ("b/m2", (B_STARTS, TextDelta("So."), DONE)),
    )

    await on.run()

    first, second, call = spans.get_finished_spans()
    assert [first.name, second.name, call.name] == ["attempt a/m1", "attempt b/m2", "chat m"]
    for attempt in (first, second):
        assert attempt.parent is not None
        assert attempt.parent.span_id == call.context.span_id
    told = dict(call.attributes or {})
    assert {
        "provider": "b",
        "route_decision": "fallback",
        "fallback_reason": "provider_4xx",
        "gw.route.policy": "priority",
        "gw.route.candidates": ("a/m1:1.00", "b/m2:1.00"),
        "gw.attempts": 2,
        "gw.outcome": "ok",
    }.items() <= told.items()
    assert [event.name for event in call.events] == ["breaker", "fallback", "first_token"]
    assert (first.status.status_code, second.status.status_code, call.status.status_code) == (
        StatusCode.ERROR,
        StatusCode.UNSET,
        StatusCode.UNSET,
    )
    assert dict(first.attributes or {})["gw.attempt.cause"] == "first"
    assert dict(second.attributes or {})["gw.attempt.cause"] == "fallback"
    assert [event.name for event in first.events] == ["breaker"]


async def test_a_client_that_leaves_is_on_the_trace_and_no_error(
    spans: InMemorySpanExporter,
) -> None:
    on = stage(("a/m1", (A_STARTS, TextDelta("So"), None)))
    task = asyncio.create_task(on.run())
    await on.provider.is_hanging.wait()
    task.cancel()
    await asyncio.wait([task])

    attempt, call = sorted(spans.get_finished_spans(), key=lambda span: span.name)
    assert (attempt.status.status_code, call.status.status_code) == (
        StatusCode.UNSET,
        StatusCode.UNSET,
    )
    assert dict(call.attributes or {})["gw.cancel.source"] == "disconnect"
    assert dict(attempt.attributes or {})["gw.outcome"] == "cancelled"
