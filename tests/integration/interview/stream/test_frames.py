"""The stream's frames and the pages of the log, byte by byte."""

import json

import pytest
from django.utils import timezone

from interview import selectors
from interview.models import Room as RoomRow
from interview.models import RoomEvent
from tests.factories.rooms import Play
from tests.integration.interview.stream.scene import Open, do
from tests.live.reader import Reader

pytestmark = pytest.mark.usefixtures("redis_client")


# --- the frames -----------------------------------------------------------------------------


async def test_the_stream_is_byte_for_byte_what_was_agreed(play: Play, line: Open):
    answer = await line(query="follow=0").open()
    raw = (await answer.rest()).decode()

    assert (answer.status, answer.headers) == (
        200,
        {
            "content-type": "text/event-stream; charset=utf-8",
            "cache-control": "no-cache, no-transform",
            "x-accel-buffering": "no",
        },
    )
    epoch = (await do(lambda: play.row)).epoch
    head, *blocks = raw.removesuffix("\n\n").split("\n\n")
    assert head == "retry: 1500"
    assert len(blocks) == 6
    for offset, block in enumerate(blocks, start=1):
        id_line, event_line, data_line = block.split("\n")
        data = json.loads(data_line.removeprefix("data: "))
        assert id_line == f"id: {epoch}.{offset}"
        assert event_line == f"event: {data['type']}"
        assert list(data) == (
            ["offset", "type", "at", "data", "turn_id"]
            if data["type"].startswith("turn.")
            else ["offset", "type", "at", "data"]
        )
        assert data["offset"] == offset
        assert data["at"].endswith("Z")


@pytest.mark.parametrize("offset", [0, 4, 6])
async def test_a_replay_starts_after_the_offset_and_closes(line: Open, offset: int):
    answer = line(query=f"follow=0&fromOffset={offset}", reader=Reader(offset=offset))
    await (await answer.open()).rest()

    assert [event["offset"] for event in answer.reader.events] == list(range(offset + 1, 7))


async def test_the_header_wins_over_the_query(play: Play, line: Open):
    epoch = (await do(lambda: play.row)).epoch
    answer = line(
        query="follow=0&fromOffset=1", last_event_id=f"{epoch}.4", reader=Reader(epoch, offset=4)
    )
    await (await answer.open()).rest()

    assert [event["offset"] for event in answer.reader.events] == [5, 6]


async def test_a_long_log_comes_whole_over_several_reads(play: Play, line: Open):
    top = 6 + 2 * selectors.PAGE_SIZE + 7

    def lengthen() -> None:
        RoomEvent.objects.bulk_create(
            RoomEvent(
                room_id=play.room_id,
                offset=offset,
                type="settings.changed",
                at=timezone.now(),
                data={"difficulty": 1 + offset % 5},
            )
            for offset in range(7, top + 1)
        )
        RoomRow.objects.filter(pk=play.room_id).update(top_offset=top)

    await do(lengthen)
    answer = await line(query="follow=0").open()
    await answer.rest()

    assert [event["offset"] for event in answer.reader.events] == list(range(1, top + 1))


# --- pages ----------------------------------------------------------------------------------


async def test_the_log_comes_in_pages_as_well(line: Open):
    answer = await line(query="fromOffset=2", accept="application/json").open()
    page = json.loads(await answer.rest())

    assert answer.headers["content-type"] == "application/json"
    assert [event["offset"] for event in page["events"]] == [3, 4, 5, 6]
    assert (page["next_offset"], page["top_offset"]) == (6, 6)


async def test_a_page_at_the_top_is_empty(line: Open):
    answer = await line(query="fromOffset=6", accept="application/json").open()

    assert json.loads(await answer.rest()) == {"events": [], "next_offset": 6, "top_offset": 6}


async def test_a_browser_that_takes_both_gets_the_stream(line: Open):
    answer = await line(query="follow=0", accept="application/json, text/event-stream").open()
    await answer.rest()

    assert answer.headers["content-type"].startswith("text/event-stream")
