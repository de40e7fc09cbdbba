"""The words of the turn that is being spoken, among the facts."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from interview.domain import events as ev
from tests.factories.rooms import GOOD_ANSWERS, Play
from tests.integration.interview.stream.scene import (
    Open,
    do,
    done,
    names_of_tasks,
    stage,
    started,
    stream_of,
    write,
)

pytestmark = pytest.mark.usefixtures("redis_client")


async def test_facts_and_words_come_as_they_happen_and_end_as_one(play: Play, line: Open):
    answer = await line().open()
    await answer.event("turn.queued")
    await write(play, started())
    await answer.event("turn.started")
    snapshot = await answer.event("snapshot")
    stage(play).say(stream_of(play), "How", " did")
    first = await answer.event("delta")
    await write(play, ev.TurnFirstToken(5), ev.TurnSegment("How did", 2))
    await answer.event("turn.segment")
    stage(play).say(stream_of(play), " you measure that?")
    last = await answer.event("delta")
    stage(play).fall_silent(stream_of(play))
    await write(play, done("How did you measure that?"))
    end = await answer.event("turn.done")

    assert snapshot.data == {"turn_id": "t1", "speaker": "ada", "text": "", "upto_seq": 0}
    assert first.data["seq"] == 1
    assert last.data == {"turn_id": "t1", "seq": 3, "text": " you measure that?"}
    assert not snapshot.id
    assert not last.id
    assert end.id == f"{answer.reader.epoch}.10"
    assert answer.reader.turns["t1"].text == "How did you measure that?"
    assert await answer.is_idle()
    assert stage(play).n_listening == 0


async def test_whoever_comes_back_in_the_middle_gets_the_words_so_far_then_the_rest(
    play: Play, line: Open
):
    first = await line().open()
    await first.event("turn.queued")
    await write(play, started())
    await first.event("snapshot")
    stage(play).say(stream_of(play), "Who", " wrote")
    await first.event("delta")
    await first.close()
    stage(play).say(stream_of(play), " the", " code")
    await write(play, ev.TurnFirstToken(5), ev.TurnSegment("Who wrote", 2))

    second = line(last_event_id=first.reader.last_event_id, reader=first.reader)
    await second.open()
    snapshot = await second.event("snapshot")
    stage(play).say(stream_of(play), "?")
    await second.event("delta")

    assert snapshot.data == {
        "turn_id": "t1",
        "speaker": "ada",
        "text": "Who wrote the code",
        "upto_seq": 4,
    }
    assert second.reader.turns["t1"].text == "Who wrote the code?"
    assert [event["offset"] for event in second.reader.events] == list(range(1, 10))


async def test_history_is_told_not_spoken_again(play: Play, line: Open):
    """Only the turn that is being spoken now has words; the others have their text."""

    def go_on() -> None:
        for answer in GOOD_ANSWERS[:4]:
            play.speak().answer(answer)

    await do(go_on)
    await write(play, started(epoch=5, speaker="ben"), turn_id="t5")
    answer = await line().open()
    snapshot = await answer.event("snapshot")

    assert snapshot.data["turn_id"] == "t5"
    assert stage(play).listened_to == [stream_of(play, 5)]
    assert answer.reader.n_snapshots == 1


async def test_a_replay_has_no_words_and_leaves_nobody_listening(play: Play, line: Open):
    await write(play, started(), ev.TurnFirstToken(3), ev.TurnSegment("So", 1))
    answer = await line(query="follow=0").open()
    await answer.rest()

    assert answer.reader.offset == 9
    assert stage(play).listened_to == []
    assert not {name for name in names_of_tasks() if name.startswith("words")}


async def test_words_that_break_off_do_not_break_the_stream(
    play: Play, line: Open, monkeypatch: pytest.MonkeyPatch
):
    async def broken(_stream: str) -> AsyncIterator[list[Any]]:
        raise OSError("the relay is gone")
        yield []

    monkeypatch.setattr(stage(play), "words", broken)
    answer = await line().open()
    await answer.event("turn.queued")
    await write(play, started())
    await write(play, done("All of it."))
    await answer.event("turn.done")

    assert answer.reader.turns["t1"].text == "All of it."


async def test_the_next_turns_words_follow_without_a_new_connection(play: Play, line: Open):
    answer = await line().open()
    await answer.event("turn.queued")
    for turn in (1, 2, 3):
        await write(play, started(epoch=turn), turn_id=f"t{turn}")
        await answer.event("snapshot")
        stage(play).say(stream_of(play, turn), f"Question {turn}?")
        delta = await answer.event("delta")
        assert delta.data == {"turn_id": f"t{turn}", "seq": 1, "text": f"Question {turn}?"}
        stage(play).fall_silent(stream_of(play, turn))
        await write(play, done(f"Question {turn}?"), turn_id=f"t{turn}")
        await do(lambda turn=turn: play.answer(GOOD_ANSWERS[turn]))  # type: ignore[misc]
        await answer.event("turn.queued")

    assert stage(play).listened_to == [stream_of(play, turn) for turn in (1, 2, 3)]
    assert list(answer.reader.turns) == ["t1", "t2", "t3", "t4"]


@pytest.mark.parametrize(
    "end",
    [
        ev.TurnCancelled("user", "So", ev.Usage(), True, 3),
        ev.TurnFailed("lost_worker", True, "So"),
    ],
)
async def test_a_turn_that_breaks_off_ends_its_words(play: Play, line: Open, end: ev.Payload):
    answer = await line().open()
    await answer.event("turn.queued")
    await write(play, started())
    await answer.event("snapshot")
    stage(play).say(stream_of(play), "So", " tell", " me")
    await answer.event("delta")
    await write(play, end)
    await answer.event(end.type.value)

    assert answer.reader.turns["t1"].text == "So"
    stage(play).say(stream_of(play), " nothing")
    assert await answer.is_idle()
