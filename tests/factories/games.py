"""Small positions to play: three personas, a handful of questions, a résumé with two claims."""

from datetime import UTC, datetime

from interview.domain import events as ev
from interview.domain import game
from interview.domain.bilingual import Language, Text
from interview.domain.game import Opening
from interview.domain.persona import Band, Dimension, Persona
from interview.domain.position import Edition, Position
from interview.domain.questions import FollowUp, KeyPoint, Question, When
from interview.domain.reading.resume import Fact, Resume, Weakness
from interview.domain.room import Record, Room
from interview.domain.scenery import Approval, Branch, Mode, Scenery, Strategy, WinRule

BEGAN = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
PANEL = ("ada", "ben", "cy")


def make_text(words: str) -> Text:
    """Return a text that says which language it is in."""
    return Text(zh=f"{words}（中）", en=words)


def make_persona(persona_id: str = "ada", **changes: object) -> Persona:
    """Return a persona with three lines for every occasion."""
    card: dict[str, object] = {
        "id": persona_id,
        "version": 1,
        "archetype": "tester",
        "name": Text(zh=f"{persona_id}老师", en=persona_id.title()),
        "title": make_text("Examiner"),
        "tagline": make_text("We shall see."),
        "first_mes": make_text("Sit down."),
        "system_prompt": "You ask.",
        "weights": dict.fromkeys(Dimension, 1),
        "lines": {
            band: tuple(make_text(f"{persona_id} {band} {n}.") for n in range(3)) for band in Band
        },
    }
    return Persona(**{**card, **changes})  # type: ignore[arg-type]


def make_question(question_id: str, **changes: object) -> Question:
    """Return a question with two key points, two follow-ups that ask and none that goes."""
    card: dict[str, object] = {
        "id": question_id,
        "tags": (question_id,),
        "difficulty": 2,
        "ask": make_text(f"Ask {question_id}?"),
        "key_points": (
            KeyPoint("cause", 2, ("because", "因为"), make_text("the cause")),
            KeyPoint("cost", 1, ("price", "代价"), make_text("the cost")),
        ),
        "followups": (
            FollowUp("f1", "no_number", 90, ask=make_text(f"How much, {question_id}?")),
            FollowUp("f2", "key_point_missing:cost", 60, ask=make_text("What did it cost?")),
        ),
        "better": make_text("From __ to __."),
    }
    return Question(**{**card, **changes})  # type: ignore[arg-type]


def make_scenery(**changes: object) -> Scenery:
    """Return a scenery whose questions all carry the tag ``topic``."""
    card: dict[str, object] = {
        "id": "court",
        "version": 1,
        "title": make_text("The court"),
        "blurb": make_text("Three of them."),
        "panel": PANEL,
        "chair": "ben",
        "goal_rounds": 8,
        "question_tags": ("topic",),
        "approval": Approval(rule=WinRule.ALL),
    }
    return Scenery(**{**card, **changes})  # type: ignore[arg-type]


def make_resume() -> Resume:
    """Return a résumé with a number that has no baseline and a technology."""
    text = "Cut latency to 310ms\nBuilt the Redis cache"
    return Resume(
        text=text,
        language="en",
        facts=(
            Fact(
                id="F1",
                key="metric.latency",
                quote="Cut latency to 310ms",
                start=0,
                end=20,
                value=310.0,
                unit="ms",
                weaknesses=(Weakness.NO_BASELINE,),
            ),
            Fact(id="F2", key="tech.redis", quote="Built the Redis cache", start=21, end=42),
        ),
    )


def make_position(*, n_questions: int = 24, **scenery: object) -> Position:
    """Return a position with so many topic questions, one on a claim, and one off the plot."""
    questions = [make_question(f"q.{n}", tags=(f"t{n}", "topic")) for n in range(n_questions)]
    questions.append(
        make_question(
            "q.claim",
            ask=Text(zh="「{claim}」怎么量的？", en="“{claim}”: measured how?"),
            when=When(any_fact=("metric.*",), weakness=("no_baseline",)),
        )
    )
    questions.append(make_question("q.audit", tags=("audit",)))
    branches = (Branch("contradiction", "q.audit", make_text("Audit line")),)
    return Position(
        edition=Edition(
            id="e" * 64,
            scenery=make_scenery(**{"branches": branches, **scenery}),
            personas={persona: make_persona(persona) for persona in PANEL},
            questions={question.id: question for question in questions},
        ),
        resume=make_resume(),
    )


def opened(
    position: Position | None = None,
    *,
    mode: Mode = Mode.SURVIVE,
    strategy: Strategy = Strategy.SERIAL,
    language: Language = "en",
    seed: int = 7,
) -> Record:
    """Return a room that has just been opened: the first question is planned, not yet asked."""
    record = Record(Room(), BEGAN)
    opening = Opening(mode=mode, language=language, seed=seed, resume_id="r", strategy=strategy)
    game.open_room(record, position or make_position(), opening)
    return record


def ask(record: Record, *, text: str | None = None) -> Record:
    """Speak the planned turn to its end, so that the candidate may answer."""
    turn = record.room.turn
    assert turn is not None
    record.add(ev.TurnQueued(0, turn.epoch), turn.id)
    record.add(
        ev.TurnStarted(turn.speaker, "scripted", "scripted", "primary", 0.0, turn.epoch), turn.id
    )
    words = record.room.planned_text if text is None else text
    record.add(ev.TurnDone(words, ev.Usage(), 100, 20.0), turn.id)
    return record
