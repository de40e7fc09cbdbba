"""What goes wrong before a word was said: nobody who asked ever knows.

The numbers are those of the table in docs/faults.md.
"""

from dataclasses import replace

from tests.fakes.upstream import Reply
from tests.integration.gateway.faults.house import FAST, SIXTY, WAYS, House, Way

DONE = ("two", "done", "")


@WAYS
async def test_1_a_retry_after_sends_the_request_to_who_is_well_at_once(
    house: House, way: Way
) -> None:
    house.upstream.fail(429, model="one", retry_after="2")
    house.upstream.say(SIXTY, model="two")

    answer = await house.ask(way)

    assert (answer.is_good, answer.text, house.naps) == (True, SIXTY, [])
    assert house.rows == [("one", "error", "rate_limited"), DONE]
    assert house.events == ["breaker", "fallback", "first_token"]
    assert house.attempts == [
        ("one", "first", "error", "provider_429"),
        ("two", "fallback", "done", ""),
    ]


@WAYS
async def test_1_a_retry_after_is_waited_out_where_the_policy_says_so(
    house: House, way: Way
) -> None:
    route = house.catalog.routes["m"]
    house.change(retry=replace(route.retry, waits_for_primary=True))
    house.upstream.fail(429, model="one", retry_after="2")
    house.upstream.say(SIXTY, model="one")

    answer = await house.ask(way)

    assert (answer.is_good, answer.text) == (True, SIXTY)
    assert [2.0 <= nap < 2.1 for nap in house.naps] == [True]
    assert house.rows == [("one", "error", "rate_limited"), ("one", "done", "")]
    assert house.events == ["breaker", "retry", "first_token"]
    assert house.details("retry") == [{"reason": "provider_429", "after_seconds": 2.0}]


@WAYS
async def test_1_a_retry_after_is_waited_out_by_who_is_alone(house: House, way: Way) -> None:
    house.alone()
    house.upstream.fail(429, retry_after="2")
    house.upstream.say(SIXTY)

    answer = await house.ask(way)

    assert (answer.is_good, house.asked) == (True, ["one", "one"])
    assert [2.0 <= nap < 2.1 for nap in house.naps] == [True]
    assert house.attempts[1] == ("one", "retry", "done", "")


@WAYS
async def test_2_a_rate_limit_that_stays_is_left_behind_after_growing_pauses(
    house: House, way: Way
) -> None:
    house.upstream.always(Reply(status=429), model="one")
    house.upstream.say(SIXTY, model="two")

    answer = await house.ask(way)

    assert (answer.is_good, answer.text) == (True, SIXTY)
    assert house.rows == [("one", "error", "rate_limited")] * 3 + [DONE]
    first, second = house.naps
    assert 0.1 <= first <= 0.2 <= second <= 0.4
    assert house.events == ["retry", "retry", "fallback", "first_token"]
    assert [cause for _, cause, _, _ in house.attempts] == ["first", "retry", "retry", "fallback"]


@WAYS
async def test_3_a_500_is_tried_once_more_where_it_happened(house: House, way: Way) -> None:
    house.upstream.fail(500, model="one")
    house.upstream.say(SIXTY, model="one")

    answer = await house.ask(way)

    assert (answer.is_good, answer.text) == (True, SIXTY)
    assert answer.headers["x-gateway-attempts"] == "2"
    assert answer.headers["x-gateway-decision"] == "priority acme/one:1.00 acme/two:1.00"
    assert house.rows == [("one", "error", "upstream_error"), ("one", "done", "")]
    assert house.events == ["retry", "first_token"]


@WAYS
async def test_3_a_second_500_is_not_tried_a_third_time(house: House, way: Way) -> None:
    house.upstream.always(Reply(status=500), model="one")
    house.upstream.say(SIXTY, model="two")

    assert (await house.ask(way)).is_good
    assert house.asked == ["one", "one", "two"]


@WAYS
async def test_4_a_503_that_stays_is_left_behind_within_the_budget(house: House, way: Way) -> None:
    house.upstream.always(Reply(status=503), model="one")
    house.upstream.say(SIXTY, model="two")

    answer = await house.ask(way)

    assert (answer.is_good, answer.headers["x-gateway-model"]) == (True, "two")
    assert answer.headers["x-gateway-decision"] == "priority acme/one!failed acme/two:1.00"
    assert house.rows == [("one", "error", "provider_unavailable")] * 3 + [DONE]
    assert sum(house.naps) < 1.0
    assert house.events == ["retry", "retry", "fallback", "first_token"]
    assert house.call["fallback_reason"] == "provider_5xx"


@WAYS
async def test_4_everybody_down_is_told_as_503_and_not_to_be_tried_again(
    house: House, way: Way
) -> None:
    house.upstream.always(Reply(status=503))

    answer = await house.ask(way)

    assert answer.is_ended_once
    assert answer.status in {503, 529}
    assert answer.headers["x-should-retry"] == "false"
    assert answer.error in {"provider_unavailable", "overloaded_error"}
    assert house.costs == [0] * 5
    assert house.call["gw.outcome"] == "error"
    assert await house.holds_nothing()


@WAYS
async def test_5_a_reset_before_the_headers_is_got_over(house: House, way: Way) -> None:
    house.upstream.say(hangs_up=True, model="one")
    house.upstream.say(SIXTY, model="one")

    answer = await house.ask(way)

    assert (answer.is_good, answer.text) == (True, SIXTY)
    assert house.rows == [("one", "error", "connection_failed"), ("one", "done", "")]
    assert house.events == ["retry", "first_token"]
    assert house.attempts[0] == ("one", "first", "error", "connection")


@WAYS
async def test_5_a_door_that_is_reset_again_and_again_is_left_behind(
    house: House, way: Way
) -> None:
    house.upstream.always(Reply(hangs_up=True), model="one")
    house.upstream.say(SIXTY, model="two")

    assert (await house.ask(way)).is_good
    assert house.asked == ["one", "one", "two"]
    assert house.costs == [0, 0, 67]


@WAYS
async def test_6_whoever_does_not_answer_at_all_is_left_behind(house: House, way: Way) -> None:
    house.upstream.say(model="one", never_answers=True)
    house.upstream.say(SIXTY, model="two")

    answer = await house.ask(way)

    assert (answer.is_good, answer.text) == (True, SIXTY)
    assert house.rows == [("one", "error", "provider_timeout"), DONE]
    assert house.naps == []
    assert house.events == ["fallback", "first_token"]
    assert house.details("fallback") == [{"reason": "ttft_timeout"}]
    silent, good = house.entries
    assert silent.ended_at - silent.began_at < FAST.total_seconds / 2  # long before the budget
    assert good.began_at >= silent.began_at
    await house.upstream.until(lambda: house.upstream.seen[0].is_gone)


@WAYS
async def test_7_a_first_word_that_comes_too_late_is_not_waited_for(house: House, way: Way) -> None:
    house.upstream.say(SIXTY, model="one", first_delay_seconds=20.0)
    house.upstream.say(SIXTY, model="two")

    answer = await house.ask(way)

    assert (answer.is_good, answer.text) == (True, SIXTY)
    assert house.rows == [("one", "error", "provider_timeout"), DONE]
    assert house.attempts[0] == ("one", "first", "error", "ttft_timeout")
    await house.upstream.until(lambda: house.upstream.seen[0].is_gone)


@WAYS
async def test_12_a_prompt_too_long_goes_to_who_has_more_room_without_a_retry(
    house: House, way: Way
) -> None:
    house.upstream.fail(400, model="one", code="context_length_exceeded")
    house.upstream.say(SIXTY, model="two")

    answer = await house.ask(way)

    assert (answer.is_good, answer.text, house.naps) == (True, SIXTY, [])
    assert house.rows == [("one", "error", "context_length_exceeded"), DONE]
    assert house.events == ["fallback", "first_token"]


@WAYS
async def test_12_a_prompt_too_long_for_everybody_is_told_as_such(house: House, way: Way) -> None:
    house.upstream.fail(400, model="one", code="context_length_exceeded")
    house.upstream.fail(400, model="two", code="context_length_exceeded")

    answer = await house.ask(way)

    assert (answer.status, house.asked) == (400, ["one", "two"])
    assert answer.error in {"context_length_exceeded", "invalid_request_error"}
    assert "context" in answer.complaint
    assert house.costs == [0, 0]


@WAYS
async def test_13_what_a_policy_forbids_is_not_tried_again_and_told_why(
    house: House, way: Way
) -> None:
    house.upstream.fail(400, model="one", code="content_filter", message="a secret of theirs")

    answer = await house.ask(way)

    assert (answer.status, house.asked, house.naps) == (400, ["one"], [])
    assert answer.error in {"content_filter", "invalid_request_error"}
    assert answer.complaint == "The provider's content policy forbids this."
    assert answer.headers["x-should-retry"] == "false"
    assert house.rows == [("one", "error", "content_filter")]
    assert house.events == []
