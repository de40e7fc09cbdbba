"""``manage.py replay ROOM``: the log read aloud, ending with the state's hash."""

import time
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from interview.domain.errors import RoomNotFoundError
from interview.domain.events import Event
from interview.domain.room import Room, fold, state_hash
from interview.domain.transcript import Line, Voice, lines
from interview.services import editions, event_log

MARKS = {Voice.PANEL: "", Voice.CANDIDATE: "> ", Voice.CLERK: "   "}
LONGEST_PAUSE_SECONDS = 3.0


class Command(BaseCommand):
    """Replays a room."""

    help = "Read a room's log aloud and print the hash of the state it folds to."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("room", type=UUID)
        parser.add_argument(
            "--speed",
            type=float,
            default=0.0,
            help="1 is as it was, 4 four times faster, 0 at once",
        )
        parser.add_argument(
            "--verify", action="store_true", help="say whether the kept state is the log's own"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Replay; raise CommandError for a room that is not there or not what its log says."""
        room_id: UUID = options["room"]
        try:
            kept = event_log.load(room_id)
        except RoomNotFoundError as error:
            raise CommandError(str(error)) from error
        events = event_log.read(room_id)
        self._tell(events, names(kept), speed=options["speed"])
        told = state_hash(fold(Room(), events))
        self.stdout.write(told)
        if options["verify"]:
            self._verify(told, state_hash(kept))

    def _tell(self, events: list[Event], who: dict[str, str], *, speed: float) -> None:
        at = {event.offset: event.at for event in events}
        last = events[0].at if events else None
        for line in lines(events, names=who):
            if speed > 0 and last is not None:
                pause = (at[line.offset] - last).total_seconds() / speed
                time.sleep(min(max(pause, 0.0), LONGEST_PAUSE_SECONDS))
            last = at[line.offset]
            self.stdout.write(spoken(line))

    def _verify(self, told: str, kept: str) -> None:
        if told != kept:
            raise CommandError(f"no: the kept state hashes to {kept}")
        self.stdout.write("yes: the log and the kept state agree")


def names(room: Room) -> dict[str, str]:
    """Return the panel's names in the room's language."""
    personas = editions.read(room.edition).personas
    return {persona: personas[persona].name.pick(room.language) for persona in room.panel}


def spoken(line: Line) -> str:
    """Return the line as the terminal shows it."""
    speaker = f"{line.speaker}: " if line.voice is Voice.PANEL else ""
    return f"{MARKS[line.voice]}{speaker}{line.text}"
