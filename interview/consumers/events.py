"""``GET /api/rooms/{id}/events``: the room's log as an event stream, or as pages of JSON.

An `AsyncConsumer` and not an `AsyncHttpConsumer`: the latter stays in ``handle()`` and does not
learn that the client left. Here the stream runs as a task and a disconnect ends it at once.
"""

import asyncio
import logging
from typing import Any

import msgspec
from channels.consumer import AsyncConsumer, get_handler_name
from channels.db import database_sync_to_async
from channels.exceptions import StopConsumer
from django.db import DatabaseError
from redis.exceptions import RedisError

from interview import metrics, runtime, selectors
from interview.consumers import crowd, frames
from interview.consumers.callers import address_of, headers_of, query_of, visitor_of
from interview.consumers.follow import Follower
from interview.domain.errors import (
    GameError,
    InvalidInputError,
    MethodNotAllowedError,
    OffsetOutOfRangeError,
    UnavailableError,
)
from interview.domain.problems import CONTENT_TYPE, problem
from interview.domain.room import Status
from interview.models import Room
from interview.services import tracing

logger = logging.getLogger(__name__)

METHOD = "GET"
STREAM_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
]


class RoomEvents(AsyncConsumer):
    """One reader's connection."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._follower: Follower | None = None
        self._group = ""
        self._has_begun = False

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Call the message's handler: what reads the database gives its connection back itself.

        The consumer's own way visits a thread for each message to see whether a connection is too
        old: twenty times a turn, for every reader.
        """
        await getattr(self, get_handler_name(message))(message)

    async def http_request(self, message: dict[str, Any]) -> None:
        """Start serving; a GET has no body worth waiting for."""
        if self._task is None:
            self._task = asyncio.create_task(self._serve(), name="room events")

    async def http_disconnect(self, _message: dict[str, Any]) -> None:
        """Stop at once."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        if self._group:
            await self.channel_layer.group_discard(self._group, self.channel_name)
        raise StopConsumer

    async def room_events(self, message: dict[str, Any]) -> None:
        """Pass on facts just committed."""
        if self._follower is not None:
            self._follower.hear(message["events"])

    async def _serve(self) -> None:
        try:
            room, offset = await self._admit()
            if self._wants_json():
                await self._page(room, offset)
            else:
                with (
                    crowd.place(room.pk, address_of(self.scope)),
                    metrics.SSE_CONNECTIONS.track_inprogress(),
                ):
                    await self._stream(room, offset)
        except GameError as refusal:
            await self._refuse(refusal)
        except Exception as error:  # nobody is left holding a silent line
            is_outage = isinstance(error, (DatabaseError, RedisError, OSError))
            logger.log(
                logging.WARNING if is_outage else logging.ERROR, "sse.broken_off", exc_info=True
            )
            await self._break_off()

    async def _admit(self) -> tuple[Room, int]:
        """Return the room and the offset to go on from; raise what forbids it."""
        if self.scope["method"] != METHOD:
            raise MethodNotAllowedError("A room's events are only read; see Allow.")
        room_id = self.scope["url_route"]["kwargs"]["room_id"]
        tracing.name_connection("GET /api/rooms/<room_id>/events", room_id)
        read = database_sync_to_async(selectors.readable_room)
        room = await read(room_id, visitor_of(self.scope))
        epoch, offset = self._position()
        try:
            selectors.check_reader(room, epoch=epoch, offset=offset)
        except OffsetOutOfRangeError:
            # A follower may be a commit ahead of this read, never further.
            room = await read(room_id, visitor_of(self.scope))
            selectors.check_reader(room, epoch=epoch, offset=offset)
        return room, offset

    def _position(self) -> tuple[str | None, int]:
        """Return the reader's epoch and offset: the header wins over the query."""
        query = query_of(self.scope)
        last_id = headers_of(self.scope).get("last-event-id", "")
        epoch, _, offset = last_id.rpartition(".")
        try:
            if last_id:
                return epoch or None, _natural(offset)
            return query.get("epoch"), _natural(query.get("fromOffset", "0"))
        except ValueError as error:
            raise InvalidInputError("An offset is a whole number, 0 or more.") from error

    def _wants_json(self) -> bool:
        accept = headers_of(self.scope).get("accept", "")
        return "application/json" in accept and "text/event-stream" not in accept

    async def _stream(self, room: Room, offset: int) -> None:
        follows = query_of(self.scope).get("follow") != "0"
        self._follower = Follower(
            room_id=room.pk,
            epoch=room.epoch,
            offset=offset,
            send=self._write,
            is_settled=room.status == Status.SETTLED,
        )
        if follows:
            self._group = runtime.room_group(room.pk)
            await self.channel_layer.group_add(self._group, self.channel_name)
        metrics.SSE_RESUMES.labels("resumed" if offset else "fresh").inc()
        await self._head(200, STREAM_HEADERS)
        await self._write(frames.opening())
        await (self._follower.run() if follows else self._follower.replay())
        await self._finish()

    async def _page(self, room: Room, offset: int) -> None:
        facts = await database_sync_to_async(selectors.facts_after)(room.pk, offset)
        page = {
            "events": facts,
            "next_offset": facts[-1]["offset"] if facts else offset,
            "top_offset": max(room.top_offset, facts[-1]["offset"] if facts else 0),
        }
        await self._head(200, [(b"content-type", b"application/json")])
        await self._finish(msgspec.json.encode(page))

    async def _refuse(self, refusal: GameError) -> None:
        request_id = headers_of(self.scope).get("x-request-id", "")
        headers = [(b"content-type", CONTENT_TYPE.encode())]
        if refusal.retry_after_seconds is not None:
            headers.append((b"retry-after", str(refusal.retry_after_seconds).encode()))
        if isinstance(refusal, MethodNotAllowedError):
            headers.append((b"allow", METHOD.encode()))
        document = problem(refusal, request_id=request_id)
        if refusal.code == "epoch_changed":
            document["room"] = self.scope["path"].removesuffix("/events")
        await self._head(refusal.status, headers)
        await self._finish(msgspec.json.encode(document))

    async def _break_off(self) -> None:
        """End what cannot go on, so that the reader comes back and resumes."""
        if self._has_begun:
            await self._finish()
        else:
            await self._refuse(UnavailableError("The log is away for a moment."))

    async def _head(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        self._has_begun = True
        await self.send({"type": "http.response.start", "status": status, "headers": headers})

    async def _write(self, body: bytes) -> None:
        await self.send({"type": "http.response.body", "body": body, "more_body": True})

    async def _finish(self, body: bytes = b"") -> None:
        await self.send({"type": "http.response.body", "body": body, "more_body": False})


def _natural(text: str) -> int:
    """Return the number; what `int` takes besides plain digits is none, and raises ValueError."""
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(text)
    return int(text)
