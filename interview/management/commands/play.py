"""``manage.py play``: a whole game in the terminal, spoken by this very process."""

import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.core.management.base import BaseCommand, CommandError, CommandParser

from interview import runtime
from interview.domain.errors import GameError, InvalidInputError
from interview.domain.game import Opening
from interview.domain.jobs import Job
from interview.domain.ports import Fact, Ports
from interview.domain.room import Room, Status
from interview.domain.scenery import Mode
from interview.domain.transcript import lines
from interview.management.commands.replay import names, spoken
from interview.models import Resume
from interview.services import editions, event_log, players, resumes, rooms
from interview.services.turns import answering, speaking


class InlineOutbox:
    """Keeps the jobs for this process to do; nobody else is told."""

    def __init__(self) -> None:
        self.jobs: deque[tuple[Job, tuple[str, ...]]] = deque()

    def publish(self, room_id: UUID, facts: Sequence[Fact]) -> None:
        """Tell nobody: the terminal reads the log."""

    def enqueue(self, job: Job, arguments: Iterable[str], *, delay_seconds: float = 0.0) -> None:
        """Keep the job."""
        self.jobs.append((job, tuple(arguments)))


class Command(BaseCommand):
    """Plays a game in the terminal."""

    help = "Play a whole interview in the terminal; an empty line leaves the seat."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--scenery", default="group_grilling")
        parser.add_argument("--mode", choices=[mode.value for mode in Mode], default="survive")
        parser.add_argument("--language", choices=["zh", "en"], default="en")
        parser.add_argument("--sample", default="backend", help="a sample résumé")
        parser.add_argument("--resume", type=Path, help="your own: txt, md, pdf or docx")
        parser.add_argument("--seed", type=int)
        parser.add_argument("--script", type=Path, help="answers, one a line, instead of typing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Play to the verdict and print the room's id."""
        outbox = InlineOutbox()
        ports = Ports(stage=runtime.ports().stage, outbox=outbox)
        answers = self._answers(options["script"])
        try:
            room_id = self._open(options, ports)
            self._play(room_id, answers, outbox, ports)
        except GameError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"room {room_id}")

    def _open(self, options: dict[str, Any], ports: Ports) -> UUID:
        owner = players.new_player()
        edition = editions.publish(options["scenery"])
        resume = _resume(owner, options)
        opening = Opening(
            mode=Mode(options["mode"]),
            language=options["language"],
            seed=rooms.new_seed() if options["seed"] is None else options["seed"],
            resume_id=str(resume.pk),
        )
        return rooms.open_room(edition, opening, owner=owner, resume=resume, ports=ports).id

    def _play(
        self, room_id: UUID, answers: Iterator[str], outbox: InlineOutbox, ports: Ports
    ) -> None:
        told = 0
        while True:
            while outbox.jobs:
                job, arguments = outbox.jobs.popleft()
                if job is Job.RUN_TURN:
                    speaking.run_turn(room_id=UUID(arguments[0]), turn_id=arguments[1], ports=ports)
            room = event_log.load(room_id)
            told = self._tell(room_id, room, told)
            if room.status is Status.SETTLED:
                return
            self._answer(room_id, next(answers, ""), ports)

    def _answer(self, room_id: UUID, text: str, ports: Ports) -> None:
        if not text.strip():
            rooms.leave(room_id=room_id, ports=ports)
            return
        try:
            answering.submit_answer(room_id=room_id, text=text, client_id=uuid4(), ports=ports)
        except InvalidInputError as error:
            self.stderr.write(str(error))

    def _tell(self, room_id: UUID, room: Room, told: int) -> int:
        """Print what is new and return how far the log has been told."""
        for line in lines(event_log.read(room_id), names=names(room)):
            if line.offset > told:
                self.stdout.write(spoken(line))
        return room.offset

    def _answers(self, script: Path | None) -> Iterator[str]:
        if script is not None:
            yield from script.read_text(encoding="utf-8").splitlines()
            return
        while True:
            self.stdout.write("> ", ending="")
            self.stdout.flush()
            yield sys.stdin.readline()


def _resume(owner: UUID, options: dict[str, Any]) -> Resume:
    path: Path | None = options["resume"]
    if path is not None:
        return resumes.add_file(owner=owner, name=path.name, content=path.read_bytes())
    return resumes.add_sample(owner=owner, sample=options["sample"], language=options["language"])
