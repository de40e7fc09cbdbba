"""Faults on purpose through /v1: each does what it says, and is on the trace with what followed."""

from dataclasses import replace

import pytest
from prometheus_client import REGISTRY

from gateway.domain.catalog import Key, Tenant
from gateway.domain.faults import FaultProfile, FaultRule
from tests.fakes.strikes import MemoryStrikes
from tests.fakes.upstream import Reply
from tests.integration.gateway.faults.house import (
    FORTY,
    REST,
    SIXTY,
    STREAMED,
    STREAMS,
    WAYS,
    WHOLES,
    House,
    Way,
)

STREAM = STREAMED[0]
FALLEN_BACK = ["gw.fault", "fallback", "first_token"]


@pytest.fixture
def strikes(house: House) -> MemoryStrikes:
    """The counters of the house."""
    made = MemoryStrikes()
    house.ports = replace(house.ports, strikes=made)
    return made


@pytest.fixture(autouse=True)
def talk(house: House) -> None:
    """Let both targets answer well by themselves, and requests bring faults."""
    house.upstream.always(Reply(text=SIXTY))
    house.change(allows_faults=True)


def rule(house: House, profile: FaultProfile, **given: object) -> None:
    """Put one rule into the catalog, for ``one`` unless it says for whom."""
    given = {"model": "one", **given}
    house.catalog = replace(house.catalog, faults=(FaultRule("r", profile, **given),))  # type: ignore[arg-type]


def n_struck(profile: str) -> float:
    """Return what the series counts."""
    labels = {"provider": "acme", "model": "one", "profile": profile}
    return REGISTRY.get_sample_value("gw_faults_injected_total", labels) or 0.0


@WAYS
async def test_without_a_rule_nothing_is_put_before_the_provider(house: House, way: Way) -> None:
    answer = await house.ask(way)

    assert (answer.is_good, house.events) == (True, ["first_token"])
    assert house.details("gw.fault") == []


@WAYS
@pytest.mark.parametrize(
    ("said", "error_code"),
    [
        ("refuse_connect", "connection_failed"),
        ("status; status=500", "upstream_error"),
        ("status; status=503", "provider_unavailable"),
        ("status; status=401", "upstream_credentials"),
        ("rate_limited; seconds=30", "rate_limited"),
    ],
)
async def test_a_refusal_on_purpose_is_got_over_like_any_other(
    house: House, way: Way, said: str, error_code: str
) -> None:
    answer = await house.ask(way, x_gateway_fault=f"{said}; model=one")

    assert (answer.is_good, answer.text, answer.models) == (True, SIXTY, {"two"})
    assert house.asked == ["two"]  # nothing of it ever reached the server
    n_tries = len(house.rows) - 1
    assert house.rows == [("one", "error", error_code)] * n_tries + [("two", "done", "")]
    told = [name for name in house.events if name not in {"breaker", "retry"}]
    assert told == ["gw.fault"] * n_tries + ["fallback", "first_token"]


@WAYS
async def test_a_retry_follows_a_fault_that_strikes_once(house: House, way: Way) -> None:
    before = n_struck("status")

    answer = await house.ask(way, x_gateway_fault="status; status=500; times=1")

    assert answer.is_good
    assert house.events == ["gw.fault", "retry", "first_token"]
    assert house.attempts == [
        ("one", "first", "error", "provider_5xx"),
        ("one", "retry", "done", ""),
    ]
    on_call, on_attempt = house.details("gw.fault")
    assert on_call == on_attempt
    assert on_call == {
        "gw.fault.rule": "request#1",
        "gw.fault.profile": "status",
        "target": "acme/one",
    }
    assert n_struck("status") == before + 1


@WAYS
async def test_the_vendors_own_word_on_when_to_come_back_opens_the_breaker(
    house: House, way: Way
) -> None:
    rule(house, FaultProfile.RATE_LIMITED, seconds=30.0)

    assert (await house.ask(way)).is_good
    assert (await house.ask(way)).is_good

    assert house.events[:4] == ["gw.fault", "breaker", "fallback", "first_token"]
    assert [row[0] for row in house.rows] == ["one", "two", "two"]  # it is left alone


@STREAMS
@pytest.mark.parametrize("profile", ["cut", "malformed"])
async def test_an_answer_broken_on_purpose_goes_on_behind_a_seam(
    house: House, way: Way, profile: str
) -> None:
    house.upstream.always(Reply(text=f" {REST}"), model="two")

    answer = await house.ask(way, x_gateway_fault=f"{profile}; after=40; model=one")

    assert (answer.is_good, answer.seams) == (True, [f"acme/two at {len(FORTY)}"])
    assert answer.text.split() == SIXTY.split()
    assert house.events == ["first_token", "gw.fault", "fallback", "seam"]
    await house.upstream.until(lambda: house.upstream.n_in_flight == 0)


@STREAMS
async def test_a_stall_on_purpose_ends_at_the_idle_deadline(house: House, way: Way) -> None:
    house.upstream.always(Reply(text=f" {REST}"), model="two")

    answer = await house.ask(way, x_gateway_fault="stall; after=40; seconds=30; model=one")

    assert answer.is_good
    assert answer.text.split() == SIXTY.split()
    assert house.rows[0] == ("one", "error", "provider_timeout")
    assert house.events == ["first_token", "gw.fault", "fallback", "seam"]


@WAYS
async def test_a_stall_that_is_short_enough_is_waited_out(house: House, way: Way) -> None:
    answer = await house.ask(way, x_gateway_fault="stall; after=40; seconds=0.05")

    assert (answer.is_good, answer.text, answer.seams) == (True, SIXTY, [])
    assert len(house.details("gw.fault")) == 2


@WAYS
async def test_a_slow_first_word_on_purpose_is_not_waited_for(house: House, way: Way) -> None:
    answer = await house.ask(way, x_gateway_fault="slow_first; seconds=30; model=one")

    assert (answer.is_good, answer.text, house.events) == (True, SIXTY, FALLEN_BACK)
    assert house.attempts[0] == ("one", "first", "error", "ttft_timeout")


@WAYS
async def test_latency_on_purpose_is_only_slow(house: House, way: Way) -> None:
    answer = await house.ask(way, x_gateway_fault="latency; seconds=0.001")

    assert (answer.is_good, answer.text) == (True, SIXTY)
    assert sorted(house.events) == ["first_token", "gw.fault"]


@STREAMS
async def test_an_end_left_out_on_purpose_is_no_end(house: House, way: Way) -> None:
    house.alone()

    answer = await house.ask(way, x_gateway_fault="no_done")

    assert (answer.text, answer.reasons) == (SIXTY, [])
    assert answer.error in {"stream_truncated", "api_error"}
    assert answer.is_ended_once
    assert sorted(house.events) == ["first_token", "gw.fault"]


@WHOLES
@pytest.mark.parametrize("profile", ["cut", "malformed"])
async def test_a_body_broken_on_purpose_is_asked_for_again(
    house: House, way: Way, profile: str
) -> None:
    answer = await house.ask(way, x_gateway_fault=f"{profile}; after=40; times=1")

    assert (answer.is_good, answer.text) == (True, SIXTY)
    assert house.events[:2] == ["gw.fault", "retry"]


async def test_faults_on_purpose_open_the_breaker_too(house: House) -> None:
    rule(house, FaultProfile.STATUS, status=503)

    for _ in range(4):
        assert (await house.ask(STREAM)).is_good

    assert house.details("breaker")[0] == {"gw.breaker.state": "open", "target": "acme/one"}
    assert house.asked == ["two"] * 4


async def test_what_a_request_does_to_itself_opens_no_breaker_for_others(house: House) -> None:
    for said in ("status; status=503; model=one", "status; status=401; model=one"):
        for _ in range(6):
            assert (await house.ask(STREAM, x_gateway_fault=said)).is_good
    assert (await house.ask(STREAM)).is_good

    assert house.details("breaker") == []
    assert house.asked[-1] == "one"


async def test_what_a_tenant_does_to_itself_opens_no_breaker_for_others(house: House) -> None:
    rule(house, FaultProfile.RATE_LIMITED, seconds=30.0, tenant="t")
    for _ in range(6):
        assert (await house.ask(STREAM)).is_good
    house.catalog = replace(house.catalog, faults=())
    assert (await house.ask(STREAM)).is_good

    assert house.details("breaker") == []
    assert house.asked == ["two"] * 6 + ["one"]


async def test_a_probe_that_suffers_ones_own_fault_is_given_back(house: House) -> None:
    rule(house, FaultProfile.STATUS, status=503)
    for _ in range(4):
        assert (await house.ask(STREAM)).is_good
    house.catalog = replace(house.catalog, faults=())
    house.clock.advance(60.0)

    assert (await house.ask(STREAM, x_gateway_fault="status; status=500; model=one")).is_good
    assert (await house.ask(STREAM)).is_good

    assert house.asked[-1] == "one"


async def test_a_rule_strikes_as_often_as_it_may_over_all_requests(
    house: House, strikes: MemoryStrikes
) -> None:
    rule(house, FaultProfile.STATUS, n_times=2)

    for _ in range(3):
        assert (await house.ask(STREAM)).is_good

    assert len(house.details("gw.fault")) == 2 * 2  # each on the call and on its attempt


async def test_no_rule_with_a_count_strikes_while_nobody_can_count(
    house: House, strikes: MemoryStrikes
) -> None:
    strikes.is_away = True
    rule(house, FaultProfile.STATUS, n_times=2)

    assert (await house.ask(STREAM)).is_good
    assert house.details("gw.fault") == []

    house.ports = replace(house.ports, strikes=None)
    assert (await house.ask(STREAM)).is_good
    assert house.details("gw.fault") == []


@pytest.mark.parametrize(
    "given",
    [
        {"provider": "other"},
        {"model": "two"},
        {"route": "other"},
        {"room": "r-1"},
        {"tenant": "other"},
        {"until": 1_000_000.0},
        {"probability": 0.0},
    ],
    ids=str,
)
async def test_a_rule_for_somebody_else_strikes_nobody_here(
    house: House, given: dict[str, object]
) -> None:
    rule(house, FaultProfile.REFUSE_CONNECT, **given)

    assert (await house.ask(STREAM)).is_good
    assert house.events == ["first_token"]


async def test_only_a_key_that_may_brings_faults(house: House) -> None:
    (name,) = house.catalog.keys
    house.catalog = replace(house.catalog, keys={name: Key("k", Tenant("t"))})

    answer = await house.ask(STREAM, x_gateway_fault="cut")

    assert (answer.status, answer.error, house.asked) == (403, "permission_denied", [])


async def test_only_a_model_that_allows_it_suffers_what_a_request_brings(house: House) -> None:
    house.change(allows_faults=False)

    answer = await house.ask(STREAM, x_gateway_fault="cut")

    assert (answer.status, answer.error, house.asked) == (403, "permission_denied", [])


async def test_a_fault_nobody_knows_is_told_as_such(house: House) -> None:
    answer = await house.ask(STREAM, x_gateway_fault="explode")

    assert (answer.status, house.asked) == (400, [])
    assert "refuse_connect" in answer.complaint


async def test_a_request_with_faults_is_neither_kept_nor_shared(house: House) -> None:
    house.change(cache_seconds=60.0, is_coalesced=True)

    assert (await house.ask(STREAM, x_gateway_fault="latency; seconds=0.001")).is_good
    assert (await house.ask(STREAM, x_gateway_fault="latency; seconds=0.001")).is_good

    assert house.asked == ["one", "one"]
