"""When a target fails: who is asked next, who rests, and who cannot be asked at all."""

import asyncio
from dataclasses import replace

import pytest

from gateway.domain.breaker import Report
from gateway.domain.catalog import Ability, RetryPolicy, Target
from gateway.domain.errors import (
    BreakerOpenError,
    ContextTooLongError,
    CredentialError,
    GatewayError,
    InvalidRequestError,
    ProviderTimeoutError,
    RateLimitedError,
    RequestError,
    UnknownModelError,
    UnknownProviderError,
    UpstreamError,
)
from gateway.domain.messages import (
    Deadlines,
    Seam,
    Start,
    TextDelta,
)
from gateway.domain.ports import CancelOrder, Ports
from gateway.services import recovery
from gateway.services.completion import Call
from gateway.services.watchdog import Watchdog
from tests.factories.stage import (
    A_STARTS,
    B_STARTS,
    DONE,
    DOWN,
    A,
    B,
    Stage,
    error_of,
    stage,
)
from tests.fakes.gateway import make_target

pytestmark = pytest.mark.usefixtures("naps")


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


# --- Deadlines ------------------------------------------------------------------------------


def patient(target: Target, **deadlines: float) -> Target:
    """Return the target at a provider with deadlines of its own."""
    return replace(target, provider=replace(target.provider, deadlines=Deadlines(**deadlines)))


async def test_a_provider_that_may_take_longer_than_the_house_is_given_its_time() -> None:
    on = stage(
        ("a/m1", (A_STARTS, TextDelta("So."), DONE)),
        targets=(patient(A, total_seconds=900.0),),
    )
    on.ports = replace(on.ports, deadlines=Deadlines(total_seconds=0.0))

    assert await on.run() == [A_STARTS, TextDelta("So."), DONE]


async def test_who_is_not_asked_lends_nobody_its_patience() -> None:
    on = stage(targets=(A, patient(B, total_seconds=900.0)))
    on.ports = replace(on.ports, deadlines=Deadlines(total_seconds=0.0))

    assert isinstance(error_of(await on.run(provider="a")), ProviderTimeoutError)
    assert on.provider.n_calls == 0


async def test_a_provider_in_a_hurry_is_left_although_it_keeps_talking() -> None:
    on = stage(
        ("a/m1", (A_STARTS, TextDelta("One "), None)),
        ("b/m2", (B_STARTS, TextDelta("two."), DONE)),
        targets=(
            patient(A, first_seconds=0.05, total_seconds=0.05),
            replace(B, abilities=frozenset({Ability.STREAM, Ability.PREFILL})),
        ),
    )

    deltas = await on.run()

    assert deltas[1:4] == [TextDelta("One "), Seam("b", "m2", 4), TextDelta("two.")]
    assert on.entries[0].error_code == "provider_timeout"


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
