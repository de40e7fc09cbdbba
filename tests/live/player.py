"""A candidate at a running game: opens a room, answers, listens, and comes back when cut off."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from uuid import UUID, uuid4

import aiohttp

from tests.live.reader import Frame, Frames, Reader

PATIENCE_SECONDS = 90.0
PAUSE_SECONDS = 0.05
_AWAY = {429, 500, 502, 503}
Wanted = Callable[[Reader], bool]
_SocketContext = AbstractAsyncContextManager[aiohttp.ClientWebSocketResponse]


def seen(kind: str, *, turn: str = "") -> Wanted:
    """Return whether a reader has had such a fact, of that turn if one is named."""

    def has(reader: Reader) -> bool:
        return any(
            event["type"] == kind and turn in {"", event.get("turn_id")} for event in reader.events
        )

    return has


def words_of(turn: str, *, at_least: int) -> Wanted:
    """Return whether a reader shows so many characters of a turn that is being spoken."""

    def shows(reader: Reader) -> bool:
        spoken = reader.turns.get(turn)
        return spoken is not None and spoken.state == "streaming" and len(spoken.text) >= at_least

    return shows


def over(reader: Reader) -> bool:
    """Return whether the stream said that nothing more will come."""
    return reader.is_over


@dataclass(slots=True)
class Player:
    """One candidate in one room of a running stack."""

    base_url: str
    room_id: str = ""
    token: str = ""
    n_connections: int = 0
    _session: aiohttp.ClientSession = field(init=False)

    async def __aenter__(self) -> "Player":
        """Enter the house."""
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        self._session = aiohttp.ClientSession(self.base_url, connector=connector)
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Leave the house; the room lives on."""
        await self._session.close()

    @property
    def events_path(self) -> str:
        """Return where the room's events are."""
        return f"/api/rooms/{self.room_id}/events"

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    async def open(self, **changes: object) -> "Player":
        """Take the seat in a fresh room, where everybody speaks briskly.

        Waits until the house is well: an earlier accident may not be over yet.
        """
        await self.insist("GET", "/readyz")
        wanted = {
            "scenery": "group_grilling",
            "mode": "survive",
            "language": "en",
            "resume": {"sample": "backend"},
            "seed": 5,
            **changes,
        }
        status, room = await self.call("POST", "/api/rooms", wanted)
        assert status == 201, room
        self.room_id, self.token = room["id"], room["room_token"]
        status, room = await self.call(
            "PATCH", f"/api/rooms/{self.room_id}/settings", {"pace": "brisk"}
        )
        assert status == 200, room
        return self

    def socket(self, **headers: str) -> _SocketContext:
        """Return the room's control socket, to be entered."""
        return self._session.ws_connect(
            f"/ws/rooms/{self.room_id}", headers={**self._headers, **headers}
        )

    async def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Return status and answer of one request."""
        async with self._session.request(
            method, path, json=body, headers=self._headers
        ) as response:
            return response.status, await response.json(content_type=None)

    async def insist(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Do as `call`, again and again while the house is away for a moment."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    status, answer = await self.call(method, path, body)
                except (aiohttp.ClientError, OSError, json.JSONDecodeError):
                    status = 503
                if status not in _AWAY:
                    return status, answer
                await asyncio.sleep(PAUSE_SECONDS)

    async def answer(self, text: str, client_id: UUID | None = None) -> tuple[int, Any]:
        """Answer the question, insisting under one client_id."""
        body = {"text": text, "client_id": str(client_id or uuid4())}
        return await self.insist("POST", f"/api/rooms/{self.room_id}/answer", body)

    async def act(self, action: str) -> tuple[int, Any]:
        """Interrupt, ask again or leave."""
        return await self.insist("POST", f"/api/rooms/{self.room_id}/{action}", {})

    async def listen(self, reader: Reader, until: Wanted) -> Reader:
        """Listen until the reader has what is wanted, coming back after every cut."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not until(reader):
                try:
                    is_ended = await self.connect(reader, stop=lambda _frames: until(reader))
                except (aiohttp.ClientError, OSError):
                    is_ended = True
                if is_ended:
                    await asyncio.sleep(PAUSE_SECONDS)
        return reader

    async def connect(
        self,
        reader: Reader,
        *,
        stop: Callable[[list[Frame]], bool] = lambda _frames: False,
        cut_after_bytes: int | None = None,
        follow: bool = True,
    ) -> bool:
        """Read one connection until it ends, is cut, or ``stop`` says so after a frame.

        What comes behind the cut never reaches the reader. Returns whether the stream ended by
        itself. Raises aiohttp.ClientError when it broke off, or was refused for now.
        """
        self.n_connections += 1
        headers = {**self._headers, "Accept": "text/event-stream"}
        if reader.last_event_id:
            headers["Last-Event-ID"] = reader.last_event_id
        frames, left, taken = Frames(), cut_after_bytes, []
        query = {} if follow else {"follow": "0"}
        async with self._session.get(
            self.events_path,
            headers=headers,
            params=query,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=10),
        ) as response:
            if response.status in _AWAY:
                raise aiohttp.ClientError(f"status {response.status}")
            assert response.status == 200, await response.text()
            async for chunk in response.content.iter_any():
                for frame in frames.feed(chunk if left is None else chunk[:left]):
                    reader.take(frame)
                    taken.append(frame)
                    if stop(taken):
                        return False
                if left is not None:
                    left -= len(chunk)
                    if left <= 0:
                        return False
        return True
