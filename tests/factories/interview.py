"""Content that breaks no rule, and the rows of it; change one thing to see what happens."""

from typing import Any

from interview.domain.bilingual import Text
from interview.domain.lint import Shelf
from interview.domain.persona import Band, Dimension, Persona, Portrait
from interview.domain.questions import Expectation, FollowUp, KeyPoint, Question, When
from interview.domain.scenery import Branch, Scenery
from interview.models import Persona as PersonaRow
from interview.models import Question as QuestionRow
from interview.models import Scenery as SceneryRow
from interview.services import content_store


def make_lines(count: int = 8) -> tuple[Text, ...]:
    """Return so many lines that quote nothing."""
    return tuple(Text(zh=f"这是第{n}句。", en=f"This is line {n}.") for n in range(1, count + 1))


def make_persona(**changes: Any) -> Persona:
    """Return a persona with eight lines for every occasion."""
    card: dict[str, Any] = {
        "id": "ada_tester",
        "version": 1,
        "archetype": "tester",
        "name": Text(zh="阿达", en="Ada"),
        "title": Text(zh="考官", en="Examiner"),
        "tagline": Text(zh="她只看证据。", en="Evidence, please."),
        "first_mes": Text(zh="请坐。", en="Have a seat."),
        "system_prompt": "You ask.\n\nOne question a turn.",
        "weights": dict.fromkeys(Dimension, 1),
        "lines": {band: make_lines() for band in Band},
        "goals": ("Find the number.",),
        "taboos": ("Age, gender, looks.",),
        "tags": ("test",),
        "portrait": Portrait(hair="bob", glasses="round"),
        "motif": (0, 3, -5),
    }
    return Persona(**{**card, **changes})


def make_key_points() -> tuple[KeyPoint, ...]:
    """Return four key points."""
    return tuple(
        KeyPoint(name, 2, (f"{name} en", f"{name} 词"), Text(zh=f"说到{name}", en=f"names {name}"))
        for name in ("cause", "cost", "limit", "proof")
    )


def make_followups() -> tuple[FollowUp, ...]:
    """Return three follow-ups that ask on."""
    return (
        FollowUp("f1", "no_number", 90, ask=Text(zh="是多少？", en="How much was it?")),
        FollowUp("f2", "we_no_i", 80, ask=Text(zh="哪部分是你做的？", en="Which part was yours?")),
        FollowUp(
            "f3",
            "key_point_missing:cost",
            60,
            ask=Text(zh="代价是什么？", en="What did it cost?"),
        ),
    )


def make_question(**changes: Any) -> Question:
    """Return a question anybody can be asked."""
    card: dict[str, Any] = {
        "id": "q.plain",
        "tags": ("testing",),
        "difficulty": 2,
        "ask": Text(zh="你怎么知道它有效？", en="How do you know it worked?"),
        "key_points": make_key_points(),
        "followups": make_followups(),
        "better": Text(zh="从 __ 到 __。", en="From __ to __."),
        "best_q": 90,
        "when": When(),
        "personas": ("ada_tester",),
        "expects": (Expectation.NUMBER,),
    }
    return Question(**{**card, **changes})


def make_scenery(**changes: Any) -> Scenery:
    """Return a scenery of two seats and one branch."""
    card: dict[str, Any] = {
        "id": "small_court",
        "version": 1,
        "title": Text(zh="小法庭", en="Small Court"),
        "blurb": Text(zh="两把椅子。", en="Two chairs."),
        "panel": ("ada_tester", "ben_tester"),
        "chair": "ada_tester",
        "goal_rounds": 3,
        "question_tags": ("testing",),
        "branches": (Branch("streak.3", "q.branch", Text(zh="三连", en="Three in a row")),),
    }
    return Scenery(**{**card, **changes})


def make_shelf() -> Shelf:
    """Return two personas, a scenery and enough questions: nothing to complain of."""
    personas = (make_persona(), make_persona(id="ben_tester"))
    questions = (
        *(make_question(id=f"q.plain_{n}") for n in range(3)),
        make_question(id="q.ben", personas=("ben_tester",)),
        make_question(id="q.branch", tags=("branch",)),
    )
    return Shelf(
        personas={persona.id: persona for persona in personas},
        sceneries={"small_court": make_scenery()},
        questions={question.id: question for question in questions},
    )


def store(shelf: Shelf) -> None:
    """Write everything on the shelf into rows."""
    for persona in shelf.personas.values():
        content_store.put_persona(PersonaRow(version=persona.version), persona)
    for question in shelf.questions.values():
        content_store.put_question(QuestionRow(), question)
    content_store.put_followups(shelf.questions.values())
    for scenery in shelf.sceneries.values():
        content_store.put_scenery(SceneryRow(version=scenery.version), scenery)
