"""The content as it ships: every sample résumé gets a full game in every scenery."""

from functools import cache

import pytest

from interview.domain import game
from interview.domain.bilingual import Language
from interview.domain.events import EventType, TurnPlanned
from interview.domain.position import Edition, Position
from interview.domain.reading.answers import read_answer
from interview.domain.reading.resume import read_resume
from interview.domain.room import Record
from interview.domain.scenery import Mode
from interview.services import content_files, resumes
from tests.factories.games import ask, opened

SCENERIES = ("group_grilling", "any_trade", "product_court", "midnight_incident")
SAMPLES = [(sample["id"], sample["language"]) for sample in resumes.samples()]
N_ROUNDS = 14
ANSWER = (
    "I set the target myself: it was 40 before and 63 after, measured weekly from the export. "
    "因为我改了流程，代价是前两周慢了一些。 Round {round}."
)


@cache
def shelf() -> content_files.Reading:
    """Return the content files, read once."""
    return content_files.read()


def position(scenery: str, text: str) -> Position:
    """Return the scenery with a résumé on the table."""
    reading = shelf()
    edition = Edition(
        id="shipped",
        scenery=reading.sceneries[scenery],
        personas=reading.personas,
        questions=reading.questions,
    )
    return Position(edition=edition, resume=read_resume(text))


def played(place: Position, language: Language, *, n_rounds: int = N_ROUNDS) -> Record:
    """Answer so many questions with nerves of steel."""
    record = opened(place, mode=Mode.SURVIVE, language=language, seed=11)
    for number in range(n_rounds):
        record.room.hp = 100
        game.take_answer(
            ask(record), place, text=ANSWER.format(round=number), client_id=str(number)
        )
    return record


def plans(record: Record) -> list[TurnPlanned]:
    """Return what was asked, in order."""
    return [e.payload for e in record.events if isinstance(e.payload, TurnPlanned)]


def test_the_shipped_content_has_no_mistakes() -> None:
    assert [str(complaint) for complaint in shelf().complaints if complaint.is_error] == []


def test_there_is_enough_of_it() -> None:
    reading = shelf()

    assert set(reading.sceneries) == set(SCENERIES)
    assert len(reading.personas) >= 7
    assert len(reading.questions) >= 60
    assert all(len(question.followups) >= 3 for question in reading.questions.values())
    assert {sample for sample, _ in SAMPLES} == {"backend", "frontend", "data", "product", "nurse"}


@pytest.mark.parametrize("scenery", SCENERIES)
@pytest.mark.parametrize(("sample", "language"), SAMPLES)
def test_every_sample_gets_a_full_game_in_every_scenery(
    scenery: str, sample: str, language: Language
) -> None:
    text = next(
        s["text"] for s in resumes.samples() if (s["id"], s["language"]) == (sample, language)
    )
    place = position(scenery, text)

    record = played(place, language)

    asked = plans(record)
    roots = [plan.question_id for plan in asked if plan.intent != "follow_up"]
    assert len(roots) == len(set(roots))
    assert all("{" not in plan.text for plan in asked)
    assert all(plan.claim in place.resume.text for plan in asked if plan.claim)
    assert sum(plan.claim is not None for plan in asked) >= 3
    assert {plan.speaker for plan in asked} == set(place.scenery.panel)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_résumé_with_nothing_to_attack_still_gets_a_full_game(language: Language) -> None:
    record = played(position("any_trade", "I am a person. 我是一个人。"), language)

    assert len(plans(record)) == N_ROUNDS + 1
    assert record.events[-1].type is EventType.TURN_PLANNED


@pytest.mark.parametrize(("sample", "language"), SAMPLES)
def test_the_panel_speaks_the_rooms_language(sample: str, language: Language) -> None:
    text = next(
        s["text"] for s in resumes.samples() if (s["id"], s["language"]) == (sample, language)
    )

    for plan in plans(played(position("group_grilling", text), language, n_rounds=6)):
        own_words = plan.text.replace(plan.claim or "", "")
        has_chinese = any("\u4e00" <= character <= "\u9fff" for character in own_words)
        assert has_chinese is (language == "zh")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_hint_filled_in_speaks_of_the_points_it_is_a_hint_at(language: Language) -> None:
    """The blanks hold the rest: a candidate's own words, which no bank can know."""
    nobody = read_resume("")
    named = {}
    for question in shelf().questions.values():
        frame = question.better.pick(language)
        answer = read_answer(
            frame.replace("__", "7"),
            question=question,
            resume=nobody,
            language=language,
            earlier=(),
            claims={},
        )
        total = sum(point.weight for point in question.key_points)
        hit = sum(p.weight for p in question.key_points if p.id in answer.key_points)
        named[question.id] = hit / total

    assert {name: share for name, share in named.items() if share < 0.2} == {}
    assert sum(named.values()) / len(named) >= 0.6
