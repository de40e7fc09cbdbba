"""The words content may use: portrait parts, backdrops, triggers, weaknesses, kinds of facts."""

from interview.domain.reading.lexicon import subjects, wording
from interview.domain.reading.resume import Weakness
from interview.domain.reading.triggers import Trigger

#: Part of a portrait -> what it may be; the keys of the part sheet, the first one is the default.
PORTRAIT_PARTS: dict[str, tuple[str, ...]] = {
    "head": ("oval", "square", "long", "round"),
    "hair": ("swept", "cropped", "bob", "bun", "bald", "curls", "long", "cap"),
    "glasses": ("none", "round", "square", "half"),
    "clothes": ("collar", "suit", "hoodie", "scrubs", "turtleneck", "mandarin", "scarf"),
    "extra": ("none", "beard", "moustache", "earring", "headset", "stethoscope", "pen"),
    "accent": ("slate", "ochre", "moss", "plum", "rust", "teal", "umber"),
}

BACKDROPS = ("courtroom", "boardroom", "ward", "warroom")

#: What an answer can set off; a follow-up or a branch waits for one of them.
TRIGGERS = tuple(trigger.value for trigger in Trigger)

#: A follow-up may also wait for a key point of its own question: ``key_point_missing:cost``.
KEY_POINT_MISSING = "key_point_missing:"

#: A branch may also wait for answers in a row at or above par: ``streak.3``.
STREAK = "streak."

WEAKNESSES = tuple(weakness.value for weakness in Weakness)

#: What a résumé is read for; a question's ``when.any_fact`` names one, or a family: ``metric.*``.
FACT_KEYS = (
    *(key for key, _ in subjects.METRICS),
    "metric.other",
    *(key for key, _ in subjects.TECHNOLOGIES),
    *(key for key, _ in subjects.SKILLS),
    *(key for key, _ in wording.ROLES),
    "team.size",
    "date.range",
    "edu",
    "cert",
)
