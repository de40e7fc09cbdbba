"""A room whose panel says what a test tells it to, and lines to its events."""

from collections.abc import AsyncIterator

import pytest

from config.asgi import http_routes
from interview import runtime
from interview.domain.ports import Ports
from interview.services import players
from tests.factories.rooms import Play
from tests.fakes.streams import HalfLiveOutbox, Line, VoicedStage
from tests.integration.interview.conftest import Seat
from tests.integration.interview.stream.scene import Open, stage
from tests.live.reader import Reader


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
