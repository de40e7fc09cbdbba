"""An interviewer: voice, temper, what they weigh, the lines they say.

The wall: a persona decides *how* things are said and what it cares about (``weights``).
It never decides par, damage or who wins; those live in the ruleset.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from interview.domain.bilingual import Language, Text


class Dimension(StrEnum):
    """The six things an answer is judged by, each at a level from 0 to 4."""

    RELEVANCE = "relevance"
    SPECIFICITY = "specificity"
    DEPTH = "depth"
    OWNERSHIP = "ownership"
    STRUCTURE = "structure"
    CONSISTENCY = "consistency"


class Band(StrEnum):
    """The occasion of a reaction line."""

    LOW = "low"
    MID = "mid"
    HIGH = "high"
    CAUGHT = "caught"
    INJECTION = "injection"
    EVASIVE = "evasive"
    HONEST = "honest"
    CONVINCED = "convinced"
    WALKOUT = "walkout"
    INTERRUPTED = "interrupted"
    IDLE = "idle"


@dataclass(frozen=True, slots=True)
class Portrait:
    """The parts a portrait is drawn from; the names are keys of the part sheet."""

    head: str = "oval"
    hair: str = "swept"
    glasses: str = "none"
    clothes: str = "collar"
    extra: str = "none"
    accent: str = "slate"


@dataclass(frozen=True, slots=True)
class Persona:
    """A character card; field names follow the public V2 card where they fit."""

    id: str
    version: int
    archetype: str
    name: Text
    title: Text
    tagline: Text
    first_mes: Text
    system_prompt: str
    weights: dict[Dimension, int]
    lines: dict[Band, tuple[Text, ...]]
    think_lang: Language = "zh"
    speak_lang: Literal["room", "zh", "en"] = "room"
    pace_cps: float = 28.0
    temper: float = 1.0
    goals: tuple[str, ...] = ()
    taboos: tuple[str, ...] = ()
    mes_example: str = ""
    post_history_instructions: str = ""
    creator_notes: str = ""
    tags: tuple[str, ...] = ()
    portrait: Portrait = field(default_factory=Portrait)
    motif: tuple[int, ...] = ()  # semitones above A3: the sound of this persona taking the floor
    extensions: dict[str, str] = field(default_factory=dict)
