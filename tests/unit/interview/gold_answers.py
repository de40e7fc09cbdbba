"""The gold set: ten questions, four qualities of answer, written in both languages."""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import yaml

from interview.domain.bilingual import Language, Text
from interview.domain.persona import Dimension
from interview.domain.questions import Question
from interview.domain.reading.answers import Answer, read_answer
from interview.domain.reading.resume import Resume
from interview.domain.scoring import Score, score_answer

EVEN_WEIGHTS = dict.fromkeys(Dimension, 1)
NO_RESUME = Resume(text="", language="en")
LANGUAGES: tuple[Language, ...] = ("zh", "en")
_FOLDER = Path(__file__).parent / "gold"


@dataclass(frozen=True)
class GoldAnswer:
    """One answer of known quality, 1 to 4, and its question."""

    question: Question
    level: int
    language: Language
    text: str

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def name(self) -> str:
        """Return a name for test ids."""
        return f"{self.question.id}-{self.level}-{self.language}"


def load() -> list[GoldAnswer]:
    """Return all gold answers, by question, level and language."""
    answers: list[GoldAnswer] = []
    for path in sorted(_FOLDER.glob("*.yaml")):
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        question = msgspec.convert(data["question"], Question, strict=False)
        for entry in data["answers"]:
            for language in LANGUAGES:
                answers.append(GoldAnswer(question, entry["level"], language, entry[language]))
    return answers


GOLD = load()


def read(
    text: str,
    question: Question,
    *,
    language: Language = "zh",
    resume: Resume = NO_RESUME,
    earlier: tuple[tuple[int, ...], ...] = (),
    claims: dict[str, float] | None = None,
) -> Answer:
    """Return the answer as the rules read it."""
    return read_answer(
        text,
        question=question,
        resume=resume,
        language=language,
        earlier=earlier,
        claims=claims or {},
    )


def mark(text: str, question: Question, *, language: Language = "zh") -> Score:
    """Return the score with even weights, against a par of 55."""
    answer = read(text, question, language=language)
    return score_answer(answer, question=question, weights=EVEN_WEIGHTS, par=55.0)


def text(sentence: str) -> Text:
    """Return a text that is the same in both languages."""
    return Text(zh=sentence, en=sentence)
