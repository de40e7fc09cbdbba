"""What a follow-up asks for, read off its own words: the kind of answer, and its subject."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from interview.domain.bilingual import Text
from interview.domain.questions import FollowUp, Question
from interview.domain.reading.lexicon import asking, units, wording
from interview.domain.reading.matching import fold, keyed, terms
from interview.domain.reading.quantities import find_quantities

POINT = "key_point_missing:"


class Want(StrEnum):
    """The kind of thing that answers a follow-up."""

    NUMBER = "number"
    MOMENT = "moment"
    OWNER = "owner"
    REASON = "reason"
    DETAIL = "detail"


@dataclass(frozen=True, slots=True)
class Aim:
    """What a follow-up digs at.

    units: those it asks for by name, none where any will do; usual: those a full answer to its
    question has. words: what its subject is called; point: the pattern of the key point it is
    about, where it is about one. is_past: it asks how things were, which may differ from today.
    """

    wants: tuple[Want, ...]
    units: frozenset[str]
    usual: frozenset[str]
    words: frozenset[str]
    point: re.Pattern[str] | None = None
    point_id: str = ""
    is_past: bool = False


def aim_of(question: Question, followup: FollowUp, *, claim: str = "") -> Aim:
    """Return what the follow-up to a question asks for; ``claim`` is the line under attack."""
    ask = followup.ask or question.ask
    asked = [_last_question(fold(words).text) for words in (ask.en, ask.zh)]
    point = next((p for p in question.key_points if followup.trigger == f"{POINT}{p.id}"), None)
    return Aim(
        wants=tuple(dict.fromkeys(_wants(asked, followup.trigger))),
        units=frozenset(unit for words in asked for unit in _units(words)),
        usual=_usual(question.better, claim),
        words=frozenset(_subject(question, ask, claim)),
        point=terms(point.any, is_whole=False) if point else None,
        point_id=point.id if point else "",
        is_past=any(_PAST.search(words) for words in asked),
    )


def _pattern(table: str) -> re.Pattern[str]:
    return terms(tuple(table.split("|")))


_COUNTS_ZH = r"(?<![那这好第])几(?=[个次天秒分年周小家人句道条种层声台行步位件毫])"
_KINDS = (
    (Want.MOMENT, _pattern(asking.MOMENTS)),
    (Want.NUMBER, re.compile(f"{_pattern(asking.NUMBERS).pattern}|{_COUNTS_ZH}")),
    (Want.OWNER, _pattern(asking.OWNERS)),
    (Want.REASON, _pattern(asking.REASONS)),
)
_NUMBER_TRIGGERS = frozenset({"no_number", "number_no_baseline"})
_OWNER_TRIGGER = "we_no_i"
_SHARES, _SPANS, _MONEY = (_pattern(table) for table in (asking.SHARES, asking.SPANS, asking.MONEY))
_UNIT_WORDS, _UNIT_OF = keyed(units.UNITS)
_COUNTED = re.compile(
    r"how many (?:more |other )?(?P<en>[a-z-]+(?: [a-z-]+)?)|[几多][少个]?(?=(?P<zh>.))"
)
_PAST = _pattern(wording.BASELINES)
_PARTS = re.compile(r"[.:;!?。\n]")


def _last_question(ask: str) -> str:
    """Return the part of a folded ask that is the question itself."""
    parts = [part for part in _PARTS.split(ask) if part.strip()]
    return parts[-1] if parts else ask


def _wants(asked: Iterable[str], trigger: str) -> Iterator[Want]:
    for words in asked:
        kind = next((want for want, pattern in _KINDS if pattern.search(words)), None)
        if kind is None and trigger in _NUMBER_TRIGGERS:
            kind = Want.NUMBER
        yield kind or Want.DETAIL
        if kind is None and trigger == _OWNER_TRIGGER:
            yield Want.OWNER


def _units(words: str) -> Iterator[str]:
    """Yield the units a question names: "how many people", "what share", "how long"."""
    if _SHARES.search(words):
        yield from ("%", "x")
    if _SPANS.search(words):
        yield from units.SECONDS
    for match in _COUNTED.finditer(words):
        at = match.start("en") if match["en"] else match.end()
        for position in _words_from(words, at, match["en"] or ""):
            unit = _UNIT_WORDS.match(words, position)
            if unit:
                yield from _family(_UNIT_OF[unit[0]])
                break


def _words_from(words: str, at: int, named: str) -> Iterator[int]:
    yield at
    if " " in named:
        yield at + named.index(" ") + 1


def _family(unit: str) -> Iterable[str]:
    """Return the units that say the same kind of thing."""
    if unit in units.SECONDS:
        return units.SECONDS
    return ("people", "count", "users") if unit in {"people", "users"} else (unit, "count")


def _usual(better: Text, claim: str) -> frozenset[str]:
    """Return the units in the claim and beside the blanks of the question's own frame."""
    frames = [words.replace("__", "7") for words in (better.zh, better.en)]
    found = (q for words in (*frames, claim) for q in find_quantities(fold(words)))
    return frozenset(unit for q in found if q.unit for unit in _family(q.unit))


def _subject(question: Question, ask: Text, claim: str) -> Iterator[str]:
    texts = [ask, question.ask, *(point.label for point in question.key_points)]
    yield from subject_words(fold("\n".join(f"{t.zh}\n{t.en}" for t in texts) + claim).text)
    yield from subject_words(
        fold("\n".join(term for point in question.key_points for term in point.any)).text
    )


_WORD = re.compile(r"[a-z][a-z'-]{2,}")
_HAN_RUN = re.compile(r"[\u3400-\u9fff]+")
_HAN_STOP = frozenset(
    "的了是在你我他她它们这那个什么怎么多少哪为吗呢吧啊有没不就都也还一和与把被让给从到说写先后会能要"
)
_COMMON = frozenset(asking.COMMON.split())
_COMMON_PAIRS = frozenset(asking.COMMON_PAIRS.split())
_ENDINGS = re.compile(r"(?:'s|ing|ed|es|s|e)$")


def subject_words(text: str) -> set[str]:
    """Return the words of a folded text that tell what it is about: stems, Chinese by pairs."""
    words = {_ENDINGS.sub("", word) for word in _WORD.findall(text) if word not in _COMMON}
    for run in _HAN_RUN.findall(text):
        for pair in (run[i : i + 2] for i in range(len(run) - 1)):
            if not _HAN_STOP & set(pair) and pair not in _COMMON_PAIRS:
                words.add(pair)
    return words
