"""The fixed position a game is played from; pinned when the room is made, never changed."""

from collections.abc import Mapping
from dataclasses import dataclass

from interview.domain.persona import Persona
from interview.domain.questions import Question
from interview.domain.reading.resume import Resume
from interview.domain.scenery import Scenery


@dataclass(frozen=True, slots=True)
class Edition:
    """One published state of a scenery with all it draws on; content-addressed by ``id``."""

    id: str
    scenery: Scenery
    personas: Mapping[str, Persona]
    questions: Mapping[str, Question]


@dataclass(frozen=True, slots=True)
class Position:
    """An edition with the résumé on the table."""

    edition: Edition
    resume: Resume

    @property
    def scenery(self) -> Scenery:
        """Return the scenery being played."""
        return self.edition.scenery

    def persona(self, persona_id: str) -> Persona:
        """Return the persona; raise KeyError for one that does not sit on this panel."""
        return self.edition.personas[persona_id]
