"""``/ws/rooms/{id}``: the control plane: interrupt, change settings, ask, stay alive."""

import asyncio
from typing import Any

import msgspec
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from interview import metrics, runtime, selectors
from interview.consumers import frames
from interview.consumers.callers import visitor_of
from interview.domain.errors import GameError
from interview.services import rooms, tracing
from interview.services.turns import stopping

MAX_FRAME_CHARACTERS = 16_384
MAX_BAD_IN_A_ROW = 10
MAX_FRAMES_A_SECOND = 20
IDLE_SECONDS = 60.0
CLOSE_BAD_FRAMES, CLOSE_NOT_YOURS, CLOSE_IDLE = 4400, 4403, 4408


class RoomControl(AsyncWebsocketConsumer):
    """One owner's control socket."""

    async def connect(self) -> None:
        """Let the owner in; a stranger is told by close code, which needs an open socket."""
        self._n_bad = 0
        self._second, self._n_in_second = 0, 0
        self._room_id = self.scope["url_route"]["kwargs"]["room_id"]
        self._group = ""
        tracing.name_connection("WS /ws/rooms/<room_id>", self._room_id)
        self._idle: asyncio.TimerHandle | None = None
        await self.accept()
        try:
            check = database_sync_to_async(selectors.check_owner)
            await check(self._room_id, visitor_of(self.scope))
        except GameError:
            await self._close(CLOSE_NOT_YOURS)
            return
        self._group = runtime.room_group(self._room_id)
        await self.channel_layer.group_add(self._group, self.channel_name)
        metrics.WS_CONNECTIONS.inc()
        self._expect_ping()

    async def disconnect(self, code: int) -> None:
        """Forget the socket; the room lives on."""
        if self._idle is not None:
            self._idle.cancel()
        if self._group:
            await self.channel_layer.group_discard(self._group, self.channel_name)
            metrics.WS_CONNECTIONS.dec()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Answer one frame: with an ack, or with an error that says why."""
        if not self._group:
            return
        refusal = self._refusal(text_data)
        if refusal is not None:
            await self._bad(*refusal)
            return
        try:
            command = frames.parse(text_data or "")
        except msgspec.DecodeError as error:
            message = f"Not a frame this socket knows: {error}"
            await self._bad("bad_frame", message, ref=frames.ref_of(text_data or ""))
            return
        self._n_bad = 0
        metrics.WS_MESSAGES.labels("in", type(command).__name__.lower()).inc()
        try:
            with tracing.command(type(command).__name__.lower(), self._room_id):
                await self._obey(command)
        except GameError as error:
            await self._error(command.ref, error.code, str(error))

    def _refusal(self, text: str | None) -> tuple[str, str] | None:
        second = int(asyncio.get_running_loop().time())
        self._n_in_second = self._n_in_second + 1 if second == self._second else 1
        self._second = second
        if self._n_in_second > MAX_FRAMES_A_SECOND:
            return "rate_limited", f"At most {MAX_FRAMES_A_SECOND} frames a second."
        if text is None:
            return "bad_frame", "Frames are text."
        if len(text) > MAX_FRAME_CHARACTERS:
            return "frame_too_large", f"A frame has at most {MAX_FRAME_CHARACTERS:,} characters."
        return None

    async def _bad(self, code: str, message: str, *, ref: str | int | None = None) -> None:
        self._n_bad += 1
        await self._error(ref, code, message)
        if self._n_bad >= MAX_BAD_IN_A_ROW:
            await self._close(CLOSE_BAD_FRAMES)

    async def _obey(self, command: frames.Command) -> None:
        match command:
            case frames.Ping():
                self._expect_ping()
                await self._send({"type": "pong", "ref": command.ref, "t": command.t})
            case frames.Cancel():
                await self._cancel(command)
            case frames.Set():
                await self._set(command)
            case frames.Status():
                await self._send(await database_sync_to_async(self._status)(command.ref))

    async def _cancel(self, command: frames.Cancel) -> None:
        taken = await database_sync_to_async(stopping.cancel_turn)(
            room_id=self._room_id,
            turn_id=command.turn_id,
            by="user",
            ports=runtime.ports(),
        )
        await self._send(
            {"type": "ack", "ref": command.ref, "turn_id": taken.turn_id, "state": taken.state}
        )

    async def _set(self, command: frames.Set) -> None:
        change = command.settings
        room = await database_sync_to_async(rooms.change_settings)(
            room_id=self._room_id,
            strategy=change.strategy,
            pace=change.pace,
            difficulty=change.difficulty,
            language=change.language,
            ports=runtime.ports(),
        )
        await self._send({"type": "ack", "ref": command.ref, "offset": room.offset})

    def _status(self, ref: str | int | None) -> dict[str, Any]:
        row = selectors.room_by_id(self._room_id)
        queue = runtime.ports().stage.queue(stopping.live_stream(row) or "")
        return {
            "type": "status",
            "ref": ref,
            "room": selectors.room_json(row),
            "queue": {"position": queue.position, "length": queue.length},
            "in_flight": queue.in_flight,
        }

    async def room_events(self, message: dict[str, Any]) -> None:
        """Tell of facts just committed; their content comes by the event stream."""
        for fact in message["events"]:
            await self._send(
                {"type": "event", "offset": fact["offset"], "event_type": fact["type"]}
            )

    async def _error(self, ref: str | int | None, code: str, message: str) -> None:
        await self._send({"type": "error", "ref": ref, "code": code, "message": message})

    async def _send(self, frame: dict[str, Any]) -> None:
        metrics.WS_MESSAGES.labels("out", frame["type"]).inc()
        await self.send(text_data=msgspec.json.encode(frame).decode())

    async def _close(self, code: int) -> None:
        metrics.WS_CLOSES.labels(str(code)).inc()
        await self.close(code=code)

    def _expect_ping(self) -> None:
        """Close the socket when no ping comes for a minute."""
        if self._idle is not None:
            self._idle.cancel()
        loop = asyncio.get_running_loop()
        self._idle = loop.call_later(IDLE_SECONDS, self._go_idle)

    def _go_idle(self) -> None:
        self._closing = asyncio.ensure_future(self._close(CLOSE_IDLE))
