"""Who may not listen, from where, and how many at once."""

import json
from typing import Any

import pytest
from django.db import OperationalError

from interview import selectors
from interview.models import Room as RoomRow
from interview.services import players, rooms
from tests.factories.rooms import Play
from tests.fakes.streams import Line
from tests.integration.interview.stream.scene import STRANGER, Open, do

pytestmark = pytest.mark.usefixtures("redis_client")


# --- refusals -------------------------------------------------------------------------------


async def refusal(answer: Line, status: int, code: str) -> dict[str, Any]:
    """Check that the line was refused like this and return the problem document."""
    await answer.open()
    document: dict[str, Any] = json.loads(await answer.rest())
    assert (answer.status, document["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    return document


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD"])
async def test_events_are_read_and_nothing_else(line: Open, method: str):
    answer = line(method=method)

    await refusal(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET"


async def test_a_position_in_another_log_is_gone(play: Play, line: Open):
    document = await refusal(line(last_event_id="ffffffff.3"), 410, "epoch_changed")

    assert document["room"] == f"/api/rooms/{play.room_id}"
    await refusal(line(query="epoch=ffffffff&fromOffset=3"), 410, "epoch_changed")


async def test_a_position_beyond_the_top_is_refused(play: Play, line: Open):
    epoch = (await do(lambda: play.row)).epoch

    await refusal(line(query="fromOffset=7"), 416, "offset_out_of_range")
    await refusal(line(last_event_id=f"{epoch}.99"), 416, "offset_out_of_range")
    await refusal(line(query=f"fromOffset={10**30}"), 416, "offset_out_of_range")


@pytest.mark.parametrize(
    "offset", ["-1", "x", "1.5", "0x1", "1 2", "1_0", "+1", "%D9%A3", "%EF%BC%93", "9" * 5000]
)
async def test_a_position_that_is_no_number_is_refused(line: Open, offset: str):
    await refusal(line(query=f"fromOffset={offset}"), 422, "invalid")


@pytest.mark.parametrize("last_id", ["x", "epoch.", "epoch.x", "epoch.-1", ".", "\xb2"])
async def test_a_last_event_id_that_is_none_is_refused(line: Open, last_id: str):
    await refusal(line(last_event_id=last_id), 422, "invalid")


@pytest.mark.parametrize(
    "headers",
    [
        {"cookie": ""},
        {"cookie": f"{players.COOKIE}=forged:signature"},
        {"cookie": f"{players.COOKIE}={players.cookie_value(STRANGER)}"},
        {"cookie": "", "authorization": "Bearer wrong"},
        {"cookie": "", "authorization": "Basic d3Jvbmc6"},
        {"cookie": "\x01;;=;", "authorization": "Bearer \xff"},
    ],
    ids=["nobody", "forged", "somebody else", "wrong token", "not a token", "mangled"],
)
async def test_a_stranger_finds_no_such_room(line: Open, headers: dict[str, str]):
    await refusal(line(**headers), 404, "not_found")
    await refusal(line(query="token=wrong", **headers), 404, "not_found")


async def test_a_room_token_and_a_share_token_may_listen(play: Play, line: Open):
    await do(
        lambda: RoomRow.objects.filter(pk=play.room_id).update(
            share_token_hash=rooms.token_hash("look")
        )
    )
    for query, headers in (
        ("follow=0", {"authorization": f"Bearer {play.token}"}),
        ("follow=0", {"authorization": "Bearer look"}),
        ("follow=0&token=look", {}),
    ):
        answer = await line(query=query, cookie="", **headers).open()
        await answer.rest()
        assert (answer.status, answer.reader.offset) == (200, 6)


async def test_a_log_that_is_away_is_told_and_not_waited_for(
    line: Open, monkeypatch: pytest.MonkeyPatch
):
    def away(*_: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(selectors, "readable_room", away)
    answer = line()
    await refusal(answer, 503, "unavailable")

    assert answer.headers["retry-after"] == "2"


# --- the gallery ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("READERS_PER_ROOM", "This room has all the readers it takes."),
        ("READERS_PER_ADDRESS", "This network has all the lines it may hold."),
    ],
)
async def test_past_the_limit_a_reader_is_told_when_to_come_back_and_a_place_left_is_free(
    line: Open, settings: Any, limit: str, said: str
):
    setattr(settings, limit, 2)
    first, _second = await line().open(), await line().open()

    refused = await line().open()
    problem = json.loads(await refused.rest())
    pages = await line(accept="application/json").open()

    assert (refused.status, problem["code"], problem["detail"]) == (429, "rate_limited", said)
    assert 5 <= int(refused.headers["retry-after"]) <= 15
    assert pages.status == 200
    await first.close()
    assert (await line().open()).status == 200
