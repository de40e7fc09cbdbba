"""Notices that get lost, flood or come out of order: the log has the last word."""

import asyncio

import pytest

from interview.consumers import follow
from interview.consumers import positions as watch
from interview.domain import events as ev
from tests.factories.rooms import Play
from tests.fakes.streams import HalfLiveOutbox
from tests.integration.interview.stream.scene import Open, do, done, started, write

pytestmark = pytest.mark.usefixtures("redis_client")


async def test_a_reader_that_missed_the_notice_learns_its_position_and_catches_up(
    play: Play, line: Open
):
    watch._of_loop[asyncio.get_running_loop()] = watch.Positions(every_seconds=0.02)
    answer = await line().open()
    await answer.event("turn.queued")
    assert isinstance(play.ports.outbox, HalfLiveOutbox)
    play.ports.outbox.is_quiet = True
    await write(play, started(), done("Nobody told you."))
    await answer.event("turn.done")
    position = await answer.event("position")

    assert position.data == {"offset": 8}
    assert not position.id
    assert answer.reader.offset == 8


async def test_a_flood_of_notices_is_dropped_and_read_from_the_log(
    play: Play, line: Open, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(follow, "MAX_WAITING_FACTS", 3)
    answer = await line().open()
    await answer.event("turn.queued")
    await write(play, *[ev.SettingsChanged(difficulty=1 + n % 5) for n in range(20)], turn_id=None)
    await answer.until(lambda frame: frame.data["offset"] == 26)

    assert answer.reader.offset == 26


async def test_notices_out_of_order_or_twice_change_nothing(play: Play, line: Open):
    answer = await line().open()
    await answer.event("turn.queued")
    assert isinstance(play.ports.outbox, HalfLiveOutbox)
    play.ports.outbox.is_quiet = True
    await write(play, started(), ev.TurnFirstToken(1), ev.TurnSegment("So", 1))
    facts = [fact for _, fact in play.ports.outbox.published][-3:]
    play.ports.outbox.is_quiet = False
    for each in (facts[2], facts[0], facts[0], facts[1], facts[2]):
        await do(lambda each=each: play.ports.outbox.publish(play.room_id, [each]))  # type: ignore[misc]
    await write(play, done("So."))
    await answer.event("turn.done")

    assert answer.reader.offset == 10


async def test_a_notice_that_comes_too_early_waits_for_the_one_before_it(
    play: Play, line: Open, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(follow, "PATIENCE_SECONDS", 3600.0)  # or the log would be read
    answer = await line().open()
    await answer.event("turn.queued")
    assert isinstance(play.ports.outbox, HalfLiveOutbox)
    play.ports.outbox.is_quiet = True
    await write(play, started(), ev.TurnFirstToken(1))
    earlier, later = [fact for _, fact in play.ports.outbox.published][-2:]
    play.ports.outbox.is_quiet = False
    await do(lambda: play.ports.outbox.publish(play.room_id, [later]))
    await do(lambda: play.ports.outbox.publish(play.room_id, [earlier]))
    await answer.event("turn.first_token")

    assert answer.reader.offset == 8


async def test_a_fact_nobody_tells_is_read_from_the_log_once_a_later_one_has_waited(
    play: Play, line: Open, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(follow, "PATIENCE_SECONDS", 0.02)
    answer = await line().open()
    await answer.event("turn.queued")
    assert isinstance(play.ports.outbox, HalfLiveOutbox)
    play.ports.outbox.is_quiet = True
    await write(play, started())
    play.ports.outbox.is_quiet = False
    await write(play, ev.TurnFirstToken(1))
    await answer.event("turn.first_token")

    assert answer.reader.offset == 8


async def test_a_silent_room_is_kept_alive(play: Play, line: Open, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(follow, "KEEP_ALIVE_SECONDS", 0.01)
    answer = await line().open()
    while answer.n_comments < 3:
        await answer.next_frames()

    assert b": keep-alive\n\n" in answer.raw
    assert answer.retry_ms == 1500
