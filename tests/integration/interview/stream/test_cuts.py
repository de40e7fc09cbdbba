"""A line cut after any frame leaves the same transcript as one that never was."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from interview.consumers import follow
from interview.domain import events as ev
from interview.domain.ports import Ports
from tests.factories.rooms import GOOD_ANSWERS, Play
from tests.fakes.streams import VoicedStage
from tests.integration.interview.conftest import Seat
from tests.integration.interview.stream.scene import (
    Open,
    do,
    done,
    stage,
    started,
    stream_of,
    write,
)
from tests.live.reader import Reader

pytestmark = pytest.mark.usefixtures("redis_client")
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
