"""An answer read into features: what it names, counts, owns, admits and dodges.

Reading decides nothing about points; `scoring` does. What is cut as an injection is measured by
no rule below.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from interview.domain import integrity, sketches
from interview.domain.bilingual import Language
from interview.domain.contradictions import (
    Contradiction,
    claims_of,
    comparable,
    confirms,
    contradictions,
)
from interview.domain.lexicon import wording
from interview.domain.marks import Mark, find_marks, mark_at
from interview.domain.matching import (
    Folded,
    clean,
    fold,
    language_of,
    sentences,
    terms,
    tokens,
)
from interview.domain.quantities import Quantity, find_quantities
from interview.domain.questions import Expectation, KeyPoint, Question
from interview.domain.resume import Resume, topics

QUESTION_ECHO = 0.7
RESUME_ECHO = 0.5
SELF_REPEAT = 0.6
WE_SHARE = 0.8


class Trigger(StrEnum):
    """What in an answer can call for a follow-up."""

    TOO_SHORT = "too_short"
    RAMBLING = "rambling"
    NO_NUMBER = "no_number"
    NUMBER_NO_BASELINE = "number_no_baseline"
    PERFECT_NUMBER = "perfect_number"
    WE_NO_I = "we_no_i"
    BUZZWORD_ONLY = "buzzword_only"
    NO_TRADEOFF = "no_tradeoff"
    NO_FAILURE_MODE = "no_failure_mode"
    CONTRADICTION = "contradiction"
    EVASIVE = "evasive"
    RESUME_ECHO = "resume_echo"
    SELF_REPEAT = "self_repeat"
    OFF_TOPIC = "off_topic"
    HONEST_UNKNOWN = "honest_unknown"
    STRONG = "strong"
    INJECTION = "injection"
    ABUSE = "abuse"


class LengthBand(StrEnum):
    """How long an answer is, in characters (Chinese) or words (English)."""

    EMPTY = "empty"
    SHORT = "short"
    THIN = "thin"
    GOOD = "good"
    LONG = "long"
    RAMBLING = "rambling"


_BOUNDS: dict[Language, tuple[int, int, int, int]] = {
    "zh": (30, 120, 450, 700),
    "en": (15, 60, 220, 350),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the rules read off an answer.

    text: clean, injections taken out. length: distinct words or characters, so that repeating
    oneself adds nothing. claims: values now said, by ledger slot. injections: spans (start, end)
    of the original text.
    """

    original: str
    text: str
    language: Language
    length: int
    band: LengthBand
    numbers: tuple[Quantity, ...] = ()
    number_words: tuple[str, ...] = ()
    technologies: tuple[str, ...] = ()
    i_count: int = 0
    we_count: int = 0
    key_points: tuple[str, ...] = ()
    flags: tuple[Trigger, ...] = ()
    marks: tuple[Mark, ...] = ()
    injections: tuple[tuple[int, int], ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    sketch: tuple[int, ...] = ()
    claims: dict[str, float] = field(default_factory=dict)
    has_plan: bool = False
    is_word_list: bool = False

    def quote(self, number: Quantity) -> str:
        """Return the candidate's own words for one of ``numbers``."""
        return self.number_words[self.numbers.index(number)]

    def marked(self, *rules: str) -> tuple[Mark, ...]:
        """Return the marks of these rules."""
        return tuple(mark for mark in self.marks if mark.rule in rules)


@dataclass(frozen=True, slots=True)
class _Reading:
    """The answer half read, handed from step to step."""

    folded: Folded
    question: Question
    resume: Resume
    band: LengthBand
    marks: tuple[Mark, ...]
    numbers: tuple[Quantity, ...]
    key_points: tuple[str, ...]
    topics: Mapping[str, tuple[int, int]]
    i_count: int
    we_count: int
    own_grams: frozenset[int]

    def has(self, *rules: str) -> bool:
        return any(mark.rule in rules for mark in self.marks)

    def count(self, rule: str) -> int:
        return sum(mark.rule == rule for mark in self.marks)


_I_ZH = re.compile(r"我(?!们)")
_I_EN = re.compile(rf"(?<![a-z'])(?:{wording.FIRST_PERSON_EN})(?![a-z'])")
_WE = terms(tuple(wording.FIRST_PLURAL.split("|")))
_BRANCH = terms(tuple(wording.BRANCHES.split("|")))
_BLANK = re.compile(r"(?<![a-z0-9_])_{2,}(?![a-z0-9_])")
_LIST_ITEM = re.compile(r"[^,、;。.!?\n]+")
_CONTENT_WORD = re.compile(r"[a-z][a-z-]{4,}")
_HAN_RUN = re.compile(r"[\u3400-\u9fff]+")
_HAN_STOP = frozenset(
    "的了是在你我他们这那个什么怎么多少哪为吗呢吧啊有没不就都也还一和与把被让给从到说写先后会能要"
)


def read_answer(
    text: str,
    *,
    question: Question,
    resume: Resume,
    language: Language,
    earlier: Sequence[tuple[int, ...]],
    claims: Mapping[str, float],
) -> Answer:
    """Return the features of an answer; never raises, whatever the text.

    earlier: sketches of this candidate's earlier answers; claims: the ledger so far.
    """
    original = text[: integrity.MAX_CHARACTERS]
    whole = fold(original)
    cut = integrity.injections(whole)
    heard = integrity.without(whole, cut)
    folded = integrity.without(heard, _echoes(heard, question))
    spoken = language_of(folded.text, language)
    own_grams = sketches.grams(folded.text)
    length = distinct_length(folded.text, spoken)
    numbers = find_quantities(folded)
    reading = _Reading(
        folded=folded,
        question=question,
        resume=resume,
        band=_band(length, spoken),
        marks=find_marks(folded, numbers),
        numbers=numbers,
        key_points=key_points_hit(folded.text, question.key_points),
        topics=topics(folded),
        i_count=len(_I_ZH.findall(folded.text)) + len(_I_EN.findall(folded.text)),
        we_count=len(_WE.findall(folded.text)),
        own_grams=own_grams,
    )
    clashes = contradictions(folded, numbers, reading.marks, resume=resume, claims=claims)
    flags = _flags(reading, earlier, has_clash=bool(clashes), has_injection=bool(cut), whole=whole)
    return Answer(
        original=original,
        text=clean("".join(_kept(original, whole, cut))),
        language=spoken,
        length=length,
        band=reading.band,
        numbers=numbers,
        number_words=tuple(folded.quote(n.start, n.end) for n in numbers),
        technologies=tuple(reading.topics),
        i_count=reading.i_count,
        we_count=reading.we_count,
        key_points=reading.key_points,
        flags=flags,
        marks=(*reading.marks, *_confirmations(reading), *_named_tools(reading)),
        injections=tuple(whole.span(*place) for place in cut),
        contradictions=clashes,
        sketch=sketches.sketch(own_grams),
        claims=claims_of(numbers, claims),
        has_plan=reading.has("inquiry"),
        is_word_list=_is_word_list(folded.text),
    )


def _echoes(folded: Folded, question: Question) -> tuple[tuple[int, int], ...]:
    """Return the sentences that answer nothing: the question's own, and a hint's blanks."""
    texts = [question.ask, *(f.ask for f in question.followups if f.ask is not None)]
    asked = fold("\n".join(f"{text.zh}\n{text.en}" for text in texts)).text
    return tuple(
        place
        for place in sentences(folded.text)
        if _is_empty(folded.text[slice(*place)], asked=asked)
    )


def _is_empty(sentence: str, *, asked: str) -> bool:
    """Return whether a sentence has a blank left, or was asked, word for word or nearly so."""
    if _BLANK.search(sentence):
        return True
    if len(tokens(sentence)) < 3:
        return False
    own = sketches.grams(sentence)
    return sentence.strip() in asked or (
        sketches.share(own, sketches.grams_of_document(asked)) > QUESTION_ECHO
    )


def distinct_length(text: str, language: Language) -> int:
    """Return the length of a folded text, what is repeated counted once."""
    words = tokens(text)
    weight = [2 if language == "zh" and len(word) > 1 else 1 for word in words]
    seen: set[tuple[str, ...]] = set()
    length = 0
    for index, size in enumerate(weight):
        gram = tuple(words[max(0, index - 2) : index + 1])
        if gram not in seen:
            seen.add(gram)
            length += size
    return length


def key_points_hit(text: str, key_points: Sequence[KeyPoint]) -> tuple[str, ...]:
    """Return the ids of the key points a folded text touches; bare lists of words do not count."""
    prose = _without_lists(text)
    return tuple(
        point.id
        for point in key_points
        if terms(tuple(point.any), is_whole=False).search(prose) is not None
    )


def _band(length: int, language: Language) -> LengthBand:
    if length == 0:
        return LengthBand.EMPTY
    bands = (LengthBand.SHORT, LengthBand.THIN, LengthBand.GOOD, LengthBand.LONG)
    for bound, band in zip(_BOUNDS[language], bands, strict=True):
        if length < bound or (length == bound and band in {LengthBand.GOOD, LengthBand.LONG}):
            return band
    return LengthBand.RAMBLING


def _kept(original: str, whole: Folded, cut: tuple[tuple[int, int], ...]) -> Iterator[str]:
    position = 0
    for start, end in (whole.span(*place) for place in cut):
        yield original[position:start]
        yield "\n"
        position = end
    yield original[position:]


def _lists(text: str) -> Iterator[tuple[int, int]]:
    """Yield the places of runs of four or more bare words or short phrases: keywords, no prose."""
    run: list[tuple[int, int]] = []
    for match in _LIST_ITEM.finditer(text):
        words = tokens(match[0])
        is_bare = len(words) <= (2 if match[0].isascii() else 4) and bool(words)
        if is_bare and not _I_ZH.search(match[0]) and not _I_EN.search(match[0]):
            run.append(match.span())
            continue
        if len(run) >= 4:
            yield run[0][0], run[-1][1]
        run = []
    if len(run) >= 4:
        yield run[0][0], run[-1][1]


def _without_lists(text: str) -> str:
    kept, position = [], 0
    for start, end in _lists(text):
        kept.append(text[position:start])
        position = end
    return "\n".join([*kept, text[position:]])


def _is_word_list(text: str) -> bool:
    listed = sum(end - start for start, end in _lists(text))
    return listed * 2 > len(text)


def _flags(
    reading: _Reading,
    earlier: Sequence[tuple[int, ...]],
    *,
    has_clash: bool,
    has_injection: bool,
    whole: Folded,
) -> tuple[Trigger, ...]:
    """Return the triggers armed by the words alone, in the order the panel cares."""
    honest = _is_honest_unknown(reading)
    repeats = [sketches.share_in_sketch(reading.own_grams, old) for old in earlier]
    echo = sketches.share_in(reading.own_grams, sketches.grams_of_document(reading.resume.text))
    armed = {
        Trigger.INJECTION: has_injection,
        Trigger.ABUSE: integrity.is_abusive(whole),
        Trigger.CONTRADICTION: has_clash,
        Trigger.PERFECT_NUMBER: reading.has("perfect_number"),
        Trigger.HONEST_UNKNOWN: honest,
        Trigger.RESUME_ECHO: echo > RESUME_ECHO,
        Trigger.SELF_REPEAT: max(repeats, default=0.0) > SELF_REPEAT,
        Trigger.OFF_TOPIC: not honest and _is_off_topic(reading),
        Trigger.EVASIVE: not honest and _is_evasive(reading),
        Trigger.BUZZWORD_ONLY: _is_buzzword_only(reading),
        Trigger.TOO_SHORT: reading.band in {LengthBand.EMPTY, LengthBand.SHORT},
        Trigger.RAMBLING: reading.band is LengthBand.RAMBLING,
        Trigger.NUMBER_NO_BASELINE: _lacks_baseline(reading),
        Trigger.WE_NO_I: _is_we_only(reading),
        Trigger.NO_NUMBER: not honest and not reading.has("value_with_unit", "perfect_number"),
        Trigger.NO_TRADEOFF: _lacks(reading, Expectation.TRADEOFF, "tradeoff_pair"),
        Trigger.NO_FAILURE_MODE: _lacks(reading, Expectation.FAILURE_MODE, "failure_mode"),
    }
    return tuple(trigger for trigger, is_armed in armed.items() if is_armed)


def _is_honest_unknown(reading: _Reading) -> bool:
    """Return whether the answer is, in the main, an admission not to know."""
    unknown = next((mark for mark in reading.marks if mark.rule == "unknown"), None)
    if unknown is None or unknown.at > len(reading.folded.origin) // 2 + 20:
        return False
    total = sum(point.weight for point in reading.question.key_points)
    hit = sum(p.weight for p in reading.question.key_points if p.id in reading.key_points)
    return hit * 2 < total or total == 0


def _is_evasive(reading: _Reading) -> bool:
    if reading.has("value_with_unit"):
        return False
    if reading.has("evasive"):
        return not (reading.has("reason_given") and _BRANCH.search(reading.folded.text))
    return reading.count("hedged") >= 2 and not reading.has("own_action")


def _is_buzzword_only(reading: _Reading) -> bool:
    n_terms = reading.count("buzzwords") + len(reading.topics)
    is_empty = not reading.has("value_with_unit", "own_action", "failure_mode", "tradeoff_pair")
    return _is_word_list(reading.folded.text) or (n_terms >= 3 and is_empty)


def _is_we_only(reading: _Reading) -> bool:
    total = reading.i_count + reading.we_count
    return reading.we_count > 0 and reading.we_count / total > WE_SHARE


def _lacks_baseline(reading: _Reading) -> bool:
    return reading.has("value_with_unit") and not reading.has("baseline_named", "how_measured")


def _lacks(reading: _Reading, expectation: Expectation, rule: str) -> bool:
    asked = expectation in reading.question.expects or any(
        followup.trigger == f"no_{expectation}" for followup in reading.question.followups
    )
    return asked and not reading.has(rule) and not reading.has("unknown")


def _is_off_topic(reading: _Reading) -> bool:
    """Return whether nothing in the answer has to do with what was asked."""
    if reading.key_points or reading.band is LengthBand.EMPTY:
        return False
    patterns = reading.question.when.any_fact
    named = {*reading.topics, *(number.key for number in reading.numbers)}
    if any(key and key.startswith(p.removesuffix("*")) for key in named for p in patterns):
        return False
    return not _content_words(reading.folded.text) & _topic_words(reading.question)


def _topic_words(question: Question) -> frozenset[str]:
    texts = [question.ask, question.better]
    texts += [point.label for point in question.key_points]
    texts += [followup.ask for followup in question.followups if followup.ask is not None]
    joined = "\n".join(f"{text.zh}\n{text.en}" for text in texts)
    terms_joined = "\n".join(term for point in question.key_points for term in point.any)
    return frozenset(_content_words(fold(f"{joined}\n{terms_joined}").text))


def _content_words(text: str) -> set[str]:
    """Return the words that carry the subject: longer Latin words, Chinese pairs."""
    words = set(_CONTENT_WORD.findall(text)) - _PLAIN_WORDS
    for run in _HAN_RUN.findall(text):
        for pair in (run[i : i + 2] for i in range(len(run) - 1)):
            if not _HAN_STOP & set(pair):
                words.add(pair)
    return words


_PLAIN_WORDS = frozenset(wording.PLAIN.split())


def _confirmations(reading: _Reading) -> Iterator[Mark]:
    """Yield the numbers that agree with the résumé, and its own tools put to work."""
    for number in comparable(reading.numbers):
        if any(confirms(number, fact) for fact in reading.resume.facts):
            yield mark_at(reading.folded, "confirms_resume", number.start, number.end)


def _named_tools(reading: _Reading) -> Iterator[Mark]:
    listed = list(_lists(reading.folded.text))
    for start, end in reading.topics.values():
        if not any(first <= start < last for first, last in listed):
            yield mark_at(reading.folded, "named_tools", start, end)
