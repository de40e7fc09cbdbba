"""The frames of both streams, as bytes and as typed commands."""

from typing import Annotated, Literal

import msgspec

from interview.domain.room import Pace
from interview.domain.scenery import Strategy

RETRY_MS = 1500
_encode = msgspec.json.encode


def opening() -> bytes:
    """Return what an event stream starts with: how long a browser waits to reconnect."""
    return f"retry: {RETRY_MS}\n\n".encode()


def durable(epoch: str, envelope: dict[str, object]) -> bytes:
    """Return the frame of a fact; its id is where a reader goes on from."""
    head = f"id: {epoch}.{envelope['offset']}\nevent: {envelope['type']}\ndata: "
    return b"%b%b\n\n" % (head.encode(), _encode(envelope))


def snapshot(*, turn_id: str, speaker: str, text: str, upto_seq: int) -> bytes:
    """Return the frame that replaces the text of the turn being spoken."""
    data = {"turn_id": turn_id, "speaker": speaker, "text": text, "upto_seq": upto_seq}
    return b"event: snapshot\ndata: %b\n\n" % _encode(data)


def delta(turn_id: str, seq: int, text: str) -> bytes:
    """Return the frame that appends to the text of the turn being spoken."""
    data = {"turn_id": turn_id, "seq": seq, "text": text}
    return b"event: delta\ndata: %b\n\n" % _encode(data)


def position(offset: int) -> bytes:
    """Return the frame that tells where the log's top is."""
    return b'event: position\ndata: {"offset":%d}\n\n' % offset


def end() -> bytes:
    """Return the last frame: nothing more will come."""
    return b"event: end\ndata: {}\n\n"


KEEP_ALIVE = b": keep-alive\n\n"


class SettingsChange(msgspec.Struct):
    """The settings a ``set`` frame may carry."""

    strategy: Strategy | None = None
    pace: Pace | None = None
    difficulty: Annotated[int, msgspec.Meta(ge=1, le=5)] | None = None
    language: Literal["zh", "en"] | None = None


class Cancel(msgspec.Struct, tag="cancel"):
    """Interrupt whoever speaks."""

    ref: str | int | None = None
    turn_id: str | None = None


class Set(msgspec.Struct, tag="set"):
    """Change the room's settings."""

    settings: SettingsChange
    ref: str | int | None = None


class Ping(msgspec.Struct, tag="ping"):
    """Say that somebody is there; ``t`` comes back."""

    ref: str | int | None = None
    t: float | int | str | None = None


class Status(msgspec.Struct, tag="status"):
    """Ask how things stand."""

    ref: str | int | None = None


Command = Cancel | Set | Ping | Status
_decoder: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Command)


def parse(text: str) -> Command:
    """Return the command of a client frame; raise msgspec.DecodeError for anything else."""
    try:
        return _decoder.decode(text)
    except RecursionError as error:
        raise msgspec.DecodeError("nested too deeply") from error


class _Labelled(msgspec.Struct):
    ref: str | int | None = None


def ref_of(text: str) -> str | int | None:
    """Return the client's label of a frame that could not be obeyed, if it can be read at all."""
    try:
        return msgspec.json.decode(text, type=_Labelled).ref
    except (msgspec.DecodeError, RecursionError):
        return None
