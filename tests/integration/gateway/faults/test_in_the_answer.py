"""What goes wrong when words were said already: the answer goes on, or says that it broke off.

The numbers are those of the table in docs/faults.md.
"""

import json

import pytest

from gateway.domain.messages import UsageSource
from tests.fakes.upstream import Cut, Reply
from tests.fakes.upstream.dialects import OpenAIWire
from tests.integration.gateway.faults.house import (
    FORTY,
    REST,
    SIXTY,
    STREAMS,
    WAYS,
    WHOLES,
    House,
    Way,
)

BROKEN = {"stream_truncated", "api_error"}
SEAM = f"acme/two at {len(FORTY)}"


@STREAMS
@pytest.mark.parametrize("cut", list(Cut))
async def test_8_a_cut_answer_is_carried_on_by_another_behind_a_seam(
    house: House, way: Way, cut: Cut
) -> None:
    house.upstream.say(SIXTY, model="one", cut_after=40, cut=cut)
    house.upstream.say(f" {REST}", model="two")

    answer = await house.ask(way)

    assert (answer.is_good, answer.seams) == (True, [SEAM])
    assert answer.text.split() == SIXTY.split()
    assert house.upstream.seen[1].json["messages"][-1] == {"role": "assistant", "content": FORTY}
    assert house.rows == [("one", "error", "stream_truncated"), ("two", "done", "")]
    assert house.events == ["first_token", "fallback", "seam"]
    assert house.details("seam") == [{"target": "acme/two", "offset": len(FORTY)}]
    assert house.attempts[1] == ("two", "going_on", "done", "")


@STREAMS
@pytest.mark.parametrize("cut", list(Cut))
async def test_8_a_cut_answer_that_nobody_can_carry_on_says_so(
    house: House, way: Way, cut: Cut
) -> None:
    house.alone()
    house.upstream.say(SIXTY, cut_after=40, cut=cut)

    answer = await house.ask(way)

    assert (answer.status, answer.text, answer.reasons) == (200, FORTY, [])
    assert (answer.error in BROKEN, answer.is_ended_once) == (True, True)
    assert house.rows == [("one", "error", "stream_truncated")]
    assert house.call["gw.outcome"] == "error"
    assert await house.holds_nothing()


@WHOLES
@pytest.mark.parametrize("cut", [Cut.CLOSE, Cut.RESET])
async def test_8_a_body_cut_in_the_middle_is_asked_for_again(
    house: House, way: Way, cut: Cut
) -> None:
    house.upstream.say(SIXTY, model="one", cut_after=40, cut=cut)
    house.upstream.say(SIXTY, model="one")

    answer = await house.ask(way)

    assert (answer.is_good, answer.text) == (True, SIXTY)
    assert house.rows == [("one", "error", "stream_truncated"), ("one", "done", "")]
    assert house.events == ["retry", "first_token"]


@STREAMS
async def test_9_an_answer_that_stalls_is_carried_on_although_comments_keep_coming(
    house: House, way: Way
) -> None:
    house.upstream.say(SIXTY, model="one", stall_after=40, comment_every_seconds=0.05)
    house.upstream.say(f" {REST}", model="two")

    answer = await house.ask(way)

    assert (answer.is_good, answer.seams) == (True, [SEAM])
    assert answer.text.split() == SIXTY.split()
    assert house.rows == [("one", "error", "provider_timeout"), ("two", "done", "")]
    assert house.attempts[0] == ("one", "first", "error", "idle_timeout")
    assert house.events == ["first_token", "fallback", "seam"]
    await house.upstream.until(lambda: house.upstream.seen[0].is_gone)


@STREAMS
async def test_9_a_stall_that_nobody_can_carry_on_is_an_error_in_the_stream(
    house: House, way: Way
) -> None:
    house.alone()
    house.upstream.say(SIXTY, stall_after=40)

    answer = await house.ask(way)

    assert (answer.status, answer.text, answer.is_ended_once) == (200, FORTY, True)
    assert answer.error in {"provider_timeout", "timeout_error"}
    assert house.call["gw.outcome"] == "timeout"


@WHOLES
async def test_9_a_body_that_stalls_is_asked_for_elsewhere(house: House, way: Way) -> None:
    house.upstream.say(SIXTY, model="one", stall_after=0)
    house.upstream.say(SIXTY, model="two")

    answer = await house.ask(way)

    assert (answer.is_good, answer.text, house.asked) == (True, SIXTY, ["one", "two"])
    await house.upstream.until(lambda: house.upstream.seen[0].is_gone)


@STREAMS
async def test_10_a_frame_that_holds_no_part_of_the_answer_is_left_out(
    house: House, way: Way
) -> None:
    asked = {"model": "one", "stream_options": {"include_usage": True}}
    wire = OpenAIWire().stream(Reply(text=SIXTY), asked)
    asides = (b"data: not json at all\n\n", b"event: tick\ndata: 1\n\n")
    frames = (*wire.opening, *wire.tokens[:30], *asides, *wire.tokens[30:], *wire.closing)
    house.upstream.reply(Reply(frames=frames), model="one")

    answer = await house.ask(way)

    assert (answer.is_good, answer.text, answer.usage) == (True, SIXTY, (7, 60))
    assert house.rows == [("one", "done", "")]


@STREAMS
async def test_10_a_broken_part_of_the_answer_is_no_part_of_it(house: House, way: Way) -> None:
    house.upstream.say(SIXTY, model="one", malformed_after=40)
    house.upstream.say(f" {REST}", model="two")

    answer = await house.ask(way)

    assert (answer.is_good, answer.seams) == (True, [SEAM])
    assert answer.text.split() == SIXTY.split()
    assert house.rows == [("one", "error", "upstream_error"), ("two", "done", "")]
    assert house.events == ["first_token", "fallback", "seam"]


@STREAMS
async def test_10_a_broken_part_ends_cleanly_where_nobody_can_go_on(house: House, way: Way) -> None:
    house.alone()
    house.upstream.say(SIXTY, malformed_after=40)

    answer = await house.ask(way)

    assert (answer.text, answer.is_ended_once) == (FORTY, True)
    assert answer.error in {"upstream_error", "api_error"}


@WHOLES
async def test_10_a_body_that_cannot_be_read_is_asked_for_again(house: House, way: Way) -> None:
    house.upstream.reply(Reply(whole=b'{"id":"c-1","choices":[{"index"'), model="one")
    house.upstream.say(SIXTY, model="one")

    answer = await house.ask(way)

    assert (answer.is_good, answer.text) == (True, SIXTY)
    assert house.rows == [("one", "error", "upstream_error"), ("one", "done", "")]


@STREAMS
async def test_11_an_answer_that_said_why_it_ends_needs_no_end_mark(house: House, way: Way) -> None:
    house.upstream.say(SIXTY, model="one", has_done=False)

    answer = await house.ask(way)

    assert (answer.is_good, answer.text, answer.usage) == (True, SIXTY, (7, 60))
    assert house.rows == [("one", "done", "")]
    assert house.entries[0].usage.source is UsageSource.PROVIDER
    assert (house.costs, house.events) == ([67], ["first_token"])


@STREAMS
async def test_11_an_end_mark_without_a_reason_is_an_end_too(house: House, way: Way) -> None:
    house.upstream.say(SIXTY, model="one", has_finish=False)

    answer = await house.ask(way)

    assert (answer.status, answer.text, answer.error) == (200, SIXTY, "")
    assert (answer.is_ended_once, house.costs) == (True, [67])


@STREAMS
async def test_14_nobody_goes_on_who_does_not_take_what_was_said(house: House, way: Way) -> None:
    house.two_is_unable()
    house.upstream.say(SIXTY, model="one", cut_after=40)

    answer = await house.ask(way)

    assert (answer.text, answer.seams, answer.reasons) == (FORTY, [], [])
    assert (answer.error in BROKEN, answer.is_ended_once) == (True, True)
    assert (house.asked, house.events) == (["one"], ["first_token"])


@STREAMS
async def test_14_as_long_as_nothing_was_shown_somebody_begins_anew(house: House, way: Way) -> None:
    house.two_is_unable()
    house.upstream.always(Reply(text=SIXTY, cut_after=0), model="one")
    house.upstream.say(SIXTY, model="two")

    answer = await house.ask(way)

    assert (answer.is_good, answer.text, answer.seams) == (True, SIXTY, [])
    assert answer.models == {"two"}
    assert house.asked == ["one", "one", "two"]


@STREAMS
async def test_14_who_refuses_what_was_said_does_not_hide_why_the_answer_broke_off(
    house: House, way: Way
) -> None:
    house.upstream.say(SIXTY, model="one", cut_after=40)
    house.upstream.fail(400, model="two", code="prefill_not_supported")

    answer = await house.ask(way)

    assert (answer.text, answer.error in BROKEN) == (FORTY, True)
    assert answer.is_ended_once
    assert house.rows == [
        ("one", "error", "stream_truncated"),
        ("two", "error", "invalid_request"),
    ]
    assert house.costs[1] == 0


@WAYS
async def test_16_the_answer_names_who_gave_it_and_every_attempt_is_paid_for(
    house: House, way: Way
) -> None:
    house.upstream.always(Reply(status=500), model="one")
    house.upstream.say(SIXTY, model="two")

    answer = await house.ask(way)

    assert answer.headers["x-gateway-model"] == "two"
    assert answer.headers["x-gateway-attempts"] == "3"
    assert (answer.models, answer.usage) == ({"two"}, (7, 60))
    assert house.costs == [0, 0, 67]
    assert {entry.request_id for entry in house.entries} == {answer.headers["x-request-id"]}
    assert [entry.id.rpartition("/")[2] for entry in house.entries] == ["1", "2", "3"]
    assert [entry.model for entry in house.entries] == ["one", "one", "two"]
    assert [entry.price_id for entry in house.entries] == ["p", "p", "p"]


@STREAMS
async def test_16_what_a_broken_attempt_said_is_paid_for_by_our_count(
    house: House, way: Way
) -> None:
    house.upstream.say(SIXTY, model="one", cut_after=40)
    house.upstream.say(f" {REST}", model="two")

    answer = await house.ask(way)

    broken, whole = house.entries
    assert broken.usage.source is UsageSource.ESTIMATED
    assert broken.usage.output_total > 30
    assert broken.usage.input_total > 0
    assert broken.cost_microusd == broken.usage.input_total + broken.usage.output_total
    assert (whole.usage.source, whole.cost_microusd) == (UsageSource.PROVIDER, 27)
    assert answer.is_good
    assert json.loads(house.upstream.seen[1].body)["model"] == whole.model == "two"
