"""The event stream, frame by frame, and how it begins, resumes and ends."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from channels.db import database_sync_to_async
from django.db import OperationalError, transaction
from django.utils import timezone

from config.asgi import http_routes
from interview import runtime, selectors
from interview.consumers import follow
from interview.consumers import positions as watch
from interview.domain import events as ev
from interview.domain.ports import Ports
from interview.domain.room import Record
from interview.models import Room as RoomRow
from interview.models import RoomEvent
from interview.services import event_log, players, rooms
from tests.factories.rooms import GOOD_ANSWERS, POOR_ANSWER, Play
from tests.fakes.streams import HalfLiveOutbox, Line, VoicedStage
from tests.integration.interview.conftest import Seat
from tests.live.reader import Reader

pytestmark = pytest.mark.usefixtures("redis_client")
STRANGER = UUID(int=99)
Open = Callable[..., Line]


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> Ports:
    """A panel whose words the test says, and the real way from a commit to readers."""
    ports = Ports(stage=VoicedStage(), outbox=HalfLiveOutbox())
    monkeypatch.setattr(runtime, "ports", lambda: ports)
    return ports


@pytest.fixture
def play(seat: Seat, ports: Ports) -> Play:
    """A room whose first question waits for a worker."""
    return seat(ports=ports)


@pytest.fixture
async def line(play: Play) -> AsyncIterator[Open]:
    """Opens lines to the room's events as its owner; they are hung up after the test."""
    opened: list[Line] = []

    def dial(
        *,
        query: str = "",
        last_event_id: str = "",
        reader: Reader | None = None,
        room: Play = play,
        method: str = "GET",
        **headers: str,
    ) -> Line:
        given = {"cookie": f"{players.COOKIE}={players.cookie_value(room.owner)}", **headers}
        if last_event_id:
            given["last-event-id"] = last_event_id
        path = f"/api/rooms/{room.room_id}/events"
        opened.append(
            Line(http_routes, path, query=query, headers=given, reader=reader, method=method)
        )
        return opened[-1]

    yield dial
    for each in opened:
        if not each.is_closed:
            await each.close()
    assert stage(play).n_listening == 0


def stage(play: Play) -> VoicedStage:
    """Return the panel's stage."""
    assert isinstance(play.ports.stage, VoicedStage)
    return play.ports.stage


@database_sync_to_async  # type: ignore[untyped-decorator]
def write(play: Play, *payloads: ev.Payload, turn_id: str | None = "t1") -> None:
    """Append facts as a worker would."""
    with transaction.atomic():
        row = event_log.lock(play.room_id)
        record = Record(event_log.state_of(row), timezone.now())
        for payload in payloads:
            record.add(payload, turn_id)
        event_log.append(row, record, outbox=play.ports.outbox)


@database_sync_to_async  # type: ignore[untyped-decorator]
def do(act: Callable[[], Any]) -> Any:
    """Do something in the game."""
    return act()


def started(epoch: int = 1, speaker: str = "ada") -> ev.TurnStarted:
    """Return the start of a turn."""
    return ev.TurnStarted(speaker, "scripted", "scripted", "primary", 0.0, epoch)


def done(text: str) -> ev.TurnDone:
    """Return a turn's end."""
    return ev.TurnDone(text, ev.Usage(), 100, 20.0)


def stream_of(play: Play, turn: int = 1) -> str:
    """Return the name of a turn's words."""
    return f"{play.room_id}.t{turn}.{turn}"


def names_of_tasks() -> set[str]:
    """Return what runs on the loop besides this test."""
    return {task.get_name() for task in asyncio.all_tasks()} - {
        task.get_name() for task in [asyncio.current_task()] if task
    }


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


# --- words ----------------------------------------------------------------------------------


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


# --- notices that get lost ------------------------------------------------------------------


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


async def test_a_silent_room_is_kept_alive(play: Play, line: Open, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(follow, "KEEP_ALIVE_SECONDS", 0.01)
    answer = await line().open()
    while answer.n_comments < 3:
        await answer.next_frames()

    assert b": keep-alive\n\n" in answer.raw
    assert answer.retry_ms == 1500


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


# --- cuts -----------------------------------------------------------------------------------


Step = Callable[[Play], Awaitable[None]]
Wanted = Callable[[Reader], bool]


def say(turn: int, *words: str) -> Step:
    """Return a step in which words are said."""

    async def step(play: Play) -> None:
        stage(play).say(stream_of(play, turn), *words)

    return step


def note(turn: int, *payloads: ev.Payload) -> Step:
    """Return a step in which facts of a turn are written down."""

    async def step(play: Play) -> None:
        await write(play, *payloads, turn_id=f"t{turn}")

    return step


async def answer_first(play: Play) -> None:
    """Answer the first question."""
    stage(play).fall_silent(stream_of(play))
    await do(lambda: play.answer(GOOD_ANSWERS[0], client_id=UUID(int=1)))


def has(offset: int) -> Wanted:
    """Return whether a reader has had the facts so far."""
    return lambda reader: reader.offset >= offset


def shows(turn: int, text: str) -> Wanted:
    """Return whether a reader shows these words of a turn."""
    return lambda reader: f"t{turn}" in reader.turns and reader.turns[f"t{turn}"].text == text


STEPS: list[tuple[Step, Wanted]] = [
    (note(1, started()), has(7)),
    (say(1, "Who"), shows(1, "Who")),
    (note(1, ev.TurnFirstToken(3)), has(8)),
    (say(1, " wrote", " the"), shows(1, "Who wrote the")),
    (note(1, ev.TurnSegment("Who wrote the", 3)), has(9)),
    (say(1, " 缓存"), shows(1, "Who wrote the 缓存")),
    (say(1, "?"), shows(1, "Who wrote the 缓存?")),
    (note(1, done("Who wrote the 缓存?")), has(10)),
    (answer_first, has(16)),
    (note(2, started(epoch=2, speaker="ben")), has(17)),
    (say(2, "And", " why"), shows(2, "And why")),
    (note(2, ev.TurnFirstToken(2), ev.TurnSegment("And why", 2)), has(19)),
    (say(2, " then?"), shows(2, "And why then?")),
    (note(2, ev.TurnCancelled("user", "And why", ev.Usage(), True, 9)), has(20)),
]


def without_ids(reader: Reader) -> list[Any]:
    """Return the transcript without times and what belongs to its room alone."""
    facts = [
        (fact["offset"], fact["type"], fact.get("turn_id"), fact["data"].get("text"))
        for fact in reader.events
    ]
    return [*facts, *reader.transcript()[len(facts) :]]


async def heard(play: Play, line: Open, *, cut_after: int | None = None) -> Reader:
    """Play the steps to one reader, whose line is cut once after so many frames."""
    reader = Reader()
    connection = await line(room=play, reader=reader).open()
    for step, wanted in [(None, has(6)), *STEPS]:
        if step is not None:
            await step(play)
        while not wanted(reader):
            is_ahead = cut_after is not None and len(reader.seen) < cut_after
            await connection.next_frames(at_most=cut_after - len(reader.seen) if is_ahead else None)  # type: ignore[operator]
            if is_ahead and len(reader.seen) == cut_after:
                await connection.close()
                connection = await line(
                    room=play, last_event_id=reader.last_event_id, reader=reader
                ).open()
    return reader


async def test_a_cut_after_any_frame_leaves_the_same_transcript(
    seat: Seat, ports: Ports, line: Open, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(follow, "WORDS_EVERY_SECONDS", 0.0)
    monkeypatch.setattr(follow, "LAST_WORDS_SECONDS", 0.01)
    assert isinstance(ports.stage, VoicedStage)
    ports.stage.limit = 1_000
    whole = await heard(await do(lambda: seat(ports=ports)), line)

    for cut_after in range(1, len(whole.seen) + 1):
        room = await do(lambda: seat(ports=ports))
        once_cut = await heard(room, line, cut_after=cut_after)
        assert without_ids(once_cut) == without_ids(whole), cut_after

    assert len(whole.seen) > 25
    assert without_ids(whole)[-1] == {
        "turn": "t2",
        "who": "ben",
        "state": "cancelled",
        "text": "And why",
    }


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
