"""What the asker lets slip on hearing an answer: a line drawn without replacement."""

from collections.abc import Sequence

from interview.domain.bilingual import Text
from interview.domain.events import Reaction
from interview.domain.lots import lot
from interview.domain.persona import Band
from interview.domain.planning import language_of
from interview.domain.position import Position
from interview.domain.room import Room

QUOTE_SLOT = "{quote}"
MAX_QUOTE_WIDTH = 24  # a Chinese character counts two


def band_of(q: float, par: float, triggers: Sequence[str]) -> Band:
    """Return the occasion: what was caught comes first, then how the answer scored."""
    for trigger, band in (
        ("injection", Band.INJECTION),
        ("abuse", Band.INJECTION),
        ("contradiction", Band.CAUGHT),
        ("honest_unknown", Band.HONEST),
        ("evasive", Band.EVASIVE),
    ):
        if trigger in triggers:
            return band
    if q >= par + 10:
        return Band.HIGH
    return Band.MID if q >= par - 15 else Band.LOW


def react(
    room: Room,
    position: Position,
    *,
    persona: str,
    band: Band,
    quote: str = "",
    a: str = "",
    b: str = "",
) -> Reaction:
    """Return the next line of the persona's bag for ``band``, with its slots filled.

    quote: the candidate's own words; a line that wants them is passed over when there are none.
    a, b: what the résumé said and what was said now; for `Band.CAUGHT`.
    """
    slots = {QUOTE_SLOT: _clipped(quote), "{a}": a, "{b}": b}
    lines = position.persona(persona).lines[band]
    used = room.bags.get(f"{persona}/{band}", [])
    fitting = [i for i, line in enumerate(lines) if _is_fillable(line, slots)] or [0]
    fresh = [i for i in fitting if i not in used] or fitting
    chosen = min(fresh, key=lambda i: lot(room.seed, persona, band, len(used), i))
    text = lines[chosen].pick(language_of(room, position, persona))
    for slot, words in slots.items():
        text = text.replace(slot, words)
    return Reaction(persona=persona, band=band, text=text, line=chosen)


def _clipped(quote: str) -> str:
    words = " ".join(quote.split())
    width = sum(2 if ord(character) > 0x2E7F else 1 for character in words)
    return words if width <= MAX_QUOTE_WIDTH else ""


def _is_fillable(line: Text, slots: dict[str, str]) -> bool:
    return not any(slot in line.zh + line.en for slot, words in slots.items() if not words)
