"""Rules of texts, whatever they are part of."""

import re
from collections.abc import Iterator, Mapping, Sequence

from interview.domain.bilingual import Text
from interview.domain.lint.problem import Problem, Severity

MAX_ASK_ZH = 45  # characters, without the claim
MAX_ASK_EN = 30  # words

_ID = re.compile(r"[a-z][a-z0-9_.]*")
_SLOT = re.compile(r"\{[^{}]*\}")
_HAN = re.compile(r"[\u3400-\u9fff]")


def lint_id(subject: str, *, prefix: str = "") -> Iterator[Problem]:
    """Yield what is wrong with an id."""
    if not _ID.fullmatch(subject):
        yield Problem(
            subject,
            "id",
            "an id is made of lower-case letters, digits, dots and underscores",
        )
    elif not subject.startswith(prefix):
        yield Problem(subject, "id", "an id begins with %(prefix)s here", {"prefix": prefix})


def lint_text(
    subject: str, field: str, text: Text, *, limits: tuple[int, int]
) -> Iterator[Problem]:
    """Yield what is wrong with a text that needs both languages; limits: characters in zh, en."""
    for language, words, limit in (("zh", text.zh, limits[0]), ("en", text.en, limits[1])):
        name = f"{field}.{language}"
        if not words.strip():
            yield Problem(subject, name, "%(field)s is empty", {"field": name})
        elif len(words) > limit:
            yield Problem(
                subject,
                name,
                "%(field)s has %(length)s characters; %(limit)s fit",
                {"field": name, "length": len(words), "limit": limit},
            )
    if _HAN.search(_SLOT.sub("", text.en)):
        yield Problem(
            subject,
            f"{field}.en",
            "%(field)s has Chinese characters in it",
            {"field": f"{field}.en"},
            Severity.ADVICE,
        )


def lint_ask(subject: str, field: str, ask: Text) -> Iterator[Problem]:
    """Yield what is wrong with a spoken question: one question mark, at the end, and short."""
    zh, en = _SLOT.sub("", ask.zh), _SLOT.sub("", ask.en)
    yield from _lint_mark(subject, f"{field}.zh", zh, mark="？")
    yield from _lint_mark(subject, f"{field}.en", en, mark="?")
    if len(zh) > MAX_ASK_ZH:
        yield Problem(
            subject,
            f"{field}.zh",
            "%(field)s is too long to say in one breath: %(length)s characters, at most %(limit)s",
            {"field": f"{field}.zh", "length": len(zh), "limit": MAX_ASK_ZH},
        )
    if len(en.split()) > MAX_ASK_EN:
        yield Problem(
            subject,
            f"{field}.en",
            "%(field)s is too long to say in one breath: %(length)s words, at most %(limit)s",
            {"field": f"{field}.en", "length": len(en.split()), "limit": MAX_ASK_EN},
        )


def _lint_mark(subject: str, field: str, words: str, *, mark: str) -> Iterator[Problem]:
    if words.count(mark) != 1 or not words.rstrip("”\"' 」』").endswith(mark):
        yield Problem(
            subject,
            field,
            "%(field)s asks one thing and ends with its only question mark",
            {"field": field},
        )


def lint_slots(
    subject: str, field: str, text: Text, *, allowed: Sequence[str]
) -> Iterator[Problem]:
    """Yield what is wrong with the slots of a text: unknown, or in one language only."""
    found = slots(text)
    for slot in sorted(found - set(allowed)):
        yield Problem(
            subject,
            field,
            "%(field)s has the slot %(slot)s, which nothing fills",
            {"field": field, "slot": slot},
        )
    for slot in sorted(found & set(allowed)):
        if (slot in text.zh) != (slot in text.en):
            yield Problem(
                subject,
                field,
                "%(field)s has %(slot)s in one language only",
                {"field": field, "slot": slot},
            )


def slots(text: Text) -> set[str]:
    """Return the slots of a text, such as ``{claim}``."""
    return {*_SLOT.findall(text.zh), *_SLOT.findall(text.en)}


def lint_word(subject: str, field: str, word: str, known: Sequence[str]) -> Iterator[Problem]:
    """Yield a complaint when a word is not one of the known ones."""
    if word not in known:
        yield Problem(
            subject,
            field,
            "%(field)s is %(word)s; known are %(known)s",
            {"field": field, "word": word or "—", "known": ", ".join(known)},
        )


def lint_range(
    subject: str, field: str, number: float, *, low: float, high: float
) -> Iterator[Problem]:
    """Yield a complaint when a number lies outside."""
    if not low <= number <= high:
        yield Problem(
            subject,
            field,
            "%(field)s is %(number)s; it lies between %(low)s and %(high)s",
            {"field": field, "number": f"{number:g}", "low": f"{low:g}", "high": f"{high:g}"},
        )


def lint_once(subject: str, field: str, ids: Sequence[str]) -> Iterator[Problem]:
    """Yield a complaint for every id that comes twice."""
    for name in sorted({name for name in ids if ids.count(name) > 1}):
        yield Problem(
            subject,
            field,
            "%(field)s has %(name)s twice",
            {"field": field, "name": name},
        )


def lint_exists(
    subject: str, field: str, name: str, known: Mapping[str, object], *, kind: str
) -> Iterator[Problem]:
    """Yield a complaint when ``name`` is not among the known ids; kind is its pattern's noun."""
    if name not in known:
        yield Problem(subject, field, kind, {"field": field, "name": name})
