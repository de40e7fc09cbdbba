"""An answer read into features: what it names, counts, owns, admits and dodges.

Reading decides nothing about points; `scoring` does. What is cut as an injection is measured by
no rule below.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from interview.domain.bilingual import Language
from interview.domain.questions import Question
from interview.domain.reading import integrity, key_points, pronouns, sketches, topics, word_lists
from interview.domain.reading.aims import Aim
from interview.domain.reading.contradictions import (
    Contradiction,
    claims_of,
    comparable,
    confirms,
    contradictions,
)
from interview.domain.reading.lengths import LengthBand, band_of, distinct_length
from interview.domain.reading.lexicon import wording
from interview.domain.reading.marks import Mark, find_marks, mark_at
from interview.domain.reading.matching import (
    Folded,
    clean,
    fold,
    language_of,
    sentences,
    terms,
    tokens,
)
from interview.domain.reading.quantities import Quantity, find_quantities
from interview.domain.reading.reaching import Outcome, Reach, reach
from interview.domain.reading.resume import Resume
from interview.domain.reading.triggers import Reading, Trigger, armed_by, still_armed

QUESTION_ECHO = 0.7


@dataclass(frozen=True, slots=True)
class Answer:
    """What the rules read off an answer.

    text: clean, injections taken out. length: distinct words or characters, so that repeating
    oneself adds nothing. claims: values now said, by ledger slot. injections: spans (start, end)
    of the original text. key_points: ids of those named; argued: of those it says something about.
    reach: how far it goes towards what a follow-up asked for; None on a root question.
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
    argued: tuple[str, ...] = ()
    flags: tuple[Trigger, ...] = ()
    marks: tuple[Mark, ...] = ()
    injections: tuple[tuple[int, int], ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    sketch: tuple[int, ...] = ()
    claims: dict[str, float] = field(default_factory=dict)
    has_plan: bool = False
    is_word_list: bool = False
    reach: Reach | None = None

    def quote(self, number: Quantity) -> str:
        """Return the candidate's own words for one of ``numbers``."""
        return self.number_words[self.numbers.index(number)]

    def marked(self, *rules: str) -> tuple[Mark, ...]:
        """Return the marks of these rules."""
        return tuple(mark for mark in self.marks if mark.rule in rules)


_UNKNOWN = terms(tuple(wording.UNKNOWN.split("|")))
_BLANK = re.compile(r"(?<![a-z0-9_])_{2,}(?![a-z0-9_])")


def read_answer(
    text: str,
    *,
    question: Question,
    resume: Resume,
    language: Language,
    earlier: Sequence[tuple[int, ...]],
    claims: Mapping[str, float],
    aim: Aim | None = None,
) -> Answer:
    """Return the features of an answer; never raises, whatever the text.

    earlier: sketches of this candidate's earlier answers; claims: the ledger so far. aim: what
    the follow-up asks for that is answered; None when it is the question itself.
    """
    original = text[: integrity.MAX_CHARACTERS]
    whole = fold(original)
    cut = integrity.injections(whole)
    heard = integrity.without(whole, cut)
    reading = _read(integrity.without(heard, _echoes(heard, question)), question, resume, language)
    reached = reach(reading.folded, aim, language=reading.language) if aim is not None else None
    now = () if aim is not None and aim.is_past else reading.numbers
    clashes = contradictions(reading.folded, now, reading.marks, resume=resume, claims=claims)
    flags = armed_by(
        reading, earlier, has_clash=bool(clashes), has_injection=bool(cut), whole=whole
    )
    return Answer(
        original=original,
        text=clean("".join(_kept(original, whole, cut))),
        language=reading.language,
        length=reading.length,
        band=reading.band,
        numbers=reading.numbers,
        number_words=tuple(reading.folded.quote(n.start, n.end) for n in reading.numbers),
        technologies=tuple(reading.topics),
        i_count=reading.i_count,
        we_count=reading.we_count,
        key_points=(*reading.points.named, *_made(aim, reached, reading.points.named)),
        argued=(*reading.points.argued, *_made(aim, reached, reading.points.argued)),
        flags=still_armed(flags, reached),
        marks=(*reading.marks, *_confirmations(reading), *_named_tools(reading)),
        injections=tuple(whole.span(*place) for place in cut),
        contradictions=clashes,
        sketch=sketches.sketch(reading.own_grams),
        claims=claims_of(now, claims),
        has_plan=reading.has("inquiry"),
        is_word_list=word_lists.is_word_list(reading.folded.text),
        reach=reached,
    )


def _read(folded: Folded, question: Question, resume: Resume, language: Language) -> Reading:
    """Return the answer half read: what stands in its words."""
    spoken = language_of(folded.text, language)
    length = distinct_length(folded.text, spoken)
    numbers = find_quantities(folded)
    return Reading(
        folded=folded,
        question=question,
        resume=resume,
        language=spoken,
        length=length,
        band=band_of(length, spoken),
        marks=find_marks(folded, numbers),
        numbers=numbers,
        points=key_points.touched(folded, numbers, question.key_points),
        topics=topics.first_named(folded),
        i_count=pronouns.count_i(folded.text),
        we_count=pronouns.count_we(folded.text),
        own_grams=sketches.grams(folded.text),
    )


def _made(aim: Aim | None, reached: Reach | None, known: Sequence[str]) -> tuple[str, ...]:
    """Return the key point that a follow-up dug at and got, unless it is known already."""
    if aim is None or reached is None or reached.outcome is not Outcome.MET:
        return ()
    return (aim.point_id,) if aim.point_id and aim.point_id not in known else ()


def _echoes(folded: Folded, question: Question) -> tuple[tuple[int, int], ...]:
    """Return the sentences that answer nothing: the question's own, and a hint's blanks."""
    texts = [question.ask, *(f.ask for f in question.followups if f.ask is not None)]
    asked = _folded_question("\n".join(f"{text.zh}\n{text.en}" for text in texts))
    return tuple(
        place
        for place in sentences(folded.text)
        if _is_empty(folded.text[slice(*place)], asked=asked)
    )


@lru_cache(maxsize=256)
def _folded_question(text: str) -> str:
    """Return a question as the rules see it; the same ones are asked again and again."""
    return fold(text).text


def _is_empty(sentence: str, *, asked: str) -> bool:
    """Return whether a sentence has a blank left, or was asked, word for word or nearly so."""
    if _BLANK.search(sentence):
        return True
    if len(tokens(sentence)) < 3 or _UNKNOWN.fullmatch(sentence.strip()):
        return False
    own = sketches.grams(sentence)
    return sentence.strip() in asked or (
        sketches.share(own, sketches.grams_of_document(asked)) > QUESTION_ECHO
    )


def _kept(original: str, whole: Folded, cut: tuple[tuple[int, int], ...]) -> Iterator[str]:
    position = 0
    for start, end in (whole.span(*place) for place in cut):
        yield original[position:start]
        yield "\n"
        position = end
    yield original[position:]


def _confirmations(reading: Reading) -> Iterator[Mark]:
    """Yield the numbers that agree with the résumé, and its own tools put to work."""
    for number in comparable(reading.numbers):
        if any(confirms(number, fact) for fact in reading.resume.facts):
            yield mark_at(reading.folded, "confirms_resume", number.start, number.end)


def _named_tools(reading: Reading) -> Iterator[Mark]:
    listed = list(word_lists.places(reading.folded.text))
    for start, end in reading.topics.values():
        if not any(first <= start < last for first, last in listed):
            yield mark_at(reading.folded, "named_tools", start, end)
