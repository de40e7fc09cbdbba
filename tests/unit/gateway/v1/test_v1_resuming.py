"""A stream taken up again: whoever was cut off, wherever, ends up with the same transcript."""

import asyncio
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.catalog import Key, Tenant
from gateway.domain.errors import UpstreamError
from gateway.domain.messages import (
    Failed,
    Finish,
    FinishReason,
    Passthrough,
    Start,
    TextDelta,
    Usage,
)
from gateway.domain.relay import Delta, Snapshot
from gateway.v1 import streams
from gateway.v1.app import DataPlane
from gateway.v1.runs import Shelf, mark_of, shelf_name
from tests.fakes.gateway import MemoryRelay
from tests.unit.gateway.v1.asgi import (
    Answer,
    Client,
    Engine,
    make_catalog,
    make_plane,
)

RESUMABLE = {"x-gateway-resumable": "true"}
ASKED = {"model": "open", "messages": [], "stream": True}
DONE = Finish(FinishReason.STOP, Usage(1, 2))
SAID = [
    Start("x", "acme", "m-1"),
    TextDelta("你好"),
    TextDelta(' "b"\n'),
    TextDelta("\u2028c"),
    DONE,
]


def plane_on(relay: MemoryRelay, engine: Engine, *, seconds: float = 60.0, **more) -> DataPlane:
    return make_plane(engine, shelf=lambda: Shelf(relay, relay, seconds), **more)


async def said(relay: MemoryRelay, *, body=None, path="/v1/chat/completions", says=SAID) -> Answer:
    plane = plane_on(relay, Engine(list(says)))
    return await Client(plane).ask(path, body or ASKED, headers=RESUMABLE)


async def resumed(relay: MemoryRelay, run_id: str, **asked) -> Answer:
    client = Client(plane_on(relay, Engine()))
    return await client.ask(f"/v1/streams/{run_id}", b"", method="GET", **asked)


def taken(received: bytes) -> tuple[bytes, int]:
    """What a client has for good of the bytes it received: whole frames, and the last number."""
    whole = received[: received.rfind(b"\n\n") + 2] if b"\n\n" in received else b""
    numbers = re.findall(rb"\nid: \w+:(\d+)\n\n", whole)
    return whole, int(numbers[-1]) if numbers else 0


async def test_every_frame_has_its_number_and_the_answer_is_otherwise_the_same():
    plain = await Client(make_plane(Engine(SAID))).ask("/v1/chat/completions", ASKED)
    numbered = await said(MemoryRelay())
    run_id = numbered.headers["x-request-id"]
    frames = numbered.body.split(b"\n\n")[:-1]
    assert [frame.rpartition(b"\nid: ")[2].decode() for frame in frames] == [
        f"{run_id}:{number}" for number in range(1, len(frames) + 1)
    ]
    bare = re.sub(rb"\nid: .*", b"", numbered.body).replace(run_id.encode(), b"")
    assert bare == plain.body.replace(plain.headers["x-request-id"].encode(), b"")


async def test_cut_anywhere_the_transcript_is_the_same():
    relay = MemoryRelay()
    whole = await said(relay)
    run_id = whole.headers["x-request-id"]
    for at in range(len(whole.body) + 1):
        kept, number = taken(whole.body[:at])
        rest = await resumed(relay, run_id, query=f"after={number}")
        assert kept + rest.body == whole.body, at
        assert rest.is_whole


@given(cuts=st.lists(st.integers(0, 2000), min_size=1, max_size=6))
@settings(max_examples=30, deadline=None)
def test_cut_again_and_again_the_transcript_is_the_same(cuts):
    async def play() -> None:
        relay = MemoryRelay()
        whole = await said(relay)
        run_id = whole.headers["x-request-id"]
        held, number = b"", 0
        for cut in cuts:
            rest = await resumed(relay, run_id, headers={"last-event-id": f"{run_id}:{number}"})
            kept, last = taken(rest.body[:cut])
            held, number = held + kept, last or number
        rest = await resumed(relay, run_id, headers={"last-event-id": f"{run_id}:{number}"})
        assert held + rest.body == whole.body

    asyncio.run(play())


async def test_a_vendors_own_frames_are_numbered_whatever_ends_their_lines():
    says = [SAID[0], Passthrough(b'data: {"a":1}\r\n\r\ndata: {"b":2}\n\n: hm\n\n', 2), DONE]
    found = await said(MemoryRelay(), says=says)
    run_id = found.headers["x-request-id"]
    assert found.body == (
        b'data: {"a":1}'
        + mark_of(run_id, 1)
        + b'data: {"b":2}'
        + mark_of(run_id, 2)
        + b": hm\n\n"
        + b"data: [DONE]"
        + mark_of(run_id, 3)
    )


async def test_the_other_dialect_is_taken_up_in_the_same_way():
    relay = MemoryRelay()
    body = {"model": "claude", "messages": [], "stream": True, "max_tokens": 5}
    whole = await said(relay, body=body, path="/v1/messages")
    kept, number = taken(whole.body[: len(whole.body) // 2])
    rest = await resumed(relay, whole.headers["x-request-id"], query=f"after={number}")
    assert kept + rest.body == whole.body
    assert b"message_stop" in rest.body


async def test_the_run_goes_on_without_its_reader_and_is_heard_live_by_the_next():
    relay, engine = MemoryRelay(), Engine(list(SAID), hold=asyncio.Event())
    plane = plane_on(relay, engine)
    client, cut = Client(plane), Answer()
    asking = asyncio.create_task(
        client.ask("/v1/chat/completions", ASKED, headers=RESUMABLE, answer=cut)
    )
    await cut.until(lambda answer: b"\\u2028c" in answer.body or "\u2028c".encode() in answer.body)
    client.leaving.set()
    await asking
    assert not engine.is_closed

    run_id = cut.headers["x-request-id"]
    kept, number = taken(cut.body)
    live = Answer()
    following = asyncio.create_task(
        Client(plane).ask(
            f"/v1/streams/{run_id}", b"", method="GET", query=f"after={number - 1}", answer=live
        )
    )
    await live.until(lambda answer: len(answer.messages) > 1)
    engine.hold.set()
    await following
    whole = await resumed(relay, run_id)
    assert kept + live.body[live.body.find(b"\n\n") + 2 :] == whole.body
    assert whole.body.endswith(b"data: [DONE]" + mark_of(run_id, 6))


async def test_a_run_nobody_comes_back_to_is_closed_and_says_so_to_who_comes_late():
    relay, engine = MemoryRelay(), Engine(list(SAID), hold=asyncio.Event())
    client, cut = Client(plane_on(relay, engine, seconds=0.0)), Answer()
    asking = asyncio.create_task(
        client.ask("/v1/chat/completions", ASKED, headers=RESUMABLE, answer=cut)
    )
    await cut.until(lambda answer: "\u2028c".encode() in answer.body)
    client.leaving.set()
    await asking
    late = await resumed(relay, cut.headers["x-request-id"])
    assert engine.is_closed
    assert b"stream_truncated" in late.body
    assert late.is_whole


async def test_a_process_that_ends_tells_its_runs_so():
    relay, engine = MemoryRelay(), Engine(list(SAID), hold=asyncio.Event())
    plane, cut = plane_on(relay, engine), Answer()
    asking = asyncio.create_task(
        Client(plane).ask("/v1/chat/completions", ASKED, headers=RESUMABLE, answer=cut)
    )
    await cut.until(lambda answer: "\u2028c".encode() in answer.body)
    assert not await plane.finished(within_seconds=0.0)
    await asking
    late = await resumed(relay, cut.headers["x-request-id"])
    assert b"shutting_down" in late.body


async def test_a_failure_before_the_first_word_is_a_status_and_leaves_nothing():
    relay = MemoryRelay()
    found = await said(relay, says=[Failed(UpstreamError("it broke"))])
    assert found.status == 502
    assert (await resumed(relay, found.headers["x-request-id"])).status == 404


async def test_a_failure_in_the_middle_is_the_last_frame_of_either():
    relay = MemoryRelay()
    found = await said(relay, says=[*SAID[:2], Failed(UpstreamError("it broke"))])
    assert (await resumed(relay, found.headers["x-request-id"])).body == found.body


async def test_a_position_nobody_knows_begins_anew_and_says_so_once():
    relay = MemoryRelay()
    whole = await said(relay)
    rest = await resumed(relay, whole.headers["x-request-id"], query="after=99")
    assert rest.body == streams.RESYNC + whole.body


@pytest.mark.parametrize("run_id", ["nothing", "a:b", "%2e%2e", "x" * 65])
async def test_what_was_never_said_is_not_found(run_id):
    assert (await resumed(MemoryRelay(), run_id)).status == 404


async def test_another_tenant_finds_nothing():
    relay = MemoryRelay()
    whole = await said(relay)
    other = make_catalog(key=Key("k9", Tenant("other")))
    client = Client(plane_on(relay, Engine(), catalog=other))
    found = await client.ask(f"/v1/streams/{whole.headers['x-request-id']}", b"", method="GET")
    assert found.status == 404


@pytest.mark.parametrize("headers", [{}, {"x-gateway-resumable": "false"}])
async def test_who_did_not_ask_for_it_gets_no_numbers_and_nothing_is_kept(headers):
    relay = MemoryRelay()
    client = Client(plane_on(relay, Engine(list(SAID))))
    found = await client.ask("/v1/chat/completions", ASKED, headers=headers)
    assert b"\nid: " not in found.body
    assert (await resumed(relay, found.headers["x-request-id"])).status == 404


async def test_a_plane_that_keeps_nothing_finds_nothing():
    found = await Client(make_plane(Engine())).ask("/v1/streams/abc", b"", method="GET")
    assert found.status == 404


async def test_a_run_whose_process_died_ends_with_an_error_after_a_few_pings():
    relay = MemoryRelay()
    relay.tell(shelf_name(Tenant("acme"), "abc"), Delta(1, "data: {}\nid: abc:1\n\n"))
    client = Client(plane_on(relay, Engine(), keep_alive_seconds=0.001))
    found = await client.ask("/v1/streams/abc", b"", method="GET")
    assert found.body.startswith(b"data: {}\nid: abc:1\n\n: keep-alive\n\n: keep-alive\n\n")
    assert b"stream_truncated" in found.body


ONE, TWO = "data: 1\nid: abc:1\n\n", "data: 2\nid: abc:2\n\n"


def test_a_text_written_anew_is_taken_from_where_the_reader_is():
    place = streams._Place("abc", 0)
    assert place.following([Snapshot(ONE, 1)]) == ONE.encode()
    assert place.following([Snapshot(ONE + TWO, 2)]) == TWO.encode()
    assert not place.is_lost


def test_a_client_a_moment_ahead_of_the_store_waits_for_it_to_catch_up():
    place = streams._Place("abc", 2)
    assert place.following([Snapshot(ONE, 1)]) == b""
    assert place.following([Delta(2, TWO), Delta(3, ": hm\n\n")]) == b": hm\n\n"
    assert not place.is_lost


def test_a_text_that_has_lost_its_beginning_is_a_new_one():
    place = streams._Place("abc", 1)
    assert place.following([Snapshot(TWO, 2)]) == streams.RESYNC + TWO.encode()
    assert place.is_lost


async def test_a_first_word_on_its_way_to_the_store_is_waited_for():
    relay = MemoryRelay()
    resuming = asyncio.create_task(resumed(relay, "abc"))
    for _ in range(20):
        await asyncio.sleep(0)
    writer = relay.open(shelf_name(Tenant("acme"), "abc"))
    writer.write(ONE)
    await writer.end("over")
    assert (await resuming).body == ONE.encode()


# --- an answer that is longer than what is kept ---

LONG = [SAID[0], *(TextDelta(f"word {number} ") for number in range(100)), DONE]


def plane_keeping(relay: MemoryRelay, engine: Engine, n_bytes: int, **more) -> DataPlane:
    return make_plane(engine, shelf=lambda: Shelf(relay, relay, 60.0, n_bytes), **more)


async def test_no_more_is_kept_of_an_answer_than_there_is_room_for():
    relay = MemoryRelay()
    plane = plane_keeping(relay, Engine(list(LONG)), 4000)
    whole = await Client(plane).ask("/v1/chat/completions", ASKED, headers=RESUMABLE)
    run_id = whole.headers["x-request-id"]
    rest = await resumed(relay, run_id)

    kept, last = taken(rest.body[: rest.body.index(b'data: {"error"')])
    assert whole.body.startswith(kept)
    assert whole.body.endswith(b"data: [DONE]" + mark_of(run_id, 103))
    assert 3500 < len(kept) <= 4000
    assert last < 103
    assert rest.data[-2]["error"]["code"] == "answer_not_kept"
    assert rest.data[-1] == "[DONE]"
    assert rest.is_whole
    assert len(relay.text(shelf_name(Tenant("acme"), run_id))) < 4500


async def test_who_was_further_than_what_is_kept_is_told_so():
    relay = MemoryRelay()
    plane = plane_keeping(relay, Engine(list(LONG)), 4000)
    whole = await Client(plane).ask("/v1/chat/completions", ASKED, headers=RESUMABLE)
    found = await resumed(relay, whole.headers["x-request-id"], query="after=90")
    assert found.body.startswith(streams.RESYNC)
    assert found.data[-2]["error"]["code"] == "answer_not_kept"


async def test_past_what_is_kept_the_answer_is_made_no_faster_than_it_is_read():
    relay, engine = MemoryRelay(), Engine(list(LONG))
    slow = Answer(stops_at=b"word 0 ")
    plane = plane_keeping(relay, engine, 4000)
    asking = asyncio.create_task(
        Client(plane).ask("/v1/chat/completions", ASKED, headers=RESUMABLE, answer=slow)
    )
    for _ in range(2000):
        await asyncio.sleep(0)
    assert not engine.is_closed  # it waits for the one word that is too much
    slow.may_read.set()
    await asking
    assert slow.data[-1] == "[DONE]"


async def test_past_what_is_kept_nothing_goes_on_without_its_reader():
    relay, engine = MemoryRelay(), Engine(list(LONG), hold=asyncio.Event())
    client, cut = Client(plane_keeping(relay, engine, 4000)), Answer()
    asking = asyncio.create_task(
        client.ask("/v1/chat/completions", ASKED, headers=RESUMABLE, answer=cut)
    )
    await cut.until(lambda answer: b"word 99 " in answer.body)
    client.leaving.set()
    await asking
    for _ in range(20):
        await asyncio.sleep(0)
    assert engine.is_closed


async def test_an_answer_that_outgrows_what_is_kept_without_its_reader_ends_there():
    relay = MemoryRelay()
    engine = Engine([*LONG[:5], TextDelta("x" * 5000), *LONG[5:]], hold=asyncio.Event())
    client, cut = Client(plane_keeping(relay, engine, 4000)), Answer(stops_at=b"word 0 ")
    asking = asyncio.create_task(
        client.ask("/v1/chat/completions", ASKED, headers=RESUMABLE, answer=cut)
    )
    await cut.until(lambda answer: b"word 0 " in answer.body)
    client.leaving.set()
    await asking
    for _ in range(200):
        await asyncio.sleep(0)
    assert engine.is_closed
    late = await resumed(relay, cut.headers["x-request-id"])
    assert late.data[-2]["error"]["code"] == "answer_not_kept"
