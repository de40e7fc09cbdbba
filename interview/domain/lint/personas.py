"""Rules of personas."""

from collections.abc import Iterator

from interview.domain.bilingual import Text
from interview.domain.lint.problem import Problem, Severity
from interview.domain.lint.texts import (
    lint_id,
    lint_range,
    lint_slots,
    lint_text,
    lint_word,
    slots,
)
from interview.domain.persona import Band, Dimension, Persona
from interview.domain.vocabulary import PORTRAIT_PARTS

LINES_WANTED = {Band.LOW: 8, Band.MID: 8, Band.HIGH: 8}
LINES_WANTED_ELSE = 4
MAX_WEIGHT = 5
MAX_MOTIF = 8

_LIMITS = {
    "name": (40, 40),
    "title": (40, 60),
    "tagline": (120, 200),
    "first_mes": (200, 300),
}
_LINE_LIMITS = (200, 300)


def lint_persona(persona: Persona) -> list[Problem]:
    """Return what is wrong with a persona."""
    return [
        *lint_id(persona.id),
        *_lint_card(persona),
        *_lint_voice(persona),
        *_lint_weights(persona),
        *_lint_portrait(persona),
        *(problem for band in Band for problem in _lint_band(persona, band)),
    ]


def _lint_card(persona: Persona) -> Iterator[Problem]:
    texts = {
        "name": persona.name,
        "title": persona.title,
        "tagline": persona.tagline,
        "first_mes": persona.first_mes,
    }
    for field, text in texts.items():
        yield from lint_text(persona.id, field, text, limits=_LIMITS[field])
        yield from lint_slots(persona.id, field, text, allowed=())
    if not persona.system_prompt.strip():
        yield Problem(
            persona.id,
            "system_prompt",
            "system_prompt is empty; a model would not know who to be",
        )
    if len(persona.archetype) > 64 or not persona.archetype:
        yield Problem(
            persona.id, "archetype", "archetype is one short word, such as stress_architect"
        )


def _lint_voice(persona: Persona) -> Iterator[Problem]:
    yield from lint_range(persona.id, "pace_cps", persona.pace_cps, low=5, high=200)
    yield from lint_range(persona.id, "temper", persona.temper, low=0.5, high=1.5)
    if len(persona.motif) > MAX_MOTIF:
        yield Problem(
            persona.id,
            "motif",
            "motif has %(length)s notes; at most %(limit)s",
            {"length": len(persona.motif), "limit": MAX_MOTIF},
        )
    for note in persona.motif:
        yield from lint_range(persona.id, "motif", note, low=-24, high=24)


def _lint_weights(persona: Persona) -> Iterator[Problem]:
    for dimension in Dimension:
        if dimension not in persona.weights:
            yield Problem(
                persona.id,
                f"weights.{dimension}",
                "weights lacks %(dimension)s",
                {"dimension": dimension.value},
            )
    for dimension, weight in persona.weights.items():
        yield from lint_range(persona.id, f"weights.{dimension}", weight, low=0, high=MAX_WEIGHT)
    if not any(persona.weights.values()):
        yield Problem(persona.id, "weights", "every weight is 0: nothing would count")


def _lint_portrait(persona: Persona) -> Iterator[Problem]:
    parts = {
        "head": persona.portrait.head,
        "hair": persona.portrait.hair,
        "glasses": persona.portrait.glasses,
        "clothes": persona.portrait.clothes,
        "extra": persona.portrait.extra,
        "accent": persona.portrait.accent,
    }
    for part, choice in parts.items():
        yield from lint_word(persona.id, f"portrait.{part}", choice, PORTRAIT_PARTS[part])


def _lint_band(persona: Persona, band: Band) -> Iterator[Problem]:
    lines = persona.lines.get(band, ())
    field = f"lines.{band}"
    wanted = LINES_WANTED.get(band, LINES_WANTED_ELSE)
    if not any(_is_plain(line) for line in lines):
        yield Problem(
            persona.id,
            field,
            "the band %(band)s needs at least one line that quotes nothing",
            {"band": band.value},
        )
    elif len(lines) < wanted:
        yield Problem(
            persona.id,
            field,
            "the band %(band)s has %(length)s lines; %(wanted)s keep it from repeating itself",
            {"band": band.value, "length": len(lines), "wanted": wanted},
            Severity.ADVICE,
        )
    allowed = ("{quote}", "{a}", "{b}") if band is Band.CAUGHT else ("{quote}",)
    for number, line in enumerate(lines, start=1):
        yield from lint_text(persona.id, f"{field}.{number}", line, limits=_LINE_LIMITS)
        yield from lint_slots(persona.id, f"{field}.{number}", line, allowed=allowed)


def _is_plain(line: Text) -> bool:
    """Return whether the line can be said when there are no words to quote."""
    return not slots(line)
