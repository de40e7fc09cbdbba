"""One request's coming and going: the gate, the ledger, the log and the trace."""

import asyncio
from dataclasses import replace

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from gateway.domain.caller import Caller
from gateway.domain.catalog import Key, Tenant
from gateway.domain.errors import (
    BudgetExceededError,
    CredentialError,
    LargerThanLimitError,
    LimitExceededError,
    ProviderTimeoutError,
)
from gateway.domain.gate import Orphan
from gateway.domain.messages import (
    Failed,
    Finish,
    FinishReason,
    Passthrough,
    TextDelta,
    Usage,
    UsageSource,
)
from gateway.domain.money import AttemptEnd, Budget
from gateway.domain.rate_limit import Dimension, Limit, Unit
from gateway.services import observation, settling
from tests.factories.stage import (
    A_STARTS,
    B_STARTS,
    DONE,
    DOWN,
    KEY,
    B,
    error_of,
    stage,
)
from tests.fakes.gate import MemoryGate
from tests.fakes.gateway import make_target

pytestmark = pytest.mark.usefixtures("naps")

# --- The gate -------------------------------------------------------------------------------


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
    assert refused.stay.levels[0].remaining == 0
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

    assert isinstance(too_much, LargerThanLimitError)
    assert too_much.retry_after_seconds is None
    assert str(too_much) == (
        "The request may use 1001 of the limit tokens:key, which is 1000 in all."
    )
    assert fits_again[-1] == DONE


async def test_a_limit_that_lets_nothing_pass_is_no_fault_of_the_request() -> None:
    limit = Limit(Dimension.KEY, Unit.TOKENS, 0)
    on = stage(("a/m1", (A_STARTS, DONE)))
    caller = Caller(Key("k1", Tenant("acme"), limits=(limit,)))

    error = error_of(await on.run(on.call(caller=caller)))

    assert type(error) is LimitExceededError
    assert error.retry_after_seconds is None


async def test_of_two_limits_of_one_name_the_smaller_is_told() -> None:
    limits = tuple(Limit(Dimension.KEY, Unit.TOKENS, amount) for amount in (9000, 500))
    on = stage(("a/m1", (A_STARTS, DONE)))
    caller = Caller(Key("k1", Tenant("acme"), limits=limits))

    error = error_of(await on.run(on.call(caller=caller, max_output_tokens=1000)))

    assert isinstance(error, LargerThanLimitError)
    assert str(error).endswith("which is 500 in all.")


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


async def test_the_vendors_own_figures_lie_beside_ours_in_the_ledger() -> None:
    told = Usage(3, 9, UsageSource.PROVIDER, told='{"prompt_tokens":3,"completion_tokens":9}')
    on = stage(("a/m1", (A_STARTS, Finish(FinishReason.STOP, told))))

    await on.run()

    assert on.entries[0].raw_usage == '{"prompt_tokens":3,"completion_tokens":9}'


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
    (entry,) = settling.entries_of(orphan, ended_at=99.0)

    (written,) = on.entries
    assert (before.output_tokens, before.record) == (0, b"")
    assert entry == replace(
        written, end=AttemptEnd.CRASHED, ended_at=99.0, error_code="crashed", ttft_seconds=None
    )
    assert settling.entries_of(Orphan("h", 0, b""), ended_at=99.0) == []


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
