"""Faults and cuts on a running game: nothing is lost, nothing comes twice, the player is told."""

import asyncio
import random
import signal
from uuid import uuid4

import aiohttp
import pytest

from compose.embedded import Postgres, Valkey
from tests.factories.rooms import GOOD_ANSWERS
from tests.live.conftest import House
from tests.live.player import PATIENCE_SECONDS, Player, over, seen, words_of
from tests.live.reader import Frame, Reader

pytestmark = pytest.mark.timeout(300)
POOR_ANSWER = "Well, we did some things and it was basically fine, more or less, I guess."
N_RANDOM_CUTS = 60
MANY_BYTES = 700


async def log_of(player: Player) -> Reader:
    """Return a reader that got the whole log in one go, after everything."""
    reader = Reader()
    assert await player.connect(reader, follow=False)
    return reader


async def play_to_the_end(player: Player) -> None:
    """Answer well at first, then poorly until the verdict falls."""
    reader = Reader()
    turn: str | None = "t1"
    good = iter(GOOD_ANSWERS[:3])
    while turn is not None:
        await player.listen(reader, seen("turn.done", turn=turn))
        status, taken = await player.answer(next(good, f"{POOR_ANSWER} {turn}"))
        assert status == 202, taken
        turn = taken["turn_id"]


async def cut_after_every_news(player: Player, reader: Reader) -> Reader:
    """Read to the end on connections that each live for one frame that says something new."""
    while not reader.is_over:
        offset, text = reader.offset, {name: turn.text for name, turn in reader.turns.items()}

        def is_news(
            _frames: list[Frame], offset: int = offset, text: dict[str, str] = text
        ) -> bool:
            shown = {name: turn.text for name, turn in reader.turns.items()}
            return reader.offset > offset or shown != text

        await player.connect(reader, stop=is_news)
    return reader


async def cut_after_random_bytes(player: Player, reader: Reader, roll: random.Random) -> Reader:
    """Read to the end on connections that are cut anywhere, also inside a character."""
    while not reader.is_over:
        # Past the longest frame now and then, or nobody would ever get on.
        await player.connect(
            reader, cut_after_bytes=roll.choice((60, 600, 6_000)) + roll.randrange(MANY_BYTES)
        )
    return reader


# --- cuts -----------------------------------------------------------------------------------


async def test_readers_cut_off_anywhere_have_the_same_transcript_as_one_that_never_was(
    house: House,
):
    """While the game is played, and once more when it is over at every boundary there is."""
    async with Player(house.stack.url) as player:
        await player.open(language="zh", resume={"sample": "backend"})
        never_cut = asyncio.create_task(player.listen(Reader(), over))
        often_cut = [
            asyncio.create_task(cut_after_every_news(player, Reader())),
            *[
                asyncio.create_task(cut_after_random_bytes(player, Reader(), random.Random(seed)))
                for seed in range(3)
            ],
        ]
        await play_to_the_end(player)
        expected = await never_cut
        transcripts = [(await reader).transcript() for reader in often_cut]

        assert expected.n_deltas > 20
        assert transcripts == [expected.transcript()] * len(transcripts)
        await every_boundary_of_the_whole_log(player, expected)


async def every_boundary_of_the_whole_log(player: Player, expected: Reader) -> None:
    """Cut the finished game once at each frame and at random bytes; compare every time."""
    whole = await log_of(player)
    assert whole.transcript() == expected.transcript()
    n_frames = len(whole.seen)
    n_bytes = await length_of_log(player)
    roll = random.Random(2)
    gate = asyncio.Semaphore(4)

    async def once(**cut: int) -> None:
        async with gate:
            reader = Reader()
            after_frames = cut.get("frames", -1)
            await player.connect(
                reader,
                follow=False,
                stop=lambda frames: len(frames) == after_frames,
                cut_after_bytes=cut.get("length"),
            )
            await player.connect(reader, follow=False)
            assert reader.transcript() == whole.transcript(), cut

    async with asyncio.TaskGroup() as cuts:
        for frames in range(1, n_frames + 1):
            cuts.create_task(once(frames=frames))
        for length in roll.sample(range(1, n_bytes), N_RANDOM_CUTS):
            cuts.create_task(once(length=length))


async def length_of_log(player: Player) -> int:
    """Return how many bytes the finished game is as a stream."""
    async with player._session.get(
        player.events_path, params={"follow": "0"}, headers=player._headers
    ) as response:
        return len(await response.read())


# --- the worker -----------------------------------------------------------------------------


async def test_a_worker_killed_in_mid_sentence_is_noticed_told_and_the_room_goes_on(
    house: House, player: Player
):
    reader = await player.listen(Reader(), words_of("t1", at_least=12))
    shown = reader.turns["t1"].text

    house.end("turns", signal.SIGKILL)
    await player.listen(reader, seen("turn.failed"))

    failed = reader.events[-1]
    assert (failed["data"]["reason"], failed["data"]["retryable"]) == ("lost_worker", True)
    assert shown.startswith(failed["data"]["kept_text"])
    status, _ = await player.act("retry")
    assert status == 202
    await player.listen(reader, seen("turn.done", turn="t2"))
    assert reader.turns["t2"].text.startswith(shown)
    status, taken = await player.answer(POOR_ANSWER)
    assert (status, taken["turn_id"]) == (202, "t3")
    await player.listen(reader, seen("turn.done", turn="t3"))
    assert (await log_of(player)).transcript() == reader.transcript()


async def test_a_worker_that_is_asked_to_go_finishes_its_sentence(house: House, player: Player):
    reader = await player.listen(Reader(), words_of("t1", at_least=5))

    house.end("turns", signal.SIGTERM)
    await player.listen(reader, seen("turn.done", turn="t1"))

    assert not seen("turn.failed")(reader)
    status, _ = await player.answer(POOR_ANSWER)
    assert status == 202
    await player.listen(reader, seen("turn.done", turn="t2"))


async def test_an_interrupted_sentence_stops_at_once_and_keeps_what_was_said(player: Player):
    reader = await player.listen(Reader(), words_of("t1", at_least=10))

    answers = [await player.act("cancel") for _ in range(2)]
    assert [status for status, _ in answers] == [202, 202]
    await player.listen(reader, seen("turn.cancelled"))

    cancelled = reader.events[-1]["data"]
    assert (cancelled["by"], cancelled["provider_closed"]) == ("user", True)
    assert len(cancelled["kept_text"]) >= 10
    assert (await log_of(player)).transcript() == reader.transcript()


async def test_the_control_socket_stops_a_sentence_and_is_told_when_the_house_restarts(
    house: House, player: Player
):
    reader = await player.listen(Reader(), words_of("t1", at_least=10))
    ack = {"type": "ack", "ref": 1, "turn_id": "t1", "state": "streaming"}
    async with player.socket() as socket:
        await socket.send_json({"type": "cancel", "ref": 1, "turn_id": "t1"})
        frames: list[dict[str, object]] = []
        while ack not in frames or "turn.cancelled" not in str(frames):
            frames.append(await socket.receive_json(timeout=PATIENCE_SECONDS))
        house.end("web", signal.SIGTERM)
        farewell = await socket.receive(timeout=PATIENCE_SECONDS)

    assert (farewell.type, farewell.data) == (aiohttp.WSMsgType.CLOSE, 4012)
    await player.listen(reader, seen("turn.cancelled"))
    foreign = player.socket(origin="http://evil.test")
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        await foreign.__aenter__()


# --- the web process ------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_a_web_process_that_ends_in_mid_sentence_costs_the_reader_nothing(
    house: House, player: Player, number: signal.Signals
):
    never_away = await player.listen(Reader(), words_of("t1", at_least=12))

    house.end("web", number)
    await player.listen(never_away, seen("turn.done", turn="t1"))

    assert not seen("turn.failed")(never_away)
    assert (await log_of(player)).transcript() == never_away.transcript()
    status, _ = await player.answer(POOR_ANSWER)
    assert status == 202
    await player.listen(never_away, seen("turn.started", turn="t2"))


async def test_a_web_process_asked_to_go_ends_its_streams_as_they_should_end(
    house: House, player: Player
):
    reader = Reader()
    is_asked = False

    def ask_to_go(_frames: list[Frame]) -> bool:
        nonlocal is_asked
        if not is_asked and words_of("t1", at_least=5)(reader):
            is_asked = True
            house.end("web", signal.SIGTERM)
        return False

    ended_by_itself = await player.connect(reader, stop=ask_to_go)

    assert ended_by_itself
    assert not reader.is_over
    await player.listen(reader, seen("turn.done", turn="t1"))


# --- the servers ----------------------------------------------------------------------------


async def test_a_store_restarted_in_mid_sentence_costs_nobody_a_word(house: House, player: Player):
    reader = await player.listen(Reader(), words_of("t1", at_least=8))
    listening = asyncio.create_task(player.listen(reader, seen("turn.done", turn="t1")))
    speaker = house.stack.pid_of("turns")

    await house.restart_server(Valkey)
    await listening

    assert not seen("turn.failed")(reader)
    status, taken = await player.answer(POOR_ANSWER)
    assert (status, taken["turn_id"]) == (202, "t2")
    await player.listen(reader, seen("turn.done", turn="t2"))
    assert (await log_of(player)).transcript() == reader.transcript()
    assert house.stack.pid_of("turns") == speaker


async def test_a_database_restarted_between_two_turns_costs_nobody_an_answer(
    house: House, player: Player
):
    reader = await player.listen(Reader(), seen("turn.done", turn="t1"))
    listening = asyncio.create_task(player.listen(reader, seen("turn.done", turn="t2")))
    client_id = uuid4()

    restarting = asyncio.create_task(house.restart_server(Postgres))
    status, taken = await player.answer(POOR_ANSWER, client_id)
    await restarting
    again = await player.answer(POOR_ANSWER, client_id)

    assert (status, taken["turn_id"]) == (202, "t2")
    assert again == (status, taken)
    await listening
    assert sum(event["type"] == "answer.submitted" for event in reader.events) == 1
    assert (await log_of(player)).transcript() == reader.transcript()
