"""Rooms in a database: a court to seat people in, and one candidate's way through it."""

from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

import msgspec

from interview.domain.bilingual import Language
from interview.domain.events import Event, EventType
from interview.domain.game import Opening
from interview.domain.ports import Ports
from interview.domain.position import Edition
from interview.domain.room import Engine, Room
from interview.domain.scenery import Mode, Strategy
from interview.models import Edition as EditionRow
from interview.models import Resume as ResumeRow
from interview.models import Room as RoomRow
from interview.services import editions, event_log, reaper, resumes, rooms
from interview.services.turns import answering, speaking, stopping, weighing
from tests.factories.games import make_position, make_resume
from tests.fakes.interview import FakeOutbox, FakeStage, fake_ports

GOOD_ANSWERS = (
    "I cut the p99 from 820ms to 310ms over 6 weeks because the connection pool was exhausted: "
    "first I measured it in production, then I rewrote the retry policy myself. The price was "
    "4% more memory, and we rolled back once when the cache served stale rows.",
    "Three alternatives lay on my desk in March: sharding, a queue, or buying hardware. I chose "
    "the queue because writes arrived in bursts of 9,000 a second against a steady 700. I built "
    "it alone in 11 days; its price is a delay of 2 seconds nobody noticed until Friday's outage.",
    "My first attempt failed: error rate rose from 0.2% to 1.9% within an hour. I reverted, "
    "wrote down every assumption, and found a timeout of 30s hidden in a proxy, because its "
    "default had been copied from staging. After I lowered it to 3s, errors fell below 0.1%; the "
    "price was more retries, roughly 40 a minute, which I capped.",
    "I owned billing exports for 14 customers. Each nightly run took 5 hours; I profiled it, saw "
    "that 80% went into one join, and replaced that with an incremental table, because only 3% of "
    "records change daily. It now ends in 22 minutes. The price: a rebuild every Sunday, which "
    "once collided with a migration I had scheduled badly.",
    "To decide, I ran an experiment over two weeks with 12,000 visitors in each arm. Conversion "
    "moved from 2.1% to 2.6%, p below 0.01. I stopped short of shipping everywhere because "
    "refunds climbed too, from 1% to 1.4%; that price ate half of the gain, so I trimmed the "
    "offer and measured again in June.",
    "Nobody else was on call that night, so I traced it: the leader had lost its lease for 7s, "
    "because a garbage collection pause exceeded the 5s limit. I raised that limit to 15s, added "
    "an alarm at 4s, and rehearsed the failover twice. Its price is slower detection of a real "
    "crash, 15 instead of 5 seconds, which I accepted in writing.",
    "Honestly, my estimate was off by half: I promised 20 days and needed 41. I learned that "
    "imports from the old vendor held 6 date formats, because each branch office typed its own. I "
    "wrote a parser with 230 cases, rejected 0.3% of rows by hand, and the price was one angry "
    "auditor and a launch moved from May to July.",
)
GOOD_ANSWER = GOOD_ANSWERS[0]
POOR_ANSWER = "Well, we did some things and it was basically fine, more or less, I guess."


def store_edition(edition: Edition) -> None:
    """Store the edition as publishing would have."""
    body = {key: value for key, value in msgspec.to_builtins(edition).items() if key != "id"}
    EditionRow.objects.get_or_create(
        pk=edition.id,
        defaults={
            "scenery_slug": edition.scenery.id,
            "scenery_version": edition.scenery.version,
            "body": body,
        },
    )


def make_edition(**scenery: object) -> Edition:
    """Return the court's edition, under an id of its own when the scenery is changed."""
    edition = make_position(**scenery).edition
    return replace(edition, id=uuid4().hex * 2) if scenery else edition


def add_resume(owner: UUID) -> ResumeRow:
    """Return a stored résumé with two claims."""
    return resumes.add_text(owner=owner, text=make_resume().text)


@dataclass(slots=True)
class Play:
    """One candidate in one room, with the outside world in memory."""

    ports: Ports
    room_id: UUID
    token: str
    owner: UUID
    edition: Edition = field(repr=False)

    @property
    def stage(self) -> FakeStage:
        """Return the stage the panel speaks on."""
        assert isinstance(self.ports.stage, FakeStage)
        return self.ports.stage

    @property
    def outbox(self) -> FakeOutbox:
        """Return what left after each commit."""
        assert isinstance(self.ports.outbox, FakeOutbox)
        return self.ports.outbox

    @property
    def row(self) -> RoomRow:
        """Return the row as it is stored now."""
        return RoomRow.objects.get(pk=self.room_id)

    @property
    def room(self) -> Room:
        """Return the fold as a writer would take it."""
        return event_log.load(self.room_id)

    @property
    def log(self) -> list[Event]:
        """Return every fact so far."""
        return event_log.read(self.room_id)

    def kinds(self, *, after: int = 0) -> list[str]:
        """Return the kinds of the facts after an offset, in order."""
        return [event.type.value for event in event_log.read(self.room_id, after=after)]

    def count(self, kind: EventType) -> int:
        """Return how many facts of a kind there are."""
        return sum(event.type is kind for event in self.log)

    def speak(self) -> "Play":
        """Let a worker speak the turn that waits."""
        speaking.run_turn(room_id=self.room_id, turn_id=self.row.turn_id, ports=self.ports)
        return self

    def weigh(self) -> "Play":
        """Let a worker weigh the answer that waits, if one does."""
        weighing.weigh_answer(room_id=self.room_id, ports=self.ports)
        return self

    def answer(
        self, text: str = GOOD_ANSWER, *, client_id: UUID | None = None
    ) -> answering.AnswerTaken:
        """Give an answer."""
        return answering.submit_answer(
            room_id=self.room_id, text=text, client_id=client_id or uuid4(), ports=self.ports
        )

    def cancel(self, *, by: str = "user", **which: object) -> stopping.CancelTaken:
        """Interrupt."""
        return stopping.cancel_turn(room_id=self.room_id, by=by, ports=self.ports, **which)  # type: ignore[arg-type]

    def retry(self) -> answering.AnswerTaken:
        """Have the last question asked again."""
        return answering.retry_turn(room_id=self.room_id, ports=self.ports)

    def leave(self) -> Room:
        """Leave the seat."""
        return rooms.leave(room_id=self.room_id, ports=self.ports)

    def change(self, **settings: object) -> Room:
        """Change the settings."""
        return rooms.change_settings(room_id=self.room_id, ports=self.ports, **settings)  # type: ignore[arg-type]

    def reap(self, patience: reaper.Patience | None = None) -> int:
        """Look once for turns without a worker."""
        return reaper.reap(ports=self.ports, patience=patience)


def seat(
    edition: Edition,
    *,
    mode: Mode = Mode.SURVIVE,
    strategy: Strategy | None = None,
    language: Language = "en",
    seed: int = 7,
    engine: Engine = Engine.SCRIPTED,
    ports: Ports | None = None,
    owner: UUID | None = None,
) -> Play:
    """Return a room just opened: the first turn waits for a worker."""
    ports = ports or fake_ports()
    owner = owner or uuid4()
    resume = add_resume(owner)
    opening = Opening(
        mode=mode,
        language=language,
        seed=seed,
        resume_id=str(resume.pk),
        strategy=strategy,
        engine=engine.value,
    )
    opened = rooms.open_room(
        editions.publish(edition.scenery.id), opening, owner=owner, resume=resume, ports=ports
    )
    return Play(ports=ports, room_id=opened.id, token=opened.token, owner=owner, edition=edition)
