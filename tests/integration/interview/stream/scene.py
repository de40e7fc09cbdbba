"""What happens in a room while somebody listens, and how a reader listens to it."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from django.db import transaction
from django.utils import timezone

from interview.domain import events as ev
from interview.domain.room import Record
from interview.services import event_log
from tests.factories.rooms import Play
from tests.fakes.streams import Line, VoicedStage

STRANGER = UUID(int=99)
Open = Callable[..., Line]


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
