"""The control socket: every frame, every refusal, and who is shown the door."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

import pytest
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator

from config.asgi import websocket_routes
from interview import runtime
from interview.consumers import control
from interview.domain.ports import Ports
from interview.models import Room as RoomRow
from interview.services import players, rooms
from tests.factories.rooms import Play
from tests.fakes.interview import FakeStage
from tests.fakes.streams import PATIENCE_SECONDS, HalfLiveOutbox
from tests.integration.interview.conftest import Seat

pytestmark = pytest.mark.usefixtures("redis_client")
STRANGER = UUID(int=99)
HOST = "hotseat.test"


class Socket:
    """One client's end of a control socket."""

    def __init__(self, play: Play, headers: dict[str, str]) -> None:
        given = {"host": HOST, **headers}
        self._communicator = WebsocketCommunicator(
            websocket_routes,
            f"/ws/rooms/{play.room_id}",
            headers=[(name.encode(), value.encode("latin-1")) for name, value in given.items()],
        )

    async def open(self) -> bool:
        """Return whether the handshake was accepted."""
        accepted, _ = await self._communicator.connect(PATIENCE_SECONDS)
        return bool(accepted)

    async def send(self, frame: Any) -> None:
        """Send a frame as JSON."""
        await self._communicator.send_to(text_data=json.dumps(frame))

    async def send_raw(self, text: str | None = None, data: bytes | None = None) -> None:
        """Send something that may be no frame at all."""
        await self._communicator.send_input(
            {"type": "websocket.receive", "text": text, "bytes": data}
        )

    async def receive(self) -> dict[str, Any]:
        """Return the next frame."""
        frame: dict[str, Any] = json.loads(await self._communicator.receive_from(PATIENCE_SECONDS))
        return frame

    async def ask(self, frame: dict[str, Any]) -> dict[str, Any]:
        """Send a frame and return what answers it; notices in between are passed over."""
        await self.send(frame)
        while (answer := await self.receive())["type"] == "event":
            pass
        return answer

    async def closed_with(self) -> int:
        """Read on to the end and return its code."""
        while True:
            message = await self._communicator.receive_output(PATIENCE_SECONDS)
            if message["type"] == "websocket.close":
                return int(message["code"])

    async def is_silent(self) -> bool:
        """Return whether nothing more comes."""
        return bool(await self._communicator.receive_nothing(0.05, 0.01))

    async def close(self) -> None:
        """Hang up."""
        await self._communicator.disconnect(timeout=PATIENCE_SECONDS)


Dial = Callable[..., Socket]


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> Ports:
    """A panel in memory, and the real way from a commit to readers."""
    ports = Ports(stage=FakeStage(), outbox=HalfLiveOutbox())
    monkeypatch.setattr(runtime, "ports", lambda: ports)
    return ports


@pytest.fixture
async def dial(play: Play) -> AsyncIterator[Dial]:
    """Opens sockets to the room as its owner; they are hung up after the test."""
    opened: list[Socket] = []

    def dialled(**headers: str) -> Socket:
        cookie = f"{players.COOKIE}={players.cookie_value(play.owner)}"
        opened.append(Socket(play, {"cookie": cookie, **headers}))
        return opened[-1]

    yield dialled
    for socket in opened:
        await socket.close()


@pytest.fixture
async def socket(dial: Dial) -> Socket:
    """The owner's socket, open."""
    found = dial()
    assert await found.open()
    return found


@database_sync_to_async  # type: ignore[untyped-decorator]
def do(act: Callable[[], Any]) -> Any:
    """Do something in the game."""
    return act()


# --- frames ---------------------------------------------------------------------------------


@pytest.mark.parametrize("t", [0, 1763690000123, 1.5, "now", None])
@pytest.mark.parametrize("ref", [1, "r", None])
async def test_a_ping_comes_back(socket: Socket, ref: object, t: object):
    assert await socket.ask({"type": "ping", "ref": ref, "t": t}) == {
        "type": "pong",
        "ref": ref,
        "t": t,
    }


async def test_a_status_tells_the_room_and_the_queue(play: Play, socket: Socket):
    status = await socket.ask({"type": "status", "ref": 7})

    assert (status["type"], status["ref"]) == ("status", 7)
    assert status["room"]["id"] == str(play.room_id)
    assert (status["queue"], status["in_flight"]) == ({"position": 0, "length": 1}, 0)


async def test_a_cancel_is_acknowledged_and_told_as_an_event(play: Play, socket: Socket):
    await socket.send({"type": "cancel", "ref": "c", "turn_id": "t1"})
    frames = sorted([await socket.receive() for _ in range(2)], key=lambda frame: frame["type"])

    assert frames == [
        {"type": "ack", "ref": "c", "turn_id": "t1", "state": "cancelled"},
        {"type": "event", "offset": 7, "event_type": "turn.cancelled"},
    ]
    again = await socket.ask({"type": "cancel", "ref": "d"})
    assert again == {"type": "ack", "ref": "d", "turn_id": "t1", "state": "cancelled"}
    assert (await do(lambda: play.row)).top_offset == 7


async def test_settings_are_changed_and_acknowledged_with_their_place(play: Play, socket: Socket):
    settings = {"pace": "brisk", "difficulty": 5, "strategy": "random", "language": "zh"}
    ack = await socket.ask({"type": "set", "ref": 1, "settings": settings})

    assert ack == {"type": "ack", "ref": 1, "offset": 7}
    room = await do(lambda: play.room)
    assert (room.pace, room.difficulty, room.strategy, room.language) == (
        "brisk",
        5,
        "random",
        "zh",
    )


async def test_facts_are_noticed_by_every_socket_of_the_room_and_no_other(
    seat: Seat, play: Play, dial: Dial
):
    elsewhere = await do(lambda: seat(ports=play.ports))
    sockets = [dial(), dial()]
    stranger = Socket(elsewhere, {"authorization": f"Bearer {elsewhere.token}"})
    for each in (*sockets, stranger):
        assert await each.open()

    await do(play.speak)

    for each in sockets:
        told = [await each.receive() for _ in range(4)]
        assert [(frame["offset"], frame["event_type"]) for frame in told] == [
            (7, "turn.started"),
            (8, "turn.first_token"),
            (9, "turn.segment"),
            (10, "turn.done"),
        ]
    assert await stranger.is_silent()
    await stranger.close()


# --- refusals -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"type": "cancel", "turn_id": "t9"}, "nothing_to_cancel"),
        ({"type": "set", "settings": {"language": "zh"}}, "room_settled"),
    ],
)
async def test_what_the_game_refuses_is_an_error_with_its_ref(
    play: Play, socket: Socket, frame: dict[str, Any], code: str
):
    if code == "room_settled":
        await do(play.leave)

    answer = await socket.ask({**frame, "ref": 3})

    assert (answer["type"], answer["ref"], answer["code"]) == ("error", 3, code)
    assert answer["message"]


BAD = [
    "",
    "{",
    "null",
    "[]",
    '"ping"',
    "{}",
    '{"type": "dance"}',
    '{"type": null}',
    '{"type": "ping", "ref": {}}',
    '{"type": "set"}',
    '{"type": "set", "settings": {"difficulty": 99}}',
    '{"type": "set", "settings": {"difficulty": 0}}',
    '{"type": "set", "settings": {"pace": "warp"}}',
    '{"type": "set", "settings": {"language": "tlh"}}',
    '{"type": "cancel", "turn_id": 1}',
    '{"type": "ping", "t": "\\ud83d"}',
    "[" * 10_000,
]


@pytest.mark.parametrize("text", BAD, ids=lambda text: text[:40])
async def test_what_is_no_frame_is_an_error_and_no_end(play: Play, socket: Socket, text: str):
    await socket.send_raw(text)
    answer = await socket.receive()

    assert (answer["type"], answer["ref"], answer["code"]) == ("error", None, "bad_frame")
    assert (await socket.ask({"type": "ping", "ref": 1}))["type"] == "pong"
    assert (await do(lambda: play.row)).top_offset == 6


async def test_bytes_are_no_frame(socket: Socket):
    await socket.send_raw(data=b'{"type": "ping"}')

    assert (await socket.receive())["code"] == "bad_frame"


async def test_an_oversize_frame_is_an_error(socket: Socket):
    await socket.send({"type": "ping", "t": "x" * control.MAX_FRAME_CHARACTERS})

    assert (await socket.receive())["code"] == "frame_too_large"


async def test_an_error_names_the_frame_it_answers_when_that_can_be_read(socket: Socket):
    answer = await socket.ask({"type": "dance", "ref": "r7"})

    assert (answer["type"], answer["ref"], answer["code"]) == ("error", "r7", "bad_frame")


async def test_ten_bad_frames_in_a_row_end_the_socket(socket: Socket):
    for _ in range(10):
        await socket.send_raw("{")

    assert await socket.closed_with() == 4400


async def test_a_good_frame_forgives_the_bad_ones_before_it(
    socket: Socket, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(control, "MAX_FRAMES_A_SECOND", 1_000)
    for _ in range(3):
        for _ in range(9):
            await socket.send_raw("{")
            assert (await socket.receive())["code"] == "bad_frame"
        assert (await socket.ask({"type": "ping", "ref": 1}))["type"] == "pong"


async def test_a_flood_is_refused_and_then_ended(socket: Socket, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(control, "MAX_FRAMES_A_SECOND", 0)
    await socket.send({"type": "ping", "ref": 1})
    assert (await socket.receive())["code"] == "rate_limited"
    for _ in range(9):
        await socket.send({"type": "ping", "ref": 1})

    assert await socket.closed_with() == 4400


# --- the door -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"cookie": ""},
        {"cookie": f"{players.COOKIE}=forged:signature"},
        {"cookie": f"{players.COOKIE}={players.cookie_value(STRANGER)}"},
        {"cookie": "", "authorization": "Bearer wrong"},
    ],
    ids=["nobody", "forged", "somebody else", "wrong token"],
)
async def test_whoever_does_not_own_the_room_is_shown_the_door(
    play: Play, dial: Dial, headers: dict[str, str]
):
    stranger = dial(**headers)
    assert await stranger.open()

    assert await stranger.closed_with() == 4403
    await stranger.send({"type": "cancel", "ref": 1})
    assert (await do(lambda: play.row)).top_offset == 6


async def test_a_room_token_opens_the_socket_and_a_share_token_does_not_steer(
    play: Play, dial: Dial
):
    await do(
        lambda: RoomRow.objects.filter(pk=play.room_id).update(
            share_token_hash=rooms.token_hash("look")
        )
    )
    owner = dial(cookie="", authorization=f"Bearer {play.token}")
    assert await owner.open()
    assert (await owner.ask({"type": "ping", "ref": 1}))["type"] == "pong"
    watcher = dial(cookie="", authorization="Bearer look")
    assert await watcher.open()
    await watcher.send({"type": "cancel", "ref": 1})

    assert (await do(lambda: play.row)).turn_state == "queued"


@pytest.mark.parametrize(
    "origin", ["http://evil.test", "https://hotseat.test.evil", "null", "", f"ftp://{HOST}"]
)
async def test_a_foreign_page_cannot_open_a_socket_with_the_players_cookie(dial: Dial, origin: str):
    assert not await dial(origin=origin).open()


@pytest.mark.parametrize("origin", [f"http://{HOST}", f"https://{HOST}"])
async def test_our_own_page_can(dial: Dial, origin: str):
    socket = dial(origin=origin)

    assert await socket.open()
    assert (await socket.ask({"type": "ping", "ref": 1}))["type"] == "pong"


async def test_a_socket_that_says_nothing_is_let_go_and_the_room_lives_on(
    play: Play, dial: Dial, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(control, "IDLE_SECONDS", 0.02)
    socket = dial()
    assert await socket.open()

    assert await socket.closed_with() == 4408
    assert (await do(lambda: play.row)).status == "interviewing"


async def test_each_ping_starts_the_minute_anew(socket: Socket):
    for ref in range(3):
        await socket.ask({"type": "ping", "ref": ref})
        assert _timers() == 1


def _timers() -> int:
    """Return how many deadlines of sockets are running on this loop."""
    scheduled = getattr(asyncio.get_running_loop(), "_scheduled", [])
    return sum("_go_idle" in repr(timer) and not timer.cancelled() for timer in scheduled)


async def test_a_cancel_in_the_middle_of_a_sentence_from_the_socket(play: Play, socket: Socket):
    play.stage.vanishing = True
    await do(play.speak)

    ack = await socket.ask({"type": "cancel", "ref": 1})

    assert (ack["turn_id"], ack["state"]) == ("t1", "streaming")
    assert play.stage.interrupted == {f"{play.room_id}.t1.1": "user"}
