"""Answers of which two had a part: one goes on where another broke off, or two race."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

import pytest

from gateway.domain.breaker import Report
from gateway.domain.catalog import Ability, RetryPolicy, Target
from gateway.domain.errors import (
    InvalidRequestError,
    ProviderTimeoutError,
    UpstreamError,
)
from gateway.domain.gate import Orphan
from gateway.domain.messages import (
    ChatRequest,
    Deadlines,
    Delta,
    Dialect,
    Finish,
    FinishReason,
    Message,
    Original,
    Passthrough,
    Retract,
    Role,
    Seam,
    TextDelta,
    ToolCallDelta,
    Usage,
    UsageSource,
)
from gateway.domain.money import AttemptEnd
from gateway.domain.ports import CancelOrder
from gateway.services import saying, settling
from tests.factories.stage import (
    A_STARTS,
    B_STARTS,
    DONE,
    DOWN,
    HURRIED,
    PRICE,
    A,
    B,
    Stage,
    error_of,
    stage,
)
from tests.fakes.gateway import FakeProvider, make_catalog, make_target

pytestmark = pytest.mark.usefixtures("naps")

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


async def test_forwarded_bytes_go_on_in_the_same_dialect_from_what_they_said() -> None:
    rest = Passthrough(b"three.", 1)
    on = stage(
        ("a/m1", (A_STARTS, Passthrough(b"One ", 1), Passthrough(b"two ", 1))),
        ("b/m2", (B_STARTS, rest, DONE)),
        targets=(A, B_ABLE),
    )
    asked = Original(Dialect.SCRIPT, b"Why?", is_readable=False, headers=(("beta", "x"),))

    deltas = await on.run(messages=(), original=asked)

    assert deltas[3:5] == [Seam("b", "m2", 8), rest]
    assert isinstance(deltas[-1], Finish)
    assert on.provider.requests[1].original == replace(asked, body=b"Why?\nOne two ")


@pytest.mark.parametrize(
    "frame",
    [b"!a tool", b"", b"x" * (saying.LARGEST_KEPT_BYTES + 1)],
    ids=["a tool", "nothing said", "too much"],
)
async def test_bytes_with_more_than_words_in_them_are_not_gone_on_from(frame: bytes) -> None:
    on = stage(("a/m1", (A_STARTS, Passthrough(frame, 1), DOWN)), targets=(A, B_ABLE))

    assert error_of(await on.run(original=Original(Dialect.SCRIPT, b"Why?"))) is DOWN
    assert on.provider.targets == ["a/m1"]


async def test_bytes_of_a_dialect_nobody_reads_are_not_gone_on_from() -> None:
    on = stage(("a/m1", (A_STARTS, Passthrough(b"One ", 1), DOWN)), targets=(A, B_ABLE))

    assert error_of(await on.run(original=Original(Dialect.GEMINI, b"Why?"))) is DOWN
    assert on.provider.targets == ["a/m1"]


async def test_a_request_in_another_dialect_is_put_into_words_to_go_on() -> None:
    on = stage(
        ("a/m1", (A_STARTS, TextDelta("One "), DOWN)),
        ("b/m2", (B_STARTS, TextDelta("two."), DONE)),
        targets=(A, B_ABLE),
    )

    await on.run(original=Original(Dialect.GEMINI, b"Why?"))

    assert on.provider.requests[1].original is None
    assert on.provider.requests[1].messages[-1].text == "One "


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


# --- Hedging --------------------------------------------------------------------------------


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


async def test_both_runners_of_a_race_are_known_to_whoever_finds_it() -> None:
    provider = LateProvider(a=0, b=0)
    provider.say("a/m1", (A_STARTS, None))
    provider.say("b/m2", (B_STARTS, None))
    on = Stage(provider, make_catalog(A, B, retry=HURRIED))
    call = on.call()
    task = asyncio.create_task(on.run(call))
    while on.provider.n_open < 2 or not call.current.started:  # noqa: ASYNC110  a few rounds
        await asyncio.sleep(0)

    told, _ = settling.progress_of(call)
    found = settling.entries_of(Orphan(told.holder, told.output_tokens, told.record), ended_at=9.0)
    task.cancel()
    await asyncio.wait([task])

    crashed = [
        replace(
            entry, end=AttemptEnd.CRASHED, ended_at=9.0, error_code="crashed", ttft_seconds=None
        )
        for entry in on.entries
    ]
    assert [(entry.id, entry.provider) for entry in found] == [("q/1", "a"), ("q/2", "b")]
    assert found == crashed


async def test_after_a_race_the_winner_alone_is_told_of() -> None:
    on = stage(
        ("a/m1", (A_STARTS, None)),
        ("b/m2", (B_STARTS, TextDelta("So."), None)),
        retry=HURRIED,
    )
    call = on.call()
    task = asyncio.create_task(on.run(call))
    while not call.is_answering:  # noqa: ASYNC110  a few rounds of the loop
        await asyncio.sleep(0)

    told, _ = settling.progress_of(call)
    found = settling.entries_of(Orphan(told.holder, told.output_tokens, told.record), ended_at=9.0)
    task.cancel()
    await asyncio.wait([task])

    assert [(entry.id, entry.usage.output_total) for entry in found] == [("q/2", 1)]
    assert found[0].cost_microusd == on.entries[1].cost_microusd


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

    assert holders == [call.stay.holder, f"{call.stay.holder}.1"]
    assert [await on.ports.gate.in_flight(name) for name in ("a", "b")] == [1, 1]
    task.cancel()
    await asyncio.wait([task])
    assert await on.is_empty()
