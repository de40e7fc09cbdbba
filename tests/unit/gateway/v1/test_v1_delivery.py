"""How an answer travels: when it is committed, what keeps it alive, who may end it."""

import asyncio

import pytest

from gateway import metrics
from gateway.domain.errors import ProviderUnavailableError, StreamTruncatedError
from gateway.domain.messages import (
    Failed,
    Finish,
    FinishReason,
    Passthrough,
    Retract,
    Seam,
    Start,
    TextDelta,
    Usage,
    UsageUpdate,
)
from gateway.domain.waiting import Standing
from tests.unit.gateway.v1.asgi import Answer, Client, Engine, make_plane

START = Start("1", "acme", "m-1")
STOP = Finish(FinishReason.STOP)
CHAT = {"model": "open", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
MESSAGE = {**CHAT, "model": "claude", "max_tokens": 5}
PATHS = [("/v1/chat/completions", CHAT), ("/v1/messages", MESSAGE)]


def sample(name):
    return metrics.REGISTRY.get_sample_value(name) or 0.0


@pytest.mark.parametrize(("path", "body"), PATHS)
async def test_a_failure_before_content_is_a_status(path, body):
    role = Passthrough(b'data: {"role": "assistant"}\n\n')
    engine = Engine([START, role, UsageUpdate(Usage()), Failed(ProviderUnavailableError())])
    answer = await Client(make_plane(engine)).ask(path, body)
    assert answer.status == (503 if path.endswith("completions") else 529)
    assert answer.headers["x-should-retry"] == "false"
    assert answer.headers["content-type"] == "application/json"
    assert engine.is_closed


@pytest.mark.parametrize(("path", "body"), PATHS)
async def test_a_failure_after_content_is_the_last_frame(path, body):
    engine = Engine([START, TextDelta("Hel"), Failed(StreamTruncatedError())])
    answer = await Client(make_plane(engine)).ask(path, body)
    assert (answer.status, answer.is_whole) == (200, True)
    error = answer.data[-2] if path.endswith("completions") else answer.data[-1]
    assert error["error"]["message"] == "The provider's answer broke off."


@pytest.mark.parametrize("says", [[START, TextDelta("Hel")], [START], []])
@pytest.mark.parametrize(("path", "body"), PATHS)
async def test_a_pipeline_that_just_stops_is_no_silent_end(says, path, body):
    answer = await Client(make_plane(Engine(says))).ask(path, body)
    assert answer.is_whole
    assert (answer.status == 200) == (len(says) == 2)
    assert b"error" in answer.body


@pytest.mark.parametrize("reason", [FinishReason.CANCELLED, FinishReason.ERROR])
@pytest.mark.parametrize("is_streamed", [True, False])
async def test_an_end_that_is_none_is_an_error(reason, is_streamed):
    engine = Engine([START, TextDelta("Hel"), Finish(reason)])
    answer = await Client(make_plane(engine)).ask(PATHS[0][0], {**CHAT, "stream": is_streamed})
    assert answer.status == (200 if is_streamed else 499 if reason == "cancelled" else 502)
    assert b'"error"' in answer.body


async def test_frames_that_say_nothing_wait_for_the_first_that_does():
    role, text = b'data: {"role": 1}\n\n', b'data: {"content": 1}\n\n'
    engine = Engine([START, Passthrough(role), Passthrough(text, 1), STOP])
    answer = await Client(make_plane(engine)).ask(*PATHS[0])
    assert [message.get("body") for message in answer.messages] == [
        None,
        role + text,
        b"data: [DONE]\n\n",
    ]


async def test_frames_of_an_attempt_that_came_to_nothing_are_not_sent():
    lost, role, text = b"data: 1\n\n", b"data: 2\n\n", b"data: 3\n\n"
    engine = Engine(
        [START, Passthrough(lost), START, Passthrough(role), Passthrough(text, 1), STOP]
    )
    answer = await Client(make_plane(engine)).ask(*PATHS[0])
    assert answer.body == role + text + b"data: [DONE]\n\n"


async def test_nothing_is_sent_after_the_end():
    engine = Engine([START, TextDelta("A"), STOP, Retract("filter"), TextDelta("B")])
    answer = await Client(make_plane(engine)).ask(*PATHS[0])
    assert answer.messages[-1]["more_body"] is False
    assert answer.body.endswith(b"[DONE]\n\n")
    assert engine.is_closed


async def test_a_stream_says_who_made_it_and_is_kept_by_nobody():
    account = {"provider": "acme", "model": "m-1", "n_attempts": 2, "cache": "miss"}
    engine = Engine([START, TextDelta("A"), STOP], account=account)
    answer = await Client(make_plane(engine)).ask(*PATHS[0])
    told = answer.headers
    assert (told["x-gateway-provider"], told["x-gateway-model"]) == ("acme", "m-1")
    assert (told["x-gateway-route"], told["x-gateway-attempts"]) == ("open", "2")
    assert told["x-cache"] == "miss"
    assert told["x-accel-buffering"] == "no"
    assert told["cache-control"] == "no-cache, no-store"
    assert float(told["x-gateway-overhead-ms"]) >= 0.0


@pytest.mark.parametrize(
    ("path", "body", "ping"),
    [(*PATHS[0], b": keep-alive\n\n"), (*PATHS[1], b"event: ping\n")],
)
async def test_a_stream_with_nothing_to_say_is_kept_alive_and_commits(path, body, ping):
    engine = Engine([START, TextDelta("A"), STOP], hold=asyncio.Event())
    engine.says = [START, Failed(ProviderUnavailableError())]
    plane = make_plane(engine, keep_alive_seconds=0.01)
    answer = Answer()
    asking = asyncio.create_task(Client(plane).ask(path, body, answer=answer))
    await answer.until(lambda seen: seen.body.count(ping) >= 3)
    engine.hold.set()
    await asking
    assert answer.status == 200
    assert answer.is_whole
    assert b"overloaded" in answer.body


@pytest.mark.parametrize(
    ("standing", "comment"),
    [
        (Standing(3, 2.14), b": queued position=3 eta=2.1\n\n"),
        (Standing(1), b": queued position=1\n\n"),
    ],
)
@pytest.mark.parametrize(("path", "body"), PATHS)
async def test_a_stream_that_waits_in_line_is_told_where_it_stands(path, body, standing, comment):
    told = {"standing": lambda: standing}
    engine = Engine([START, TextDelta("A"), STOP], account=told, hold=asyncio.Event())
    engine.says = [START, STOP]
    answer = Answer()
    client = Client(make_plane(engine, keep_alive_seconds=0.01))
    asking = asyncio.create_task(client.ask(path, body, answer=answer))
    await answer.until(lambda seen: seen.body.count(comment) >= 2)
    engine.hold.set()
    await asking
    assert answer.is_whole
    assert b"ping" not in answer.body
    assert b"keep-alive" not in answer.body


async def test_a_stream_that_speaks_is_not_pinged():
    engine = Engine([START, TextDelta("A"), STOP])
    plane = make_plane(engine, keep_alive_seconds=0.001)
    answer = await Client(plane).ask(*PATHS[0])
    assert b"keep-alive" not in answer.body


async def test_a_slow_reader_is_waited_for_and_never_pinged_into():
    engine = Engine([START, TextDelta("A"), TextDelta("B"), STOP])
    plane = make_plane(engine, keep_alive_seconds=0.01)
    answer = Answer(stops_at=b'"content":"A"')
    before = sample("gw_reader_paused_seconds_total")
    asking = asyncio.create_task(Client(plane).ask(*PATHS[0], answer=answer))
    await answer.until(lambda seen: b'"A"' in seen.body)
    await asyncio.sleep(0.06)
    assert b'"B"' not in answer.body  # nothing is asked for that cannot be sent
    answer.may_read.set()
    await asking
    assert b"keep-alive" not in answer.body
    assert sample("gw_reader_paused_seconds_total") >= before + 0.05


@pytest.mark.parametrize("is_streamed", [True, False])
@pytest.mark.parametrize("says", [[START, STOP], [START, TextDelta("A"), STOP]])
async def test_a_client_that_leaves_closes_the_provider(is_streamed, says):
    engine = Engine(list(says), hold=asyncio.Event())
    plane = make_plane(engine)
    client, before = Client(plane), sample("gw_disconnect_seconds_count")
    body = {**CHAT, "stream": is_streamed}
    asking = asyncio.create_task(client.ask(PATHS[0][0], body))
    await engine.began.wait()
    client.leaving.set()
    answer = await asking
    assert engine.is_closed
    assert not answer.is_whole
    assert sample("gw_disconnect_seconds_count") == before + 1
    assert plane.n_open == 0


async def test_a_task_that_somebody_else_cancels_stays_cancelled():
    engine = Engine([START, STOP], hold=asyncio.Event())
    asking = asyncio.create_task(Client(make_plane(engine)).ask(*PATHS[0]))
    await engine.began.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert engine.is_closed


async def test_a_seam_is_told_in_a_comment():
    engine = Engine([START, TextDelta("A"), Seam("b", "m-2", 1), TextDelta("B"), STOP])
    answer = await Client(make_plane(engine)).ask(*PATHS[0])
    assert b"\n\n: seam b/m-2 at 1\n\n" in answer.body


@pytest.mark.parametrize(("path", "body"), PATHS)
@pytest.mark.parametrize("says", [[START, STOP], [START, TextDelta("A"), STOP]])
async def test_a_process_that_ends_tells_those_it_does_not_wait_for(path, body, says):
    engine = Engine(list(says), hold=asyncio.Event())
    plane, answer = make_plane(engine), Answer()
    asking = asyncio.create_task(Client(plane).ask(path, body, answer=answer))
    await engine.began.wait()
    if len(says) == 3:
        await answer.until(lambda seen: b"A" in seen.body)
    assert await plane.finished(within_seconds=0.0) is False
    await asking
    assert (answer.is_whole, engine.is_closed, plane.n_open) == (True, True, 0)
    assert b"This gateway process is ending" in answer.body
    if len(says) == 2:
        assert answer.status == (503 if path.endswith("completions") else 529)


async def test_a_process_that_ends_waits_for_those_that_come_to_their_end():
    engine = Engine([START, TextDelta("A"), STOP], hold=asyncio.Event())
    plane = make_plane(engine)
    assert await plane.finished(within_seconds=0.0) is True
    asking = asyncio.create_task(Client(plane).ask(*PATHS[0]))
    await engine.began.wait()
    ending = asyncio.create_task(plane.finished(within_seconds=30.0))
    await asyncio.sleep(0)
    engine.hold.set()
    assert await ending is True
    assert (await asking).body.endswith(b"[DONE]\n\n")
