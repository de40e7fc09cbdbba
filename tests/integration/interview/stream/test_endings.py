"""How a stream ends: by the verdict, by hanging up, by something that breaks."""

import asyncio

import pytest
from django.db import OperationalError

from interview import selectors
from interview.consumers import follow
from tests.factories.rooms import POOR_ANSWER, Play
from tests.integration.interview.stream.scene import (
    Open,
    do,
    done,
    names_of_tasks,
    stage,
    started,
    write,
)
from tests.live.reader import Reader

pytestmark = pytest.mark.usefixtures("redis_client")


# --- the end --------------------------------------------------------------------------------


async def test_after_the_verdict_the_stream_stays_for_late_facts_then_says_that_it_ends(
    play: Play, line: Open, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(follow, "LINGER_SECONDS", 0.05)
    answer = await line().open()
    await answer.event("turn.queued")
    await do(play.leave)
    await answer.event("room.settled")
    await answer.rest()

    assert answer.reader.is_over
    assert answer.raw.endswith(b"event: end\ndata: {}\n\n")


@pytest.mark.parametrize("offset", ["0", "top"])
async def test_a_reader_of_a_settled_room_is_let_go_as_well(
    play: Play, line: Open, monkeypatch: pytest.MonkeyPatch, offset: str
):
    monkeypatch.setattr(follow, "LINGER_SECONDS", 0.01)
    await do(play.leave)
    top = (await do(lambda: play.row)).top_offset
    begin = top if offset == "top" else 0
    answer = await line(query=f"fromOffset={begin}", reader=Reader(offset=begin)).open()
    await answer.rest()

    assert answer.reader.is_over
    assert answer.reader.offset == top


async def test_hanging_up_ends_everything_that_ran_for_the_reader(play: Play, line: Open):
    before = names_of_tasks()
    answer = await line().open()
    await answer.event("turn.queued")
    await write(play, started())
    await answer.event("snapshot")
    assert {"room events", "words t1", "positions"} <= names_of_tasks()

    await answer.close()

    assert not {"room events", "words t1", "positions"} & (names_of_tasks() - before)
    assert stage(play).n_listening == 0


async def test_hanging_up_while_the_last_words_are_waited_for_ends_everything_too(
    play: Play, line: Open, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(follow, "LAST_WORDS_SECONDS", 600.0)
    answer = await line().open()
    await answer.event("turn.queued")
    await write(play, started())
    await answer.event("snapshot")
    await write(play, done("It is over."))
    assert await answer.is_idle()

    await answer.close()

    assert "room events" not in names_of_tasks()
    assert stage(play).n_listening == 0


# --- refusals -------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [OperationalError("gone"), RuntimeError("a bug")])
async def test_a_stream_that_cannot_go_on_ends_so_that_its_reader_comes_back(
    play: Play, line: Open, monkeypatch: pytest.MonkeyPatch, error: Exception
):
    answer = await line().open()
    await answer.event("turn.queued")

    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr(selectors, "facts_after", broken)
    monkeypatch.setattr(follow, "MAX_WAITING_FACTS", 0)
    await write(play, started())
    await answer.rest()

    assert answer.is_closed
    assert not answer.reader.is_over


# --- pages ----------------------------------------------------------------------------------


async def test_a_whole_game_is_heard_as_it_is_written(
    play: Play, line: Open, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(follow, "LINGER_SECONDS", 0.01)
    monkeypatch.setattr(follow, "LAST_WORDS_SECONDS", 0.01)
    answer = await line().open()
    listening = asyncio.create_task(answer.rest())

    def play_to_the_end() -> None:
        while play.room.result is None:
            play.speak().answer(POOR_ANSWER)

    await do(play_to_the_end)
    await listening
    log = await do(lambda: selectors.facts_after(play.room_id, 0))

    assert answer.reader.events == log
    assert answer.reader.is_over
